"""The moderator's desk: the queue, what was decided, the reasons that can be given, who is banned, and which words are held."""

from . import bans, phrases, queue, reasons, switches  # noqa: F401  (register themselves)

"""The moderator's desk: the queue, what was decided, the reasons that can be given, and who is banned."""

from . import bans, queue, reasons  # noqa: F401  (register themselves)

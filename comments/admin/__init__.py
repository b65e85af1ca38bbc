"""The moderator's desk: the queue, what was decided, the reasons that can be given, who is banned, and which words are held."""

from . import article_columns, bans, blocklist, comments, emergency_switch, reasons  # noqa: F401  (each registers its models)

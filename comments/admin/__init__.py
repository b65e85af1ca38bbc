"""The admin of comments: the queue, decisions, reasons, bans, the blocklist, the emergency switches."""

from . import bans, blocklist, comments, emergency_switch, reasons  # noqa: F401  (each registers its models)

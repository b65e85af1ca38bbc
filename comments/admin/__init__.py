"""The admin of comments: the moderation queue, decisions, reasons, bans, the blocklist and the emergency switches."""

from . import bans, blocklist, comments, emergency_switch, reasons  # noqa: F401  (each registers its models)

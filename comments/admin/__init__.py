"""The admin of comments: the queue, decisions, reasons, bans, the blocklist, the emergency switches."""

from . import (  # noqa: F401  (each registers its models)
    article_columns,
    bans,
    blocklist,
    comments,
    emergency_switch,
    names,
    reasons,
)

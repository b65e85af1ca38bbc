"""Emergency switches: open, everything held, closed; for one discussion or all.

Who writes a comment holds the door open until it is committed; a switch is turned behind a shut door. So whatever is committed after the
answer was judged by what the switch says now. The door is a lock of the database's own that lets nobody pass who came after one that
waits: a row locked by many, one after the other, could keep the switch waiting for as long as a flood lasts.
"""

import uuid

from django.db import connection
from django.db.models import Func, TextField
from django.utils import timezone

from accounts.models import User
from comments.models import Discussion, SiteCommentSettings
from comments.policy import Switch
from ictiger.pagecache.public_write import public_write

_LOCK_KEY = 0x1C71_6E72  # any number that no other lock of this database has


class SharedSwitchLock(Func):
    """Holds the door open until the end of the transaction. SQLite has one writer at a time and needs none."""

    output_field = TextField()
    template = "''"

    def as_postgresql(self, compiler, connection, **context) -> tuple[str, list]:
        return self.as_sql(
            compiler, connection, template=f"pg_advisory_xact_lock_shared({_LOCK_KEY})::text", **context
        )


def switch_site(*, by: User, switch: Switch, notice_en: str = "", notice_zh: str = "") -> SiteCommentSettings:
    """Say what holds for the whole site, and what readers are told about it. Purges every page."""
    with public_write() as write:
        _exclusive_switch_lock()
        house, _new = SiteCommentSettings.objects.get_or_create(pk=SiteCommentSettings.ONLY)
        write.touch(house)
        house.notice_en, house.notice_zh = notice_en, notice_zh
        _set_switch(house, by, switch, "notice_en", "notice_zh")
    return house


def switch_discussion(*, by: User, key: uuid.UUID, switch: Switch) -> Discussion:
    """Say what holds below one article, in each of its languages: `key` is their translation key."""
    with public_write() as write:
        _exclusive_switch_lock()
        discussion, _new = Discussion.objects.get_or_create(pk=key)
        write.touch(discussion)
        _set_switch(discussion, by, switch)
    return discussion


def _set_switch(switched: SiteCommentSettings | Discussion, by: User, switch: Switch, *fields: str) -> None:
    switched.switch, switched.switched_by, switched.switched_at = switch, by, timezone.now()
    switched.save(update_fields=["switch", "switched_by", "switched_at", *fields])


def _exclusive_switch_lock() -> None:
    """Wait until nobody is in the middle of writing a comment, and keep everybody out until the transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_KEY])

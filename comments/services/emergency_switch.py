"""Emergency switches: open, everything held, or closed; for one discussion or for the whole site.

Writing a comment takes the switch lock shared until COMMIT; turning a switch takes it exclusively. So a
comment that is committed after a switch was turned has been screened by the new position. The lock is an
advisory lock of PostgreSQL, which lets nobody pass a waiting exclusive request. A row lock would not do: many
transactions can share it one after the other, and a flood of comments would keep the switch waiting.
"""

import uuid

from django.db import connection
from django.db.models import Func, TextField
from django.utils import timezone

from accounts.models import User
from comments.models import Discussion, SiteCommentSettings
from comments.policy import Switch
from ictiger.pagecache.public_write import public_write

_LOCK_KEY = 0x1C71_6E72  # any number that no other advisory lock of this database uses


class SharedSwitchLock(Func):
    """SQL expression that takes the switch lock, shared, until the transaction ends. Its value is empty text.

    On SQLite it does nothing: there is one writer at a time.
    """

    output_field = TextField()
    template = "''"

    def as_postgresql(self, compiler, connection, **context) -> tuple[str, list]:
        return self.as_sql(
            compiler, connection, template=f"pg_advisory_xact_lock_shared({_LOCK_KEY})::text", **context
        )


def switch_site(*, by: User, switch: Switch, notice_en: str = "", notice_zh: str = "") -> SiteCommentSettings:
    """Turn the switch of the whole site, with the notice that readers see in each language.

    Purges every page.
    """
    with public_write() as write:
        _exclusive_switch_lock()
        site_settings, _new = SiteCommentSettings.objects.get_or_create(pk=SiteCommentSettings.ONLY)
        write.touch(site_settings)
        site_settings.notice_en, site_settings.notice_zh = notice_en, notice_zh
        _set_switch(site_settings, by, switch, "notice_en", "notice_zh")
    return site_settings


def switch_discussion(*, by: User, key: uuid.UUID, switch: Switch) -> Discussion:
    """Turn the switch of one discussion, in all languages. `key` is the translation key of its articles."""
    with public_write() as write:
        _exclusive_switch_lock()
        discussion, _new = Discussion.objects.get_or_create(pk=key)
        write.touch(discussion)
        _set_switch(discussion, by, switch)
    return discussion


def _set_switch(instance: SiteCommentSettings | Discussion, by: User, switch: Switch, *fields: str) -> None:
    instance.switch, instance.switched_by, instance.switched_at = switch, by, timezone.now()
    instance.save(update_fields=["switch", "switched_by", "switched_at", *fields])


def _exclusive_switch_lock() -> None:
    """Wait until no comment is being written, and let none begin until the transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_KEY])

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
from comments.models import Discussion, House
from comments.policy import Switch
from ictiger.delivery.change import change

_DOOR = 0x1C71_6E72  # any number that no other lock of this database has


class HeldOpen(Func):
    """Holds the door open until the end of the transaction. SQLite has one writer at a time and needs none."""

    output_field = TextField()
    template = "''"

    def as_postgresql(self, compiler, connection, **context) -> tuple[str, list]:
        return self.as_sql(compiler, connection, template=f"pg_advisory_xact_lock_shared({_DOOR})::text", **context)


def switch_house(*, by: User, switch: Switch, sentence_en: str = "", sentence_zh: str = "") -> House:
    """Say what holds for the whole site, and what readers are told about it. Purges every page."""
    with change() as this:
        _shut_door()
        house, _new = House.objects.get_or_create(pk=House.ONLY)
        this.touch(house)
        house.sentence_en, house.sentence_zh = sentence_en, sentence_zh
        _turn(house, by, switch, "sentence_en", "sentence_zh")
    return house


def switch_discussion(*, by: User, key: uuid.UUID, switch: Switch) -> Discussion:
    """Say what holds below one article, in each of its languages: `key` is their translation key."""
    with change() as this:
        _shut_door()
        discussion, _new = Discussion.objects.get_or_create(pk=key)
        this.touch(discussion)
        _turn(discussion, by, switch)
    return discussion


def _turn(switched: House | Discussion, by: User, switch: Switch, *fields: str) -> None:
    switched.switch, switched.switched_by, switched.switched_at = switch, by, timezone.now()
    switched.save(update_fields=["switch", "switched_by", "switched_at", *fields])


def _shut_door() -> None:
    """Wait until nobody is in the middle of writing a comment, and keep everybody out until the transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_DOOR])

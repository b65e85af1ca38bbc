"""Times with their zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils import translation

from ictiger.core.times import local_time_text, utc_offset


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(480, "UTC+8"), (-300, "UTC-5"), (330, "UTC+5:30"), (-210, "UTC-3:30"), (0, "UTC"), (765, "UTC+12:45")],
)
def test_offset_is_hours_and_minutes(minutes, text):
    zone = timezone(timedelta(minutes=minutes))
    assert utc_offset(datetime(2026, 9, 14, 8, 30, tzinfo=zone)) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "14 September 2026, 08:30 (UTC+8)"), ("zh-hans", "2026年9月14日 08:30 (UTC+8)")],
)
def test_time_is_the_sites_with_its_offset(language, text):
    with translation.override(language):
        assert local_time_text(datetime(2026, 9, 14, 0, 30, tzinfo=UTC)) == text

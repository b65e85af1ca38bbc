"""The two languages of the site, and the choice between attributes that exist in both.

`settings.LANGUAGES` lists the same languages; check ictiger.E022 compares the two.
"""

from django.db import models
from django.utils.translation import get_language


class Language(models.TextChoices):
    EN = "en", "English"
    ZH_HANS = "zh-hans", "简体中文"

    @classmethod
    def active(cls) -> "Language":
        """The language that is active in this thread."""
        return cls.ZH_HANS if (get_language() or "").startswith("zh") else cls.EN


def localized_attr(instance: object, field: str, language: str = "") -> str:
    """`instance.<field>_en` or `instance.<field>_zh`, by `language` (default: the active one).

    Falls back to the other language where that attribute is empty.
    """
    is_chinese = (language or Language.active()).startswith("zh")
    suffix, fallback = ("zh", "en") if is_chinese else ("en", "zh")
    return getattr(instance, f"{field}_{suffix}") or getattr(instance, f"{field}_{fallback}")

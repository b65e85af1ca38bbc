"""The two languages, and the choice between texts that exist in both."""

from django.db import models
from django.utils.translation import get_language


class Language(models.TextChoices):
    EN = "en", "English"
    ZH_HANS = "zh-hans", "简体中文"

    @classmethod
    def active(cls) -> "Language":
        """The language of the page being made."""
        return cls.ZH_HANS if (get_language() or "").startswith("zh") else cls.EN


def localized_attr(thing: object, field: str, language: str = "") -> str:
    """`thing.<field>_en` or `thing.<field>_zh`, whichever fits `language` (default: the active one); the other when that one is empty."""
    ours, other = ("zh", "en") if (language or Language.active()).startswith("zh") else ("en", "zh")
    return getattr(thing, f"{field}_{ours}") or getattr(thing, f"{field}_{other}")

"""The blocklist: phrases that hold or refuse a comment. comments/text/blocklist.py finds them in a text."""

import uuid

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from comments.text import blocklist
from ictiger.pagecache.public_write import public_write

from .discussion import SiteCommentSettings


class BlockedPhraseQuerySet(models.QuerySet):
    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            _bump_blocklist_version()
            return super().delete()

    delete.alters_data = True
    delete.queryset_only = True


class BlockedPhrase(models.Model):
    """A phrase that holds a comment or refuses it. `folded` is the form in which texts are searched."""

    text = models.CharField(
        _("word or phrase"),
        max_length=blocklist.MAX_PHRASE_LENGTH,
        help_text=_(
            "Found in any letter case and width, with or without accents, and when look-alike letters, "
            "digits or invisible characters are mixed in. Words of scripts with spaces are found as whole "
            "words: enter each form. Chinese is found anywhere in the text; enter simplified and traditional "
            "forms. When its letters are pulled apart, by dots for example, a comment is only held, "
            "never refused."
        ),
    )
    folded = models.CharField(max_length=blocklist.MAX_PHRASE_LENGTH, unique=True, editable=False)
    effect = models.CharField(
        _("effect"), max_length=10, choices=blocklist.BlockEffect, default=blocklist.BlockEffect.HOLD
    )
    note = models.CharField(_("note"), max_length=300, blank=True, help_text=_("For moderators only."))

    objects = BlockedPhraseQuerySet.as_manager()

    class Meta:
        db_table = "comments_phrase"
        verbose_name = _("held or refused word")
        verbose_name_plural = _("held and refused words")
        ordering = ["folded"]
        constraints = [
            models.CheckConstraint(
                condition=Q(effect__in=blocklist.BlockEffect.values), name="phrase_effect_known"
            ),
            models.CheckConstraint(condition=~Q(folded=""), name="phrase_can_be_found"),
        ]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        """Raise ValidationError for a phrase that cannot be found, or that another phrase covers."""
        self.folded = folded = blocklist.fold_phrase(self.text)
        if not blocklist.can_be_found(folded):
            raise ValidationError(
                {"text": _("Enter a word of two letters or more, or at least one Chinese character.")}
            )
        if len(folded) > blocklist.MAX_PHRASE_LENGTH:
            raise ValidationError({"text": _("This is too long.")})
        other = BlockedPhrase.objects.filter(folded=folded).exclude(pk=self.pk).first()
        if other is not None:
            raise ValidationError(
                {"text": _("“%(known)s” in the list already finds this.") % {"known": other}}
            )

    def save(self, *args, **kwargs) -> None:
        self.folded = blocklist.fold_phrase(self.text)
        with transaction.atomic():
            _bump_blocklist_version()
            super().save(*args, **kwargs)

    def delete(self, *args, **kwargs) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            _bump_blocklist_version()
            return super().delete(*args, **kwargs)


def _bump_blocklist_version() -> None:
    """Make every process rebuild its matcher. No page shows the version, so nothing is touched."""
    with public_write():
        SiteCommentSettings.objects.update_or_create(
            pk=SiteCommentSettings.ONLY, defaults={"blocklist_version": uuid.uuid4()}
        )

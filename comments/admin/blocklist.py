"""The blocklist: words and phrases that hold a comment or refuse it."""

from django.contrib import admin

from comments.models import BlockedPhrase
from ictiger.core.admin_site import BoundedSearchMixin

from .readable_text import ReadableTextAdmin


@admin.register(BlockedPhrase)
class BlockedPhraseAdmin(BoundedSearchMixin, ReadableTextAdmin):
    list_display = ["text", "effect", "note"]
    list_filter = ["effect"]
    search_fields = ["text", "folded", "note"]
    fields = ["text", "effect", "note"]

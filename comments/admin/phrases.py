"""The list of words that hold a comment, or that a comment may not have."""

from django.contrib import admin

from comments.models import Phrase
from ictiger.desk import BoundedSearch


@admin.register(Phrase)
class PhraseAdmin(BoundedSearch, admin.ModelAdmin):
    list_display = ["text", "effect", "note"]
    list_filter = ["effect"]
    search_fields = ["text", "folded", "note"]
    fields = ["text", "effect", "note"]

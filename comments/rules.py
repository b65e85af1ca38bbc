"""What holds a comment, as moderators call it: short. (What its author is told is in the policy.)"""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .policy import Hold

SHORT = {
    Hold.BANNED: _("author is banned"),
    Hold.EVERYTHING_HELD: _("everything is held"),
    Hold.HELD_WORDS: _("listed words"),
    Hold.MANY_LINKS: _("many links"),
    Hold.TOO_FAST: _("many comments within minutes"),
    Hold.NEWCOMER: _("first comment"),
    Hold.LINKS: _("newcomer’s links"),
    Hold.REJECTED_LATELY: _("turned down lately"),
    Hold.DUPLICATE: _("said before"),
    Hold.REPORTED: pgettext_lazy("what holds a comment", "reported"),
    Hold.UNDONE: _("decision taken back"),
    Hold.MENDED: _("mended"),
    Hold.APPEALED: _("appeal"),
}


def short(rule: str) -> str:
    """The name of a rule; the rule itself where it has none."""
    return str(SHORT.get(rule, rule))

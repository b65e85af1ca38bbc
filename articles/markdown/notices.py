"""What the renderer tells an author: what was left out, shown as typed, or refused, and in which line."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "tag": _("Line %(line)s: “%(text)s” is no tag that articles may have. It is shown as you typed it."),
    "frame": _("Line %(line)s: a frame from “%(text)s” is left out. Link to the page instead."),
    "media": _("Line %(line)s: “%(text)s” is left out. Link to the recording instead."),
    "address": _(
        "Line %(line)s: the address “%(text)s” is left out. Links may begin with http, https, mailto or tel."
    ),
    "blanks": _(
        "Line %(line)s: there are blanks in the address “%(text)s”. It is linked; "
        "see whether it leads where it should."
    ),
    "picture": _(
        "Line %(line)s: the picture “%(text)s” is left out. Upload it here and use its new address."
    ),
    "attribute": _("Line %(line)s: “%(text)s” is left out of a tag."),
    "front matter": _("Lines 1 to %(line)s are front matter of another program. They are left out."),
    "math": _("Line %(line)s: the formula “%(text)s” cannot be read. It is shown as you typed it."),
    "fence": _("Line %(line)s: the code that begins here has no end. Everything after it is shown as code."),
    "note twice": _("Line %(line)s: there are two notes “%(text)s”. The second is shown where it stands."),
    "note unused": _("Line %(line)s: nothing in the text refers to the note “%(text)s”."),
    "reference unused": _(
        "Line %(line)s: nothing in the text uses the address “%(text)s”, so it is not shown."
    ),
    "character": _("Line %(line)s: a character that cannot be shown was replaced."),
    "lost": _(
        "Line %(line)s: “%(text)s” would be lost when this text is published. Write it in another way."
    ),
}
QUOTED = 60  # characters of the source that a notice repeats


@dataclass(frozen=True)
class Notice:
    """One thing to tell. `code` is a key of SENTENCES; `str()` is a sentence in the language that is active
    when it is read."""

    code: str
    line: int
    text: str = field(default="")

    def __str__(self) -> str:
        text = " ".join(self.text.split())
        text = text if len(text) <= QUOTED else text[:QUOTED] + "…"
        return SENTENCES[self.code] % {"line": self.line, "text": text}

"""Mathematics: `$…$` in a line and `$$…$$` on its own, TeX made into MathML by latex2mathml when a text is
rendered."""

import re
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert
from latex2mathml.exceptions import (
    DenominatorNotFoundError,
    DoubleSubscriptsError,
    DoubleSuperscriptsError,
    ExtraLeftOrMissingRightError,
    InvalidAlignmentError,
    InvalidStyleForGenfracError,
    InvalidWidthError,
    LimitsMustFollowMathOperatorError,
    MissingEndError,
    MissingSuperScriptOrSubscriptError,
    NoAvailableTokensError,
    NumeratorNotFoundError,
)
from markdown import Markdown

from .inline import Inline
from .notices import Notice

UNREADABLE = (
    DenominatorNotFoundError,
    DoubleSubscriptsError,
    DoubleSuperscriptsError,
    ExtraLeftOrMissingRightError,
    InvalidAlignmentError,
    InvalidStyleForGenfracError,
    InvalidWidthError,
    LimitsMustFollowMathOperatorError,
    MissingEndError,
    MissingSuperScriptOrSubscriptError,
    NoAvailableTokensError,
    NumeratorNotFoundError,
    # What latex2mathml 3.81 raises besides, found by trying 100,000 random formulas.
    AttributeError,
    IndexError,
    KeyError,
    RecursionError,
    StopIteration,
    TypeError,
    ValueError,
)
MAX_FORMULA = 2_000  # characters
DISPLAY = re.compile(r"\$\$((?:[^$\\]|\\.){1,2000})\$\$(?!\$)", re.DOTALL)
# As in Pandoc: no blank inside the signs, no digit behind the second, so that `$5 and $10` are prices.
INLINE = re.compile(r"\$(?![\s$])((?:[^$\\]|\\.){0,999}(?:[^$\\\s]|\\.))\$(?![0-9A-Za-z$])", re.DOTALL)
TEXT_COMMAND = re.compile(r"\\(?:text|mbox|textrm|textbf|mathrm|operatorname)\*?\s*\{[^{}]*\}")
PROSE = re.compile(
    r"[\u3000-\u9fff\uff00-\uffef]|(?<![\\A-Za-z{])[A-Za-z]{4,}|[A-Za-z]{2,}[ ]+[A-Za-z]{2,}|\n[ \t]*\n"
)

# fmt: off
TAGS = {
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom",
    "mprescripts", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd",
    "mtext", "mtr", "munder", "munderover", "none",
}
# fmt: on
ATTRIBUTES = {
    "math": {"xmlns", "display"},
    "menclose": {"notation"},
    "mfrac": {"linethickness"},
    "mi": {"mathvariant"},
    "mo": {
        "stretchy",
        "fence",
        "form",
        "separator",
        "lspace",
        "rspace",
        "minsize",
        "maxsize",
        "movablelimits",
        "accent",
    },
    "mpadded": {"width", "height", "depth", "lspace", "voffset"},
    "mspace": {"width", "linebreak"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtable": {"columnalign", "columnlines", "rowlines", "rowspacing", "columnspacing"},
    "mtd": {"columnalign"},
}


def is_formula(tex: str) -> bool:
    """Whether text between two signs is mathematics rather than a sentence about money."""
    rest = TEXT_COMMAND.sub("", tex)
    prose = PROSE.search(rest)
    return prose is None or (
        "\\" in rest and not re.search(r"[\u3000-\u9fff\uff00-\uffef]", rest) and "\n\n" not in rest
    )


def mathml_of(tex: str, *, display: bool) -> str | None:
    """The formula as MathML; None if it cannot be read."""
    if len(tex) > MAX_FORMULA or not tex.strip() or tex.count("{") > 200:
        return None
    try:
        return convert(tex.strip(), display="block" if display else "inline")
    except UNREADABLE:
        return None


def read_formula(state: Inline) -> bool:
    text, start = state.text, state.position
    display = text.startswith("$$", start)
    found = (DISPLAY if display else INLINE).match(text, start)
    before = text[start - 1 : start]
    if (
        found is None
        or not (display or is_formula(found[1]))
        or before == "$"
        or (before.isascii() and before.isalnum())
    ):
        if display:
            state.add_text("$$")
            state.position += 2
        return display
    formula = state.md.formula(found[1], state.line_at(start), display)
    if formula is None:
        element = Element("code")
        element.text = found[0].replace("&", "&amp;")
        state.pieces.append(element)
    else:
        state.add_html(formula)
    state.position = found.end()
    return True


class Formulas:
    """Makes the formulas of one text, and tells of those that cannot be read."""

    def __init__(self, md: Markdown) -> None:
        self.md = md

    def __call__(self, tex: str, line: int, display: bool) -> str | None:
        formula = mathml_of(tex, display=display)
        if formula is None:
            self.md.notices.append(Notice("math", line, tex.strip()))
        return formula

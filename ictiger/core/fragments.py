"""Templates that are rendered once, with marks where the values go: filling the mould takes a small part of the time that rendering takes.

    made = mould("a/template.html", {"name": slot("name"), "is_new": True})
    html = made % {"name": escape(name)}

Whatever is no slot stays in the mould. What fills it must be HTML: nothing is escaped any more.
"""

from collections.abc import Mapping

from django.template.loader import render_to_string

_MARK = "\0"


class FragmentTemplate:
    """Markup with places in it. Its pieces are joined: formatting a string by the names of its values takes several times as long."""

    def __init__(self, marked: str) -> None:
        self._pieces = marked.split(_MARK)
        self.names = self._pieces[1::2]

    def __mod__(self, values: Mapping[str, str]) -> str:
        pieces = self._pieces.copy()
        pieces[1::2] = map(values.__getitem__, self.names)
        return "".join(pieces)

    def bind(self, values: Mapping[str, str]) -> "FragmentTemplate":
        """Filled with these values, and with places for the others."""
        return FragmentTemplate(self % ({name: placeholder(name) for name in self.names} | values))


def placeholder(name: str) -> str:
    """Stands in a template's context for a value that comes later. It is no use in a filter, nor in a condition: it is true."""
    return f"{_MARK}{name}{_MARK}"


def compile_fragment(template: str, context: dict) -> FragmentTemplate:
    """The rendered template, to be filled with `%` and the values, all of them strings, by their names."""
    return FragmentTemplate(render_to_string(template, context).strip())

"""What the row of an article or page holds of its rendered text."""

from .markdown import RENDERER_VERSION, Rendered
from .models import Article, Page
from .search import index_text


def set_rendered(text: Article | Page, rendered: Rendered) -> None:
    """Set the fields that come from rendering. Title and summary must be set before: they are indexed too."""
    for name, value in rendered_fields(text, rendered).items():
        setattr(text, name, value)


def rendered_fields(text: Article | Page, rendered: Rendered) -> dict[str, object]:
    """The same as a mapping of field names to values."""
    fields: dict[str, object] = {"body_html": rendered.html, "renderer_version": RENDERER_VERSION}
    if isinstance(text, Article):
        fields |= {
            "contents": rendered.contents,
            "words": rendered.words,
            "reading_minutes": rendered.reading_minutes,
            "search_text": index_text(text.title, text.summary, rendered.text),
        }
    return fields

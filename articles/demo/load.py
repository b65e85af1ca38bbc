"""Loads the demo publication: Markdown files with front matter, figures, generated covers."""

import re
from pathlib import Path
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

import yaml
from django.conf import settings
from django.core.files.base import ContentFile
from django.db.models import Model

from accounts.models import User
from articles import services
from articles.generated_covers import HEIGHT, WIDTH, generated_cover_file
from articles.models import Article, Author, Image, Page, Publication, SocialLink, Topic
from ictiger.pagecache.public_write import public_write

ModelT = TypeVar("ModelT", bound=Model)

DEMO_DIR = Path(__file__).parent
FIGURE_LINK = re.compile(r"!\[(?P<alt>[^\]]*)\]\(figures/(?P<name>[\w-]+\.svg)")


def load_publication(*, author_login: User) -> bool:
    """Load everything in one transaction, unless a publication exists. Returns whether it did."""
    if Publication.objects.exists():
        return False
    demo = yaml.safe_load((DEMO_DIR / "publication.yaml").read_text(encoding="utf-8"))
    with public_write() as write:
        write.touch_everything()
        _load_publications(demo["publications"])
        topics = {
            entry["slug"]: _create(Topic, position=n, **entry) for n, entry in enumerate(demo["topics"])
        }
        authors = {entry["slug"]: _create_author(entry, author_login) for entry in demo["authors"]}
        _load_pages(demo["pages"])
        originals: dict[str, Article] = {}
        for front, body in article_files():
            article = _load_article(front, body, topics, authors, translation_of=originals.get(front["key"]))
            originals.setdefault(front["key"], article)
    return True


def article_files() -> list[tuple[dict, str]]:
    """Front matter and body of every demo article, oldest first."""
    files = [*(DEMO_DIR / "en").glob("*.md"), *(DEMO_DIR / "zh-hans").glob("*.md")]
    parsed = [_split(path.read_text(encoding="utf-8")) for path in files]
    return sorted(parsed, key=lambda article: article[0]["published"])


def _split(text: str) -> tuple[dict, str]:
    _, front, body = text.split("---\n", 2)
    return yaml.safe_load(front), body


def _create(model: type[ModelT], **fields: object) -> ModelT:
    instance = model(**fields)
    instance.save()
    return instance


def _load_publications(entries: list[dict]) -> None:
    for entry in entries:
        links = entry.pop("social_links")
        publication = _create(Publication, **entry)
        for position, link in enumerate(links):
            url = link["url"].format(site=settings.SITE_URL)
            _create(SocialLink, publication=publication, label=link["label"], url=url, position=position)


def _create_author(entry: dict, login: User) -> Author:
    has_login = entry.pop("email", None) == login.email
    return _create(Author, user=login if has_login else None, **entry)


def _load_pages(entries: list[dict]) -> None:
    for position, entry in enumerate(entries):
        key, language = entry.pop("key"), entry["language"]
        body = (DEMO_DIR / "pages" / f"{key}.{language}.md").read_text(encoding="utf-8")
        services.save_page(
            Page(translation_key=uuid5(NAMESPACE_URL, key), body=body, position=position, **entry)
        )


def _load_article(
    front: dict,
    body: str,
    topics: dict[str, Topic],
    authors: dict[str, Author],
    *,
    translation_of: Article | None,
) -> Article:
    authors_in_order = [authors[slug] for slug in front["authors"]]
    article = services.create_article(
        by=next((author.user for author in authors_in_order if author.user), None),
        language=front["language"],
        translation_of=translation_of,
        topics=[topics[slug] for slug in front["topics"]],
        authors=authors_in_order,
        title=front["title"],
        slug=front["slug"],
        summary=front["summary"].strip(),
        body=_with_figures(body),
        cover=_load_cover(front),
    )
    if front["featured"]:
        services.set_options(article, featured=True)
    return services.publish(article, at=front["published"])


def _load_cover(front: dict) -> Image:
    cover = front["cover"]
    picture = ContentFile(
        generated_cover_file(front["key"], cover["motif"]), name=f"{front['key']}-{front['language']}.webp"
    )
    return _create(
        Image,
        file=picture,
        width=WIDTH,
        height=HEIGHT,
        alt=cover["alt"],
        caption=cover["caption"],
        credit="ICTiger",
    )


def _with_figures(body: str) -> str:
    """The body with links to its figures, each saved as an Image."""

    def save_and_link(match: re.Match) -> str:
        source = DEMO_DIR / "figures" / match["name"]
        width, height = _svg_size(source)
        picture = ContentFile(source.read_bytes(), name=match["name"])
        image = _create(
            Image, file=picture, width=width, height=height, alt=match["alt"][:300], credit="ICTiger"
        )
        return f"![{match['alt']}]({image.file.url}"

    return FIGURE_LINK.sub(save_and_link, body)


def _svg_size(path: Path) -> tuple[int, int]:
    """Width and height of the drawing's viewBox. The file is part of this package, so its XML is trusted."""
    *_, width, height = ElementTree.parse(path).getroot().attrib["viewBox"].split()  # noqa: S314
    return round(float(width)), round(float(height))

"""JSON-LD: its fields, and that no text can end its element."""

import json
import re

import pytest
from django.template import Context, Template

from articles.models import Article
from tests.factories import make_article, make_author, make_image

pytestmark = pytest.mark.django_db


def json_ld(article: Article) -> str:
    return Template("{% load seo %}{% article_json_ld article %}").render(Context({"article": article}))


def json_ld_fields(article: Article) -> dict:
    element = re.fullmatch(r'<script type="application/ld\+json">(.*)</script>', json_ld(article), re.DOTALL)
    return json.loads(element[1])


def test_json_ld_describes_the_article():
    author = make_author("lin", name_en="Lin Yuqing")
    article = make_article("claims", title="Reading a claim", summary="One sentence.", authors=[author])
    fields = json_ld_fields(article)
    assert fields["headline"] == "Reading a claim"
    assert fields["description"] == "One sentence."
    assert fields["inLanguage"] == "en"
    assert fields["mainEntityOfPage"] == "http://testserver/articles/claims/"
    assert fields["author"] == [
        {"@type": "Person", "name": "Lin Yuqing", "url": "http://testserver/authors/lin/"}
    ]
    assert fields["datePublished"] == fields["dateModified"] == article.publish_at.isoformat()
    assert fields["image"] == "http://testserver/static/img/og.png"


def test_json_ld_image_is_the_cover():
    article = make_article(cover=make_image("images/cover.webp"))
    assert json_ld_fields(article)["image"] == "http://testserver/media/images/cover.webp"


def test_json_ld_escapes_the_title():
    title = "</script><script>alert(1)</script> & <!--"
    article = make_article(title=title)
    text = json_ld(article)
    assert text.count("<") == 2
    assert text.count("</script>") == 1
    assert "&" not in text
    assert json_ld_fields(article)["headline"] == title

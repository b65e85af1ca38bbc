"""A Chinese publication with everything that a page can show."""

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from articles.models import Article
from comments import services
from comments.models import Comment
from comments.policy import ModerationAction
from ictiger.pagecache.public_write import public_write
from tests.factories import (
    decide_as_somebody,
    make_article,
    make_author,
    make_comment,
    make_image,
    make_page,
    make_publication,
    make_topic,
)


@pytest.fixture(autouse=True)
def _reset_rate_limits():
    """Rate limits are counted in the cache."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def article(db) -> Article:
    """An article with everything its page can show, in a publication with a page and a second page of
    lists."""
    make_publication(
        "zh-hans",
        name="ICTiger",
        tagline="创新之虎",
        description="专利、标准与创新政策。",
        sign_off="欢迎来信。",
    )
    make_page("about", language="zh-hans", title="关于", body="关于本刊。", body_html="<p>关于本刊。</p>")
    topic, authors = (
        make_topic("patents", name_en="Patents", name_zh="专利"),
        [make_author("lin"), make_author("wang")],
    )
    chinese = {"language": "zh-hans", "topics": [topic], "authors": authors}
    translation_key = make_article("claims", title="Claims", topics=[topic]).translation_key
    table = "| 年 | 数 |\n| --- | --- |\n| 一 | 二 |"
    body = f"## 一\n\n正文。[^1]\n\n## 二\n\n{table}\n\n## 三\n\n正文。\n\n[^1]: 注。"
    for number in range(22):
        make_article(f"短文{number}", title=f"短文{number}", summary="摘要。", body="正文。", **chinese)
    article = make_article(
        "权利要求",
        title="怎样读权利要求",
        summary="摘要。",
        body=body,
        cover=make_image(alt="图", caption="图注"),
        translation_key=translation_key,
        **chinese,
    )
    with public_write(article):
        article.updated_at = timezone.now()
        article.save()
    return article


@pytest.fixture
def discussion(article, reader) -> Comment:
    """A thread with a reply, and the tombstones of a removed and of an erased comment. Returns the thread."""
    User.objects.filter(pk=reader.pk).update(display_name="李读者")
    thread = make_comment(article, author=reader, body="有意思。")
    make_comment(article, parent=thread, body="同意。")
    removed, erased = make_comment(article, body="离题。"), make_comment(article, body="再见。")
    for comment in (removed, erased):
        make_comment(article, parent=comment, body="为什么？")
    decide_as_somebody(removed, ModerationAction.REMOVE, reason="off_topic")
    services.erase_comments(erased.author)
    return thread

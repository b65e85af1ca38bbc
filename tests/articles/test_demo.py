"""The demo publication is what README promises: articles in both languages with every kind of markup."""

import re
from collections import Counter, defaultdict

import pytest
from django.db.models import Count, F

from accounts.demo import LOGINS, load_people
from accounts.models import User
from articles.demo.load import article_files, load_publication
from articles.models import Article, Author, Image, Page, Publication, Topic
from comments import services
from comments.demo import load_discussions
from comments.discussion.threads import REPLIES_UNFOLDED
from comments.models import Comment
from comments.text.word_count import count_words
from ictiger.mail.models import Mail
from ictiger.pagecache.public_write import public_write
from tests.factories import PASSWORD


@pytest.fixture
def demo(db, settings, tmp_path) -> dict[str, User]:
    settings.MEDIA_ROOT = tmp_path
    people = load_people(password=PASSWORD)
    assert load_publication(author_login=people["author"])
    load_discussions(people)
    return people


def test_articles_have_600_to_1500_words():
    lengths = {front["slug"]: count_words(body) for front, body in article_files()}
    assert len(lengths) >= 12
    assert {slug: words for slug, words in lengths.items() if not 600 <= words <= 1500} == {}


def test_at_least_four_articles_are_in_both_languages():
    languages = defaultdict(set)
    for front, _body in article_files():
        languages[front["key"]].add(front["language"])
    assert sum(codes == {"en", "zh-hans"} for codes in languages.values()) >= 4


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"^\|[ :-]+\|", id="a table"),
        pytest.param(r"^\[\^1\]:", id="a footnote"),
        pytest.param(r"^> ", id="a quote"),
        pytest.param(r"^```\w+", id="code"),
        pytest.param(r"^!\[.+\]\(figures/", id="a figure"),
    ],
)
def test_every_markup_is_used_in_both_languages(pattern: str):
    with_markup = {
        front["language"] for front, body in article_files() if re.search(pattern, body, re.MULTILINE)
    }
    assert with_markup == {"en", "zh-hans"}


def test_load_publishes_every_file_with_authors_and_cover(demo):
    files = article_files()
    assert Article.objects.public().count() == len(files)
    assert Topic.objects.count() == 4
    for front, _body in files:
        article = Article.objects.get(language=front["language"], slug=front["slug"])
        assert [byline.author.slug for byline in article.bylines.all()] == front["authors"]
        assert article.publish_at == front["published"]
        assert article.cover.file.storage.exists(article.cover.file.name)
        assert "figures/" not in article.body


def test_translations_share_a_key(demo):
    keys = Counter(Article.objects.values_list("translation_key", flat=True))
    assert sorted(keys.values(), reverse=True)[:4] == [2, 2, 2, 2]


def test_comments_exist_in_every_state(demo):
    assert set(Comment.objects.values_list("state", flat=True)) == {
        "unverified",
        "pending",
        "visible",
        "rejected",
        "removed",
    }


def test_no_comment_is_older_than_its_author(demo):
    early = Comment.objects.filter(created_at__lt=F("author__date_joined")).exclude(state="unverified")
    assert list(early.values_list("author__email", "state", "created_at")) == []


def test_queue_has_every_reason(demo):
    assert set(Comment.objects.queue().values_list("reason", flat=True)) == {
        "newcomer",
        "held_words",
        "reported",
        "mended",
        "appealed",
    }


def test_longest_thread_is_folded_bilingual_and_includes_the_author(demo):
    replies = (
        Comment.objects.visible()
        .exclude(parent=None)
        .values("parent")
        .annotate(number=Count("pk"))
        .order_by("-number")
    )
    longest = replies.first()
    assert longest["number"] > REPLIES_UNFOLDED
    below = Comment.objects.visible().filter(parent=longest["parent"])
    assert set(below.values_list("language", flat=True)) == {"en", "zh-hans"}
    assert below.filter(author=demo["author"], article__bylines__author__user=demo["author"]).exists()


def test_reader_is_trusted_and_has_an_appealable_rejection(demo):
    assert services.is_trusted(demo["reader"])
    assert Comment.objects.get(author=demo["reader"], state="rejected").may_be_appealed


def test_appeal_goes_to_another_moderator_and_no_decision_can_be_undone(demo):
    appealed = Comment.objects.get(reason="appealed")
    assert appealed.appealed_against == demo["moderator"]
    assert services.undo_last(moderator=demo["moderator"]) is None


def test_comments_are_newer_than_their_article(demo):
    assert [
        c.pk for c in Comment.objects.select_related("article") if c.created_at < c.article.publish_at
    ] == []


def test_old_replies_send_no_mail(demo):
    assert Comment.objects.visible().exclude(parent=None).exists()
    assert not Mail.objects.filter(purpose="comments/reply").exists()


def test_only_the_printed_logins_have_a_password(demo):
    assert {name for name, user in demo.items() if user.has_usable_password()} == set(LOGINS)
    assert demo["reader"].is_verified
    assert not demo["newcomer"].is_verified


def test_loading_twice_changes_nothing(demo):
    article = Article.objects.order_by("pk").first()
    with public_write(article):
        article.title = "Changed by its owner"
        article.save()
    before = {
        model: model.objects.count() for model in (Article, Author, Comment, Image, Page, Publication, User)
    }

    people = load_people(password="another password")
    assert not load_publication(author_login=people["author"])

    assert {model: model.objects.count() for model in before} == before
    article.refresh_from_db()
    assert article.title == "Changed by its owner"
    assert people["reader"].check_password(PASSWORD)

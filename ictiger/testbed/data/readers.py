"""Logged-in, trusted readers and texts of comments, made in bulk as signing up and posting would have left
them.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.middleware.csrf import _get_new_csrf_string, _mask_cipher_secret
from django.utils import timezone

from accounts.models import User
from articles.models import Article
from comments.models import Comment, Discussion
from comments.policy import State
from comments.services.transitions import set_body
from ictiger.pagecache.public_write import public_write

USERS_PER_BATCH = 1_000  # rows in one statement
UNUSABLE_PASSWORD = "!"  # noqa: S105 (it matches no password)
CONSONANTS, VOWELS = "bcdfghjklmnprstvwxz", "aeiou"
CHARACTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种"
    "面而方后多定行学法所民得经"
)


@dataclass(frozen=True)
class Reader:
    """The session and CSRF values of a logged-in browser."""

    user_id: int
    session: str
    token: str  # CSRF token of forms
    secret: str  # CSRF cookie that the token must match


def make_readers(count: int, articles: list[Article], name: str = "reader") -> list[Reader]:
    """Make verified users with an approved comment of last month and a session.

    `name` is the prefix of their names.
    """
    people = make_people(count, name)
    _make_earlier_comments(people, articles)
    return log_in(people)


def make_people(count: int, name: str = "reader") -> list[User]:
    """Make users with a verified address, with `name` as the prefix of their names."""
    people = [
        User(
            email=f"{name}-{i}@bench.example",
            password=UNUSABLE_PASSWORD,
            display_name=f"{name.capitalize()} {i}",
            language=("en", "zh-hans")[i % 2],
        )
        for i in range(count)
    ]
    User.objects.bulk_create(people, USERS_PER_BATCH)
    addresses = [
        EmailAddress(user=person, email=person.email, verified=True, primary=True) for person in people
    ]
    EmailAddress.objects.bulk_create(addresses, USERS_PER_BATCH)
    return people


def _make_earlier_comments(people: list[User], articles: list[Article]) -> None:
    """Make one approved thread of each, spread over the articles.

    It makes them trusted, and others reply to it.
    """
    chance = random.Random(1)
    long_ago = timezone.now() - timedelta(days=30)
    discussions = {article.pk: Discussion(pk=article.translation_key) for article in articles}
    existing = Discussion.objects.in_bulk([discussion.pk for discussion in discussions.values()])
    discussions |= {
        article.pk: existing[article.translation_key]
        for article in articles
        if article.translation_key in existing
    }
    comments = []
    for number, person in enumerate(people):
        article = articles[number % len(articles)]
        discussion = discussions[article.pk]
        discussion.threads, discussion.comments = discussion.threads + 1, discussion.comments + 1
        comment = Comment(
            discussion_id=article.translation_key,
            article=article,
            author=person,
            state=State.VISIBLE,
            approved=True,
            thread_no=discussion.threads,
            created_at=long_ago,
            first_visible_at=long_ago,
        )
        set_body(comment, random_text(chance, most=120))
        comments.append(comment)
    with public_write():
        Discussion.objects.bulk_update(existing.values(), ["threads", "comments"])
        Discussion.objects.bulk_create(
            discussion for discussion in discussions.values() if discussion.pk not in existing
        )
        Comment.objects.bulk_create(comments, USERS_PER_BATCH)


def log_in(people: list[User]) -> list[Reader]:
    """Make a session for each, and return the values that a browser would have."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    expires = timezone.now() + timedelta(days=14)
    readers, sessions, user_sessions = [], [], []
    for person in people:
        key, secret = uuid.uuid4().hex, _get_new_csrf_string()
        data = {
            SESSION_KEY: str(person.pk),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: person.get_session_auth_hash(),
        }
        sessions.append(Session(session_key=key, session_data=store.encode(data), expire_date=expires))
        user_sessions.append(UserSession(user=person, session_key=key, ip="127.0.0.1"))
        readers.append(Reader(person.pk, key, _mask_cipher_secret(secret), secret))
    Session.objects.bulk_create(sessions, USERS_PER_BATCH)
    UserSession.objects.bulk_create(user_sessions, USERS_PER_BATCH)
    return readers


def random_text(chance: random.Random, *, most: int) -> str:
    """Return a random text of 30 to `most` words, English or Chinese, in sentences and paragraphs."""
    words = chance.randint(30, most)
    make_words, end, separator = (_english, ". ", " ") if chance.random() < 0.5 else (_chinese, "。", "，")
    sentences, remaining = [], words
    while remaining > 0:
        length = min(remaining, chance.randint(6, 18))
        sentences.append(
            make_words(chance, length, separator) + end + ("\n\n" if chance.random() < 0.15 else "")
        )
        remaining -= length
    return "".join(sentences).strip()


def _english(chance: random.Random, words: int, separator: str) -> str:
    return separator.join(_word(chance) for _number in range(words)).capitalize()


def _word(chance: random.Random) -> str:
    return "".join(
        chance.choice(CONSONANTS) + chance.choice(VOWELS) for _syllable in range(chance.randint(1, 4))
    )


def _chinese(chance: random.Random, words: int, separator: str) -> str:
    characters = "".join(chance.choices(CHARACTERS, k=words))
    return separator.join(characters[i : i + 7] for i in range(0, words, 7))

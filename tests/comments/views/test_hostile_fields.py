"""Hostile values in every field and URL: no server error, no unescaped markup, no foreign redirect."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles.models import Article
from comments.models import Comment
from comments.notifications import digest
from comments.notifications.unsubscribe import Subscription
from comments.policy import ModerationAction, State
from tests.factories import make_comment

HOSTILE = [
    " \u200b\u2800\n",
    "\"'><script>alert(1)</script><img src=x onerror=alert(1)>",
    'http://a"onmouseover=alert(1)// javascript:alert(1) data:text/html,x',
    "\u202eevil\u2066 a\x00b \x1b[31m \ufffe \U000e0041",
    "\r\nSet-Cookie: a=b\r\n\r\n{{ 7|add:7 }}{% now 'Y' %}%(x)s %s {0}",
    '"a" AND NEAR(* ^ - \' OR 1=1 --',
    "-1",
    "٣²",
    "9" * 18,
    "9" * 5_000,
    "//evil.example/",
]
FIELDS = [
    "body",
    "parent",
    "submission",
    "reason",
    "note",
    "seen",
    "verb",
    "take_over",
    "days",
    "why",
    "next",
    "hold",
    "release",
    "shown",
]
QUERIES = [
    "parent",
    "state",
    "page",
    "language",
    "order",
    "q",
    "rule",
    "o",
    "p",
    "e",
    "all",
    "article__id__exact",
    "_changelist_filters",
]
UNKNOWN_IDS = [10**17, 10**30]


@dataclass
class Site:
    """An article with a comment of somebody else, one of the reader, and a rejected one of the reader."""

    article: Article
    reader: User
    comments: list[Comment]

    def urls(self, ids: list[int]) -> Iterator[str]:
        """Every URL of comments that contains an ID, public and admin."""
        slug = self.article.slug
        for pk in ids:
            for name in (
                "edit",
                "revise",
                "appeal",
                "remove",
                "report",
                "permalink",
                "unmute",
                "personal_fragment",
            ):
                yield reverse(f"comments:{name}", args=[pk])
            for name in ("thread", "discussion"):
                yield reverse(f"comments:{name}", args=[slug, pk])
            yield reverse("comments:thread_page", args=[slug, pk, pk])
            for name in ("decide", "ban", "change", "history"):
                yield reverse(f"admin:comments_comment_{name}", args=[pk])
            for model in ("blockedphrase", "reason", "ban", "sitecommentsettings", "discussion"):
                yield reverse(f"admin:comments_{model}_change", args=[pk])

    def urls_without_id(self) -> Iterator[str]:
        for name in ("post", "new", "sorted_discussion"):
            yield reverse(f"comments:{name}", args=[self.article.slug])
        yield reverse("comments:my_comments")
        yield reverse("comments:discard", args=[uuid.uuid4()])
        yield reverse(
            "comments:unsubscribe", args=[Subscription(self.reader, self.comments[0]).url.split("/")[-2]]
        )
        yield reverse("comments:unsubscribe_digest", args=[digest.digest_key(self.reader)])
        for name in ("changelist", "claims", "undo_last"):
            yield reverse(f"admin:comments_comment_{name}")
        for model in ("blockedphrase", "reason"):
            yield reverse(f"admin:comments_{model}_changelist")
            yield reverse(f"admin:comments_{model}_add")
        yield reverse("admin:comments_discussion_change", args=[self.article.translation_key])


@pytest.fixture
def site(article, reader) -> Site:
    parent = make_comment(article, body="An argument.")
    rejected = make_comment(article, author=reader, body="No.", state=State.REJECTED)
    return Site(article, reader, [parent, make_comment(article, author=reader, body="Mine."), rejected])


def fault_in(response: HttpResponse) -> str:
    """What is wrong with the response to a hostile request; "" if nothing is."""
    if response.status_code >= 500:
        return str(response.status_code)
    body, location = response.content.decode(), response.headers.get("Location", "/")
    if not location.startswith("/") or location.startswith(("//", "/\\")):
        return f"redirects to {location}"
    return next((part for part in ("<script>alert", "<img src=x", 'a"onmouseover') if part in body), "")


def faults(client: Client, urls: Iterator[str], value: str) -> list[tuple[str, str]]:
    results = []
    for url in urls:
        for response in (
            client.get(url, dict.fromkeys(QUERIES, value)),
            client.post(url, dict.fromkeys(FIELDS, value)),
        ):
            if fault := fault_in(response):
                results.append((url, fault))
    return results


@pytest.fixture(params=["stranger", "reader", "moderator"])
def browser(request, client_of) -> Client:
    return Client() if request.param == "stranger" else client_of(request.getfixturevalue(request.param))


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_hostile_values_cause_no_fault(site, browser, value):
    rejected = site.comments[-1].pk
    assert faults(browser, [*site.urls_without_id(), *site.urls([rejected])], value) == []


def test_unknown_ids_cause_no_fault(site, browser):
    assert faults(browser, site.urls([0, *UNKNOWN_IDS]), "1") == []


@pytest.mark.parametrize("action", [*ModerationAction, "ban_authors"])
@pytest.mark.parametrize("typed", ["abc", "9" * 30, "9" * 5_000, "-1", "\x00", "٣", "", "²"], ids=ascii)
def test_invalid_selected_ids_cause_no_fault(site, client_of, moderator, action, typed):
    fields = {"reason": "other", "note": "", "days": "7", "why": "x", "index": "0"}
    queue = client_of(moderator)
    response = queue.post(
        reverse("admin:comments_comment_changelist"),
        {"action": action, ACTION_CHECKBOX_NAME: [typed], **fields},
    )
    assert (fault_in(response), response.status_code) == ("", 302)

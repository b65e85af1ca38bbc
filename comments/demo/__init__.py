"""Loads the threads of the demo publication, in all the states a comment can be in, and the moderators' list of words."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import yaml

from accounts.models import User
from articles.models import Article
from comments import notices, rejections, services
from comments.models import Comment, Decision, Phrase
from comments.policy import State, Verb
from ictiger.delivery.change import change
from ictiger.mail.models import Mail

HERE = Path(__file__).parent
DECIDED_AFTER = timedelta(hours=2)
TURNED_DOWN = {"reject", "mend", "appeal"}


def load_discussions(people: dict[str, User]) -> None:
    """Post every thread through the verbs that readers and moderators use, at the times that threads.yaml gives. All or nothing."""
    with change():
        for word in _entries("words.yaml"):
            Phrase.objects.create(**word)
        for discussion in _entries("threads.yaml"):
            article = Article.objects.get(**discussion["article"])
            for thread in discussion["threads"]:
                _load_thread(article, thread, people)
        Mail.objects.filter(purpose__in=[notices.PURPOSE, rejections.PURPOSE], user__in=people.values()).delete()  # of long ago: no news


def _entries(name: str) -> list[dict]:
    return yaml.safe_load((HERE / name).read_text(encoding="utf-8"))


def _load_thread(article: Article, thread: dict, people: dict[str, User]) -> None:
    first = _enter(article, thread, people)
    posted = [first]
    for reply in thread.get("replies", []):
        posted.append(_enter(article, reply, people, answers=posted[reply.get("answers", 0)]))
    for comment, entry in _backwards(posted, [thread, *thread.get("replies", [])]):
        _settle(comment, entry.get("then", {}), people)


def _backwards(posted: list[Comment], entries: list[dict]) -> Iterator[tuple[Comment, dict]]:
    yield from reversed(list(zip(posted, entries, strict=True)))


def _enter(article: Article, entry: dict, people: dict[str, User], answers: Comment | None = None) -> Comment:
    """Post, and let a moderator approve what a reply or a removal needs to be visible for."""
    comment = services.post(
        user=people[entry["by"]],
        article=article,
        body=_unwrapped(entry["body"]),
        submission=uuid4(),
        parent_id=answers.pk if answers else None,
        written_at=_moment(article, entry),
    )
    if comment.state == State.PENDING and entry.get("then", {}).get("verb") not in {"waits", *TURNED_DOWN}:
        _decide(comment, people, Verb.APPROVE)
        comment.refresh_from_db()
    return comment


def _unwrapped(text: str) -> str:
    """The file's lines are wrapped, a comment's are not. Blank lines part its paragraphs."""
    return "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in text.strip().split("\n\n"))


def _moment(article: Article, entry: dict) -> datetime:
    return article.publish_at + timedelta(days=entry["days"])


def _settle(comment: Comment, then: dict, people: dict[str, User]) -> None:
    """What became of the comment afterwards."""
    verb = then.get("verb")
    if verb in TURNED_DOWN:
        _decide(comment, people, Verb.REJECT, reason=then["reason"], note=then["note"])
    match verb:
        case "withdraw":
            services.remove(user=comment.author, comment_id=comment.pk)
        case "remove":
            _decide(comment, people, Verb.REMOVE, reason="advertising")
        case "mend":
            services.resubmit(user=comment.author, comment_id=comment.pk, body=then["text"])
        case "appeal":
            services.appeal(user=comment.author, comment_id=comment.pk, note=_unwrapped(then["plea"]))
        case "report":
            for name in then["reporters"]:
                services.report(user=people[name], comment_id=comment.pk, reason=then["reason"], note=then["note"])


def _decide(comment: Comment, people: dict[str, User], verb: Verb, **told: str) -> None:
    """Long ago, like the comment: nobody takes it back as their last decision, and nobody has waited for it."""
    decision = services.decide(moderator=people["moderator"], comment_id=comment.pk, verb=verb, **told)
    Decision.objects.filter(pk=decision.pk).update(decided_at=comment.created_at + DECIDED_AFTER, waited=None)

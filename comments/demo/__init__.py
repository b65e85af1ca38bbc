"""Loads the threads of the demo publication, in all the states a comment can be in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import yaml

from accounts.models import User
from articles.models import Article
from comments import notices, rejections, services
from comments.models import Comment, Decision
from comments.policy import State, Verb
from ictiger.delivery.change import change
from ictiger.mail.models import Mail

HERE = Path(__file__).parent


def load_discussions(people: dict[str, User]) -> None:
    """Post every thread through the verbs that readers and moderators use, at the times that threads.yaml gives. All or nothing."""
    with change():
        for discussion in yaml.safe_load((HERE / "threads.yaml").read_text(encoding="utf-8")):
            article = Article.objects.get(**discussion["article"])
            for thread in discussion["threads"]:
                _load_thread(article, thread, people)
        Decision.objects.update(waited=None)  # nobody has waited for them
        Mail.objects.filter(purpose__in=[notices.PURPOSE, rejections.PURPOSE], user__in=people.values()).delete()  # of long ago: no news


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
    if comment.state == State.PENDING and entry.get("then", {}).get("verb") not in {"waits", "reject"}:
        services.decide(moderator=people["moderator"], comment_id=comment.pk, verb=Verb.APPROVE)
        comment.refresh_from_db()
    return comment


def _unwrapped(text: str) -> str:
    """The file's lines are wrapped, a comment's are not. Blank lines part its paragraphs."""
    return "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in text.strip().split("\n\n"))


def _moment(article: Article, entry: dict) -> datetime:
    return article.publish_at + timedelta(days=entry["days"])


def _settle(comment: Comment, then: dict, people: dict[str, User]) -> None:
    """What became of the comment afterwards."""
    moderator = people["moderator"]
    match then.get("verb"):
        case "withdraw":
            services.remove(user=comment.author, comment_id=comment.pk)
        case "remove":
            services.decide(moderator=moderator, comment_id=comment.pk, verb=Verb.REMOVE, reason="advertising")
        case "reject":
            told = {"reason": then["reason"], "note": then["note"]}
            services.decide(moderator=moderator, comment_id=comment.pk, verb=Verb.REJECT, **told)

"""Loads the threads of the demo publication, in all the states a comment can be in, and the moderators' list of words."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import yaml

from accounts.models import User
from articles.models import Article
from comments import services
from comments.models import BlockedPhrase, Comment, Decision
from comments.notifications import rejections, replies
from comments.policy import ModerationAction, State
from ictiger.mail.models import Mail
from ictiger.pagecache.public_write import public_write

DEMO_DIR = Path(__file__).parent
DECIDED_AFTER = timedelta(hours=2)
TURNED_DOWN = {"reject", "mend", "appeal"}


def load_discussions(people: dict[str, User]) -> None:
    """Post every thread through the verbs that readers and moderators use, at the times that threads.yaml gives. All or nothing."""
    with public_write():
        for word in _entries("words.yaml"):
            BlockedPhrase.objects.create(**word)
        for discussion in _entries("threads.yaml"):
            article = Article.objects.get(**discussion["article"])
            for thread in discussion["threads"]:
                _load_thread(article, thread, people)
        Mail.objects.filter(
            purpose__in=[replies.REPLY_PURPOSE, rejections.REJECTION_PURPOSE], user__in=people.values()
        ).delete()  # of long ago: no news


def _entries(name: str) -> list[dict]:
    return yaml.safe_load((DEMO_DIR / name).read_text(encoding="utf-8"))


def _load_thread(article: Article, thread: dict, people: dict[str, User]) -> None:
    first = _enter_comment(article, thread, people)
    posted = [first]
    for reply in thread.get("replies", []):
        posted.append(_enter_comment(article, reply, people, replied_to=posted[reply.get("replied_to", 0)]))
    for comment, entry in _backwards(posted, [thread, *thread.get("replies", [])]):
        _settle(comment, entry.get("then", {}), people)


def _backwards(posted: list[Comment], entries: list[dict]) -> Iterator[tuple[Comment, dict]]:
    yield from reversed(list(zip(posted, entries, strict=True)))


def _enter_comment(
    article: Article, entry: dict, people: dict[str, User], replied_to: Comment | None = None
) -> Comment:
    """Post, and let a moderator approve what a reply or a removal needs to be visible for."""
    comment = services.post_comment(
        user=people[entry["by"]],
        article=article,
        body=_unwrapped(entry["body"]),
        submission=uuid4(),
        parent_id=replied_to.pk if replied_to else None,
        written_at=_moment(article, entry),
    )
    if comment.state == State.PENDING and entry.get("then", {}).get("verb") not in {"waits", *TURNED_DOWN}:
        _moderate(comment, people, ModerationAction.APPROVE)
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
        _moderate(comment, people, ModerationAction.REJECT, reason=then["reason"], note=then["note"])
    match verb:
        case "withdraw":
            services.remove_comment(user=comment.author, comment_id=comment.pk)
        case "remove":
            _moderate(comment, people, ModerationAction.REMOVE, reason="advertising")
        case "mend":
            services.resubmit(user=comment.author, comment_id=comment.pk, body=then["text"])
        case "appeal":
            services.appeal(user=comment.author, comment_id=comment.pk, note=_unwrapped(then["plea"]))
        case "report":
            for name in then["reporters"]:
                services.report_comment(
                    user=people[name], comment_id=comment.pk, reason=then["reason"], note=then["note"]
                )


def _moderate(comment: Comment, people: dict[str, User], verb: ModerationAction, **told: str) -> None:
    """Long ago, like the comment: nobody takes it back as their last decision, and nobody has waited for it."""
    decision = services.decide(moderator=people["moderator"], comment_id=comment.pk, action=verb, **told)
    Decision.objects.filter(pk=decision.pk).update(decided_at=comment.created_at + DECIDED_AFTER, waited=None)

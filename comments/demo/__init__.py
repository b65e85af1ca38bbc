"""Loads the demo publication's threads, with comments in every state, and its blocklist."""

from datetime import timedelta
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
DECIDED_AFTER = timedelta(hours=2)  # from posting to the moderator's decision
REJECTED_VERBS = {"reject", "revise", "appeal"}  # whose comments a moderator rejects first


def load_discussions(people: dict[str, User]) -> None:
    """Post every thread through the services that users and moderators use, at the times in threads.yaml.

    All or nothing.
    """
    with public_write():
        for phrase in _entries("words.yaml"):
            BlockedPhrase.objects.create(**phrase)
        for discussion in _entries("threads.yaml"):
            article = Article.objects.get(**discussion["article"])
            for thread in discussion["threads"]:
                _load_thread(article, thread, people)
        # Mails about events so long ago would confuse.
        purposes = [replies.REPLY_PURPOSE, rejections.REJECTION_PURPOSE]
        Mail.objects.filter(purpose__in=purposes, user__in=people.values()).delete()


def _entries(name: str) -> list[dict]:
    return yaml.safe_load((DEMO_DIR / name).read_text(encoding="utf-8"))


def _load_thread(article: Article, thread: dict, people: dict[str, User]) -> None:
    replies = thread.get("replies", [])
    comments = [_post_comment(article, thread, people)]
    for reply in replies:
        replied_to = comments[reply.get("replied_to", 0)]
        comments.append(_post_comment(article, reply, people, replied_to=replied_to))
    # The last first: a comment is removed after those that reply to it.
    for comment, entry in reversed(list(zip(comments, [thread, *replies], strict=True))):
        _apply_outcome(comment, entry.get("then", {}), people)


def _post_comment(
    article: Article, entry: dict, people: dict[str, User], replied_to: Comment | None = None
) -> Comment:
    """Post a comment, and approve it if it is held and has to be visible for what follows."""
    comment = services.post_comment(
        user=people[entry["by"]],
        article=article,
        body=_unwrap(entry["body"]),
        submission=uuid4(),
        parent_id=replied_to.pk if replied_to else None,
        written_at=article.publish_at + timedelta(days=entry["days"]),
    )
    if comment.state == State.PENDING and entry.get("then", {}).get("verb") not in {"waits", *REJECTED_VERBS}:
        _moderate(comment, people, ModerationAction.APPROVE)
        comment.refresh_from_db()
    return comment


def _unwrap(text: str) -> str:
    """Join the wrapped lines of each paragraph."""
    return "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in text.strip().split("\n\n"))


def _apply_outcome(comment: Comment, then: dict, people: dict[str, User]) -> None:
    """Carry out the comment's `then`."""
    verb = then.get("verb")
    if verb in REJECTED_VERBS:
        _moderate(comment, people, ModerationAction.REJECT, reason=then["reason"], note=then["note"])
    match verb:
        case "withdraw":
            services.remove_comment(user=comment.author, comment_id=comment.pk)
        case "remove":
            _moderate(comment, people, ModerationAction.REMOVE, reason="advertising")
        case "revise":
            services.resubmit(user=comment.author, comment_id=comment.pk, body=then["text"])
        case "appeal":
            services.appeal(user=comment.author, comment_id=comment.pk, note=_unwrap(then["appeal_note"]))
        case "report":
            for name in then["reporters"]:
                services.report_comment(
                    user=people[name], comment_id=comment.pk, reason=then["reason"], note=then["note"]
                )


def _moderate(comment: Comment, people: dict[str, User], verb: ModerationAction, **told: str) -> None:
    """Decide about a comment, soon after it was posted: too long ago to be undone as the last decision.

    Without `waited`, so that the demo does not count in the usual waiting time.
    """
    decision = services.decide(moderator=people["moderator"], comment_id=comment.pk, action=verb, **told)
    decided_at = comment.created_at + DECIDED_AFTER
    Decision.objects.filter(pk=decision.pk).update(decided_at=decided_at, waited=None)

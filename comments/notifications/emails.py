"""What the discussion writes to people: the texts are in templates/comments/email/."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from comments import policy
from comments.models import Comment, Decision
from comments.moderation_time import duration_text, median_wait
from comments.policy import State
from ictiger.mail.composers import composer
from ictiger.mail.models import Mail

from . import digest, rejections
from . import replies as reply_notifications
from .unsubscribe import Subscription


@composer(reply_notifications.REPLY_PURPOSE, lifetime=reply_notifications.REPLY_LIFETIME)
def reply_context(mail: Mail) -> dict | None:
    """Everything in the thread that answers the reader by now. Who wrote, and what, only the page shows: there it can be taken back."""
    thread = Comment.objects.filter(pk=mail.context["thread"]).first()
    if (
        thread is None
        or not reply_notifications.is_verified_address(mail)
        or not reply_notifications.wants_reply_mails(mail.user, thread.pk)
    ):
        return None
    article = _article_in(mail.language, thread)
    replies = reply_notifications.replies_to_notify(mail)
    urls = [settings.SITE_URL + found.get_absolute_url() for found in replies]
    if article is None or not urls:
        return None
    reply_notifications.record_notified(mail, [found.pk for found in replies])
    return {
        "title": article.title,
        "number": len(urls),
        "url": urls[0],
        "other_urls": urls[1:],
        "unsubscribe_url": Subscription(mail.user, thread).url,
    }


@composer(rejections.REJECTION_PURPOSE, lifetime=rejections.REJECTION_LIFETIME)
def rejection_context(mail: Mail) -> dict | None:
    """Everything of the reader's that was turned down or removed by now and still is, with what can be done about it."""
    if not reply_notifications.is_verified_address(mail) or not (
        mail.user.is_active and mail.user.mail_decisions
    ):
        return None
    decisions = rejections.decisions_to_notify(mail)
    if not decisions:
        return None
    reply_notifications.record_notified(mail, [decision.pk for decision in decisions])
    states = {decision.to_state for decision in decisions}
    return {
        "number": len(decisions),
        "rejected": [_message_text(decision) for decision in decisions],
        "were_removed": states == {State.REMOVED},
        "is_mixed": len(states) > 1,
        "url": settings.SITE_URL
        + reverse("comments:my_comments")
        + (f"?state={states.pop()}" if len(states) == 1 else ""),
        "unsubscribe_url": Subscription(mail.user).url,
    }


def _message_text(decision: Decision) -> dict:
    comment = decision.comment
    ways = {
        task: settings.SITE_URL + reverse(f"comments:{task}", args=[comment.pk])
        for task in ("revise", "appeal")
    }
    return {
        "title": comment.article.title
        if comment.article.is_public
        else "",  # it may have a new one, for later
        "body": decision.body,
        "note": decision.note,
        "is_removed": decision.to_state == State.REMOVED,
        "mend_url": ways["revise"] if comment.may_be_revised else "",
        "appeal_url": ways["appeal"] if comment.may_be_appealed else "",
    }


@composer(digest.DIGEST_PURPOSE, lifetime=digest.DIGEST_LIFETIME)
def digest_context(mail: Mail) -> dict | None:
    """The queue as it is when the mail is sent; no mail when it is empty by then."""
    waiting = digest.pending_summary()
    if (
        waiting is None
        or not reply_notifications.is_verified_address(mail)
        or not digest.wants_digest(mail.user)
    ):
        return None
    url = settings.SITE_URL + reverse("admin:comments_comment_changelist")
    usual = median_wait()
    return {
        "number": waiting.number,
        "oldest": duration_text(timezone.now() - waiting.since),
        "usual": duration_text(usual) if usual is not None else "",
        "rules": [
            (policy.hold_rule_label(rule), number, f"{url}?rule={rule}") for rule, number in waiting.by_rule
        ],
        "url": url,
        "unsubscribe_url": settings.SITE_URL
        + reverse("comments:unsubscribe_digest", args=[digest.digest_key(mail.user)]),
    }


def _article_in(language: str, thread: Comment) -> Article | None:
    """The article of the discussion in the reader's language, or in the one it can be read in."""
    public = {
        article.language: article
        for article in Article.objects.public().filter(translation_key=thread.discussion_id)
    }
    return public.get(language) or next(iter(public.values()), None)

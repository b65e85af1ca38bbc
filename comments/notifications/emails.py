"""The template contexts of the mails about comments. The templates are in templates/comments/email/."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from comments.models import Comment, Decision
from comments.moderation_time import duration_text, median_wait
from comments.policy import State, hold_rule_label
from ictiger.mail.composers import composer
from ictiger.mail.models import Mail

from .digest import DIGEST_LIFETIME, DIGEST_PURPOSE, pending_summary, wants_digest
from .recipients import has_recipient, record_notified
from .rejections import REJECTION_LIFETIME, REJECTION_PURPOSE, decisions_to_notify
from .replies import REPLY_LIFETIME, REPLY_PURPOSE, replies_to_notify, wants_reply_mails
from .report_outcomes import OUTCOME_LIFETIME, OUTCOME_PURPOSE, reports_to_answer
from .unsubscribe import MailKind, Subscription


@composer(REPLY_PURPOSE, lifetime=REPLY_LIFETIME)
def reply_context(mail: Mail) -> dict | None:
    """Links to the replies in one thread.

    Names and texts are only on the page, where they can still be removed.
    """
    thread = Comment.objects.filter(pk=mail.context["thread"]).first()
    if thread is None or not has_recipient(mail) or not wants_reply_mails(mail.user, thread.pk):
        return None
    article = _article_in(mail.language, thread)
    replies = replies_to_notify(mail)
    if article is None or not replies:
        return None
    record_notified(mail, [reply.pk for reply in replies])
    urls = [settings.SITE_URL + reply.get_absolute_url() for reply in replies]
    return {
        "title": article.title,
        "number": len(urls),
        "url": urls[0],
        "other_urls": urls[1:],
        "unsubscribe_url": Subscription(mail.user, MailKind.REPLIES, thread).url,
    }


def _article_in(language: str, thread: Comment) -> Article | None:
    """The thread's public article in `language`, else in the other language; None when none is public."""
    articles = Article.objects.public().filter(translation_key=thread.discussion_id)
    by_language = {article.language: article for article in articles}
    return by_language.get(language) or next(iter(by_language.values()), None)


@composer(REJECTION_PURPOSE, lifetime=REJECTION_LIFETIME)
def rejection_context(mail: Mail) -> dict | None:
    """The user's comments that were rejected or removed and still are, with what can be done about each."""
    if not has_recipient(mail) or not (mail.user.is_active and mail.user.mail_decisions):
        return None
    decisions = decisions_to_notify(mail)
    if not decisions:
        return None
    record_notified(mail, [decision.pk for decision in decisions])
    states = {decision.to_state for decision in decisions}
    query = f"?state={next(iter(states))}" if len(states) == 1 else ""
    return {
        "number": len(decisions),
        "rejected": [_rejected_comment(decision) for decision in decisions],
        "were_removed": states == {State.REMOVED},
        "is_mixed": len(states) > 1,
        "url": settings.SITE_URL + reverse("comments:my_comments") + query,
        "unsubscribe_url": Subscription(mail.user, MailKind.DECISIONS).url,
    }


def _rejected_comment(decision: Decision) -> dict:
    """What the mail shows of one rejected or removed comment. URLs are "" for what its author may not do."""
    comment = decision.comment
    # The title of an unpublished article is left out: it may have been changed for later.
    title = comment.article.title if comment.article.is_public else ""
    return {
        "title": title,
        "body": decision.body,
        "note": decision.note,
        "is_removed": decision.to_state == State.REMOVED,
        "mend_url": _comment_url("revise", comment) if comment.may_be_revised else "",
        "appeal_url": _comment_url("appeal", comment) if comment.may_be_appealed else "",
    }


def _comment_url(name: str, comment: Comment) -> str:
    return settings.SITE_URL + reverse(f"comments:{name}", args=[comment.pk])


@composer(OUTCOME_PURPOSE, lifetime=OUTCOME_LIFETIME)
def report_outcome_context(mail: Mail) -> dict | None:
    """What was decided about the comments that the user reported, without their texts."""
    if not has_recipient(mail) or not mail.user.is_active:
        return None
    reports = reports_to_answer(mail)
    if not reports:
        return None
    record_notified(mail, [report.pk for report in reports])
    outcomes = [
        {
            "title": report.comment.article.title if report.comment.article.is_public else "",
            "is_left_up": report.comment.state == State.VISIBLE,
        }
        for report in reports
    ]
    return {
        "number": len(outcomes),
        "outcomes": outcomes,
        "url": f"{settings.SITE_URL}{reverse('comments:my_comments')}#reports",
    }


@composer(DIGEST_PURPOSE, lifetime=DIGEST_LIFETIME)
def digest_context(mail: Mail) -> dict | None:
    """What waits when the mail is sent; None when nothing does by then."""
    summary = pending_summary()
    if summary is None or not has_recipient(mail) or not wants_digest(mail.user):
        return None
    url = settings.SITE_URL + reverse("admin:comments_comment_changelist")
    usual = median_wait()
    return {
        "number": summary.count,
        "oldest": duration_text(timezone.now() - summary.oldest_held_at) if summary.oldest_held_at else "",
        "reported": summary.reported,
        "reported_url": f"{url}?state=reported",
        "usual": duration_text(usual) if usual is not None else "",
        "rules": [
            (hold_rule_label(rule), count, f"{url}?rule={rule}") for rule, count in summary.count_by_rule
        ],
        "url": url if summary.count else f"{url}?state=reported",
        "unsubscribe_url": Subscription(mail.user, MailKind.DIGEST).url,
    }

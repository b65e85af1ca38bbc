"""What the discussion writes to people: the texts are in templates/comments/email/."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from ictiger.mail.composers import composer
from ictiger.mail.models import Mail

from . import digest, notices, rejections, rules
from .durations import in_words
from .models import Comment, Decision
from .policy import State
from .subscriptions import Subscription
from .waiting_time import usual_wait


@composer(notices.PURPOSE, lives=notices.LIVES)
def reply(mail: Mail) -> dict | None:
    """Everything in the thread that answers the reader by now. Who wrote, and what, only the page shows: there it can be taken back."""
    thread = Comment.objects.filter(pk=mail.context["thread"]).first()
    if thread is None or not notices.is_proven(mail) or not notices.wants(mail.user, thread.pk):
        return None
    article = _article_in(mail.language, thread)
    replies = notices.replies_to_tell(mail)
    urls = [settings.SITE_URL + found.get_absolute_url() for found in replies]
    if article is None or not urls:
        return None
    notices.remember_told(mail, [found.pk for found in replies])
    return {
        "title": article.title,
        "number": len(urls),
        "url": urls[0],
        "other_urls": urls[1:],
        "unsubscribe_url": Subscription(mail.user, thread).url,
    }


@composer(rejections.PURPOSE, lives=rejections.LIVES)
def rejection(mail: Mail) -> dict | None:
    """Everything of the reader's that was turned down or removed by now and still is, with what can be done about it."""
    if not notices.is_proven(mail) or not (mail.user.is_active and mail.user.mail_decisions):
        return None
    decisions = rejections.decisions_to_tell(mail)
    if not decisions:
        return None
    notices.remember_told(mail, [decision.pk for decision in decisions])
    states = {decision.to_state for decision in decisions}
    return {
        "number": len(decisions),
        "rejected": [_told(decision) for decision in decisions],
        "were_removed": states == {State.REMOVED},
        "is_mixed": len(states) > 1,
        "url": settings.SITE_URL + reverse("comments:mine") + (f"?state={states.pop()}" if len(states) == 1 else ""),
        "unsubscribe_url": Subscription(mail.user).url,
    }


def _told(decision: Decision) -> dict:
    comment = decision.comment
    ways = {task: settings.SITE_URL + reverse(f"comments:{task}", args=[comment.pk]) for task in ("mend", "appeal")}
    return {
        "title": comment.article.title if comment.article.is_public else "",  # it may have a new one, for later
        "body": decision.body,
        "note": decision.note,
        "is_removed": decision.to_state == State.REMOVED,
        "mend_url": ways["mend"] if comment.may_be_mended else "",
        "appeal_url": ways["appeal"] if comment.may_be_appealed else "",
    }


@composer(digest.PURPOSE, lives=digest.LIVES)
def what_waits(mail: Mail) -> dict | None:
    """The queue as it is when the mail is sent; no mail when it is empty by then."""
    waiting = digest.what_waits()
    if waiting is None or not notices.is_proven(mail) or not digest.wants(mail.user):
        return None
    url = settings.SITE_URL + reverse("admin:comments_comment_changelist")
    usual = usual_wait()
    return {
        "number": waiting.number,
        "oldest": in_words(timezone.now() - waiting.since),
        "usual": in_words(usual) if usual is not None else "",
        "rules": [(rules.short(rule), number, f"{url}?rule={rule}") for rule, number in waiting.by_rule],
        "url": url,
        "unsubscribe_url": settings.SITE_URL + reverse("comments:unsubscribe_digest", args=[digest.key_of(mail.user)]),
    }


def _article_in(language: str, thread: Comment) -> Article | None:
    """The article of the discussion in the reader's language, or in the one it can be read in."""
    public = {article.language: article for article in Article.objects.public().filter(translation_key=thread.discussion_id)}
    return public.get(language) or next(iter(public.values()), None)

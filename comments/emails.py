"""What the discussion writes to people: the texts are in templates/comments/email/."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from articles.models import Article
from ictiger.mail.composers import composer
from ictiger.mail.models import Mail

from . import notices
from .models import Comment


@composer(notices.PURPOSE, lives=notices.LIVES)
def reply(mail: Mail) -> dict | None:
    """Everything in the thread that answers the reader by now. Who wrote, and what, only the page shows: there it can be taken back."""
    thread = Comment.objects.filter(pk=mail.context["thread"]).first()
    is_proven = mail.user is not None and mail.user.emailaddress_set.filter(email=mail.recipient, verified=True).exists()
    if thread is None or not is_proven or not notices.wants(mail.user, thread.pk):
        return None
    article = _article_in(mail.language, thread)
    replies = notices.replies_to(mail.user, thread_id=thread.pk, since=datetime.fromisoformat(mail.context["since"]))
    urls = [settings.SITE_URL + found.get_absolute_url() for found in replies]
    if article is None or not urls:
        return None
    key = notices.Subscription(mail.user, thread).key
    return {
        "title": article.title,
        "number": len(urls),
        "url": urls[0],
        "other_urls": urls[1:],
        "unsubscribe_url": settings.SITE_URL + reverse("comments:unsubscribe", args=[key]),
    }


def _article_in(language: str, thread: Comment) -> Article | None:
    """The article of the discussion in the reader's language, or in the one it can be read in."""
    public = {article.language: article for article in Article.objects.public().filter(translation_key=thread.discussion_id)}
    return public.get(language) or next(iter(public.values()), None)

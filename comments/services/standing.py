"""Whether somebody may be heard here and now, and what the policy says about a text by what its author wrote before."""

from django.db.models import Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from comments import markup, policy
from comments.models import Ban, Comment
from comments.policy import Facts, Remover, State, Verdict

from .refusals import DiscussionClosed, Forbidden


def judge(comment: Comment, user: User) -> Verdict:
    """Ask the policy about the comment as it reads now, by what its author has written before."""
    others = Comment.objects.filter(author=user).exclude(pk=comment.pk)
    repeated = others.exclude(state=State.REMOVED).filter(discussion_id=comment.discussion_id, body=comment.body)
    facts = Facts(
        verified=user.is_verified,
        approved_before=others.filter(approved=True).exists(),
        rejected_lately=_rejected_lately(user),
        duplicate=repeated.exists(),
        links=len(markup.links_in(comment.body)),
    )
    verdict = policy.judge(facts)
    held_by_people = comment.state == State.PENDING and comment.reason in policy.PUT_BY_PEOPLE
    return Verdict(State.PENDING, comment.reason) if held_by_people and verdict.state != State.UNVERIFIED else verdict


def is_trusted(user: User) -> bool:
    """An earlier comment was approved, and none was turned down lately."""
    return Comment.objects.filter(author=user, approved=True).exists() and not _rejected_lately(user)


def _rejected_lately(user: User) -> bool:
    since = timezone.now() - policy.REJECTION_COUNTS_FOR
    turned_down = Q(state__in=[State.REJECTED, State.REMOVED]) & ~Q(reason=Remover.AUTHOR)
    read_again = Q(state=State.PENDING, reason__in=policy.SECOND_READINGS)  # turned down until somebody finds otherwise
    return Comment.objects.filter(turned_down | read_again, author=user).filter(decisions__decided_at__gt=since).exists()


def is_open(article: Article) -> bool:
    """Whether the discussion takes comments under this article now."""
    closed = article.comments_close_at is not None and article.comments_close_at <= timezone.now()
    return article.is_public and article.comments_open and not closed


def refuse_unless_open(article: Article) -> None:
    if not is_open(article):
        raise DiscussionClosed(_("This discussion has closed. Your text is below, for you to copy."))


def refuse_if_banned(user: User) -> None:
    ends = list(Ban.objects.active().filter(user=user).values_list("until", flat=True))
    if None in ends:
        raise Forbidden(_("You can no longer comment here. Your text is below, for you to copy."))
    if ends:
        until = formats.date_format(timezone.localtime(max(ends)), "DATETIME_FORMAT")
        raise Forbidden(_("You cannot comment until %(until)s. Your text is below, for you to copy.") % {"until": until})

"""Hooks for the apps above accounts. Each app registers its functions from its AppConfig.ready()."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from .models import User

# Sections of the takeout: title in the JSON file → what the app stores about the user, ready for JSON. A long
# section is an iterator.
takeout_sections: dict[str, Callable[[User], Any]] = {}

# What an erasure does first, in transactions of its own: it may be much. It runs again when the erasure was
# cut short.
before_erasure_steps: list[Callable[[User], None]] = []
# What must happen before the user's row is deleted; in order, inside the erasure's transaction.
erasure_steps: list[Callable[[User], None]] = []

# Previews, as HTML, of content that waits for this user's address to be verified; "" for nothing. With
# `at_once=True` confirming publishes it (shown above the button of the link's page); with `at_once=False` its
# owner is asked first.
confirmation_previews: list[Callable[..., SafeString]] = []
# What publishes or deletes that content once its owner has answered; in order, in one transaction.
release_steps: list[Callable[[User], None]] = []
discard_steps: list[Callable[[User], None]] = []

# Accounts that the clean-up of unverified accounts never deletes, as a query of their ids: those whose names
# are on published content.
cleanup_exemptions: list[Callable[[], QuerySet]] = []

# Names published on the site, except those of the given user: no other user may take one.
reserved_name_sources: list[Callable[[User], Iterable[str]]] = []

# Why a name is not taken, by a list that another app keeps: (name) → the message, or "".
name_refusals: list[Callable[[str], str]] = []
# What another app does when a user changes the name: (user, name, name before) → whether the new one must
# wait. In the transaction that saves the user.
name_reviews: list[Callable[[User, str, str], bool]] = []
# What the profile says about a name that waits or was not accepted: (user) → the sentence, or "".
name_notes: list[Callable[[User], str]] = []

# Whether the profile offers this user the daily mail about comments that wait for moderators.
digest_conditions: list[Callable[[User], bool]] = []

# Cookies that mean that `/me/…` has something to show to an anonymous browser. "messages" is Django's, for
# messages not shown yet.
personal_content_cookies: list[str] = ["messages"]
# Names of the views at `/me/…`, whose HTML becomes part of the page that fetched it.
fragment_views: list[str] = ["accounts:bar"]


def takeout_section(title: str) -> Callable[[Callable[[User], Any]], Callable[[User], Any]]:
    """Register the decorated function as the takeout's section `title`."""

    def register(section: Callable[[User], Any]) -> Callable[[User], Any]:
        takeout_sections[title] = section
        return section

    return register


def before_erasure(step: Callable[[User], None]) -> Callable[[User], None]:
    """Register the decorated function as a step before every erasure."""
    before_erasure_steps.append(step)
    return step


def erasure_step(step: Callable[[User], None]) -> Callable[[User], None]:
    """Register the decorated function as a step of every erasure."""
    erasure_steps.append(step)
    return step


def confirmation_preview(preview: Callable[..., SafeString]) -> Callable[..., SafeString]:
    """Register the decorated function, `preview(user, at_once=…)`, for the pages that confirm or claim."""
    confirmation_previews.append(preview)
    return preview


def release_step(step: Callable[[User], None]) -> Callable[[User], None]:
    """Register what publishes pending content after its owner has claimed it."""
    release_steps.append(step)
    return step


def discard_step(step: Callable[[User], None]) -> Callable[[User], None]:
    """Register what deletes pending content after the mailbox's owner has disowned it."""
    discard_steps.append(step)
    return step


def exempt_from_cleanup(ids: Callable[[], QuerySet]) -> Callable[[], QuerySet]:
    """Register the decorated function, which returns a query of user ids that the clean-up leaves out."""
    cleanup_exemptions.append(ids)
    return ids


def reserves_names(names: Callable[[User], Iterable[str]]) -> Callable[[User], Iterable[str]]:
    """Register the decorated function as a source of reserved names."""
    reserved_name_sources.append(names)
    return names


def offers_digest(condition: Callable[[User], bool]) -> Callable[[User], bool]:
    """Register the decorated function as a condition for offering the moderators' daily mail."""
    digest_conditions.append(condition)
    return condition


def personal_content_cookie(name: str) -> None:
    """Register a cookie of anonymous browsers for which `/me/…` has something to show."""
    personal_content_cookies.append(name)


def fragment_view(name: str) -> None:
    """Register the name of a view that answers with a personal fragment of a page."""
    fragment_views.append(name)

"""Where apps that know more about a person than accounts does add their part. They register from their AppConfig.ready()."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from .models import User

# A takeout's parts: title in the JSON file → what this app holds of the user, ready for JSON; an iterator where it may be much.
takeout_sections: dict[str, Callable[[User], Any]] = {}
# What an erasure begins with: it may be much, so it is done in transactions of its own, and again when the erasure is cut short.
before_erasure_steps: list[Callable[[User], None]] = []
# What must happen before a user's row is deleted; in order, inside the erasure's transaction.
erasure_steps: list[Callable[[User], None]] = []
# What waits for this user's address to be confirmed, as HTML, "" for nothing. `at_once` tells whether confirming publishes it (shown above
# the button of the page behind the mail's link) or whether its owner is to say first that it is theirs.
confirmation_previews_hooks: list[Callable[..., SafeString]] = []
# What to do with it once its owner has said so; in order, in one transaction.
release_steps: list[Callable[[User], None]] = []
discard_steps: list[Callable[[User], None]] = []

# Accounts that are never purged, as a query of their ids: whose names stand on what the house has published.
cleanup_exemptions: list[Callable[[], QuerySet]] = []

# Names that readers know from what the house publishes, other than the given user's own: nobody else may bear them.
reserved_name_sources: list[Callable[[User], Iterable[str]]] = []


def takeout_section(title: str) -> Callable[[Callable[[User], Any]], Callable[[User], Any]]:
    """Register the decorated function as the takeout's part `title`."""

    def register(section: Callable[[User], Any]) -> Callable[[User], Any]:
        takeout_sections[title] = section
        return section

    return register


def erasure_step(step: Callable[[User], None]) -> Callable[[User], None]:
    """Register the decorated function as a step of every erasure."""
    erasure_steps.append(step)
    return step


def before_erasure(beginning: Callable[[User], None]) -> Callable[[User], None]:
    """Register the decorated function as something that every erasure begins with."""
    before_erasure_steps.append(beginning)
    return beginning


def release_step(step: Callable[[User], None]) -> Callable[[User], None]:
    """Register what releases what waited, after its owner said that it is theirs."""
    release_steps.append(step)
    return step


def discard_step(step: Callable[[User], None]) -> Callable[[User], None]:
    """Register what deletes what waited, after the mailbox's owner said that it is not theirs."""
    discard_steps.append(step)
    return step


def exempt_from_cleanup(ids: Callable[[], QuerySet]) -> Callable[[], QuerySet]:
    """Register the decorated function as one that knows accounts (their ids) which must not be purged."""
    cleanup_exemptions.append(ids)
    return ids


def reserves_names(known: Callable[[User], Iterable[str]]) -> Callable[[User], Iterable[str]]:
    """Register the decorated function as one that knows names of the house."""
    reserved_name_sources.append(known)
    return known


def confirmation_preview(note: Callable[..., SafeString]) -> Callable[..., SafeString]:
    """Register the decorated function, `note(user, at_once=…)`, as a source of what the confirmation page says will happen."""
    confirmation_previews_hooks.append(note)
    return note

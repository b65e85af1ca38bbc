"""What the apps above mail hear of refused mails."""

import pytest

from ictiger.mail import hooks
from ictiger.mail.models import Mail, MailState
from ictiger.mail.sending import send_due_mail

pytestmark = pytest.mark.django_db

REFUSED, DEFERRED = "550 5.1.1 no such user", "450 4.7.1 greylisted"


def test_listeners_hear_of_refused_mails_alone(note, server):
    heard = []
    hooks.refusal_listeners.append(lambda mail: heard.append((mail.recipient, mail.state, mail.reply)))
    try:
        server.recipient_replies = [REFUSED, DEFERRED]
        note(to="gone@example.org")
        note(to="later@example.org")
        note(to="fine@example.org")
        assert send_due_mail(10) == 3
    finally:
        hooks.refusal_listeners.pop()
    assert heard == [("gone@example.org", MailState.REFUSED, REFUSED)]


def test_listener_that_fails_stops_no_other_mail(note, server):
    def fail(mail: Mail) -> None:
        raise RuntimeError

    hooks.refusal_listeners.append(fail)
    try:
        server.recipient_replies = [REFUSED]
        note(to="gone@example.org")
        note(to="fine@example.org")
        assert send_due_mail(10) == 2
    finally:
        hooks.refusal_listeners.remove(fail)
    assert dict(Mail.objects.values_list("recipient", "state")) == {
        "gone@example.org": MailState.REFUSED,
        "fine@example.org": MailState.SENT,
    }

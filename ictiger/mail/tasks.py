"""The django-tasks job that wakes the sweep. The row is the queue; losing this job loses a second, not a mail."""

from django_tasks import task

WAKE_LIMIT = 20  # mails; a stopping worker waits for this job, so it stays short


@task()
def wake_sweep() -> int:
    from .sweep import (
        send_due_mail,
    )  # here, because the sweep needs the models and tasks are registered before they are ready

    return send_due_mail(WAKE_LIMIT)

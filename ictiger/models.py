"""The timer of scheduled jobs."""

from django.db import models
from django.utils import timezone


class ScheduledJob(models.Model):
    """When a scheduled job is due next. The worker that updates the time runs the job, so only one does."""

    name = models.CharField(max_length=120, primary_key=True)
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "ictiger_recurring"

    def __str__(self) -> str:
        return f"{self.name}, {self.due_at:%Y-%m-%d %H:%M:%S}"

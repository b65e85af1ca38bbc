"""What belongs to the house itself: the timer of its recurring jobs."""

from django.db import models
from django.utils import timezone


class ScheduledJob(models.Model):
    """When a recurring job is due next. Whoever moves the time on runs the job: once, however many workers there are."""

    name = models.CharField(max_length=120, primary_key=True)
    due_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "ictiger_recurring"

    def __str__(self) -> str:
        return f"{self.name}, {self.due_at:%Y-%m-%d %H:%M:%S}"

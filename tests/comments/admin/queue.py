"""Posts to the moderation queue and reads what follows."""

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpResponse
from django.test import Client

from comments.models import Comment

QUEUE = "/admin/comments/comment/"


def decide(
    client: Client, action: str, *comments: Comment, seen: dict[int, str] | None = None, **fields
) -> str:
    """Post the bulk form with the version tokens that the list showed. Returns the page that follows."""
    data = {
        "action": action,
        "index": "0",
        ACTION_CHECKBOX_NAME: [comment.pk for comment in comments],
        **fields,
    }
    data |= {
        f"seen_{comment.pk}": (seen or {}).get(comment.pk, comment.version_token) for comment in comments
    }
    return page(client.post(QUEUE, data, follow=True))


def page(response: HttpResponse) -> str:
    assert response.status_code == 200
    return response.content.decode()


def state_of(comment: Comment) -> tuple[str, str]:
    return Comment.objects.values_list("state", "reason").get(pk=comment.pk)

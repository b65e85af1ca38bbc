"""One submission id is one text: repeated it is the same comment, with another text it is refused."""

import uuid

import pytest
from django.utils import timezone

from comments import services, submissions
from comments.models import Comment, CommentDraft
from comments.services import drafts
from ictiger.pagecache.public_write import public_write
from tests.factories import make_article

pytestmark = pytest.mark.django_db


@pytest.fixture
def article():
    return make_article("a-patent")


def post(user, article, body: str, submission: uuid.UUID, **params) -> Comment:
    return services.post_comment(user=user, article=article, body=body, submission=submission, **params)


def test_another_text_is_refused_after_the_comment_was_edited(article, reader):
    submission = uuid.uuid4()
    comment = post(reader, article, "A", submission)
    services.edit_comment(user=reader, comment_id=comment.pk, body="A, mended")
    with pytest.raises(services.DuplicateSubmission):
        post(reader, article, "B", submission)
    assert Comment.objects.get().body == "A, mended"


def test_first_text_repeated_after_an_edit_is_the_same_comment(article, reader):
    submission = uuid.uuid4()
    comment = post(reader, article, "A\r\nB", submission)
    services.edit_comment(user=reader, comment_id=comment.pk, body="A, mended")
    assert post(reader, article, "A\nB", submission) == comment
    assert Comment.objects.get().body == "A, mended"


def test_text_that_was_edited_in_is_not_the_first_text(article, reader):
    submission = uuid.uuid4()
    comment = post(reader, article, "A", submission)
    services.edit_comment(user=reader, comment_id=comment.pk, body="B")
    with pytest.raises(services.DuplicateSubmission):
        post(reader, article, "B", submission)


def test_same_text_in_another_discussion_is_refused(article, reader):
    submission = uuid.uuid4()
    post(reader, article, "A", submission)
    with pytest.raises(services.DuplicateSubmission):
        post(reader, make_article("another"), "A", submission)


@pytest.mark.parametrize(("body", "is_refused"), [("A", False), ("B", True)])
def test_comment_of_release_1_0_0_is_compared_by_its_text(article, reader, body, is_refused):
    submission = uuid.uuid4()
    comment = post(reader, article, "A", submission)
    with public_write(comment):
        Comment.objects.update(submitted_digest="")
    if is_refused:
        with pytest.raises(services.DuplicateSubmission):
            post(reader, article, body, submission)
    else:
        assert post(reader, article, body, submission) == comment


def test_edited_comment_of_release_1_0_0_refuses_any_other_text(article, reader):
    """Its first text is not known: rather a 409 with the text than a text that is lost."""
    submission = uuid.uuid4()
    comment = post(reader, article, "A", submission)
    with public_write(comment):
        Comment.objects.update(submitted_digest="", revision=1, edited_at=timezone.now())
    with pytest.raises(services.DuplicateSubmission):
        post(reader, article, "B", submission)


def save_draft(article, body: str, submission: uuid.UUID, shown_draft: str | None) -> CommentDraft:
    return drafts.save_draft(
        token=uuid.UUID(int=7),
        article=article,
        parent_id=None,
        body=body,
        submission=submission,
        shown_draft=shown_draft,
    )


def test_draft_from_a_form_that_did_not_show_the_stored_one_is_kept_beside_it(article):
    submission = uuid.uuid4()
    save_draft(article, "A", submission, "")
    save_draft(article, "B", submission, "")
    assert sorted(CommentDraft.objects.values_list("body", flat=True)) == ["A", "B"]


def test_draft_from_the_form_that_showed_it_is_replaced(article):
    submission = uuid.uuid4()
    draft = save_draft(article, "A", submission, "")
    save_draft(article, "B", submission, submissions.text_digest(submission, draft.body))
    assert CommentDraft.objects.get().body == "B"


@pytest.mark.parametrize(("knows_draft", "left"), [(True, []), (False, ["A"])])
def test_posting_deletes_only_the_draft_that_the_form_showed(article, reader, knows_draft, left):
    submission = uuid.uuid4()
    draft = save_draft(article, "A", submission, "")
    shown_draft = submissions.text_digest(submission, draft.body) if knows_draft else ""
    post(reader, article, "B", submission, shown_draft=shown_draft)
    assert list(CommentDraft.objects.values_list("body", flat=True)) == left
    assert not CommentDraft.objects.filter(submission=submission).exists()


def test_edit_from_an_older_revision_is_refused_once(article, reader):
    comment = post(reader, article, "A", uuid.uuid4())
    services.edit_comment(user=reader, comment_id=comment.pk, body="B", revision=0)
    with pytest.raises(services.StaleEdit):
        services.edit_comment(user=reader, comment_id=comment.pk, body="C", revision=0)
    assert services.edit_comment(user=reader, comment_id=comment.pk, body="B", revision=0).body == "B"
    assert services.edit_comment(user=reader, comment_id=comment.pk, body="C", revision=1).body == "C"

"""The six reasons there were, as rows; and what authors were told, in full, with the comment and with the decision about it.

Until now a note stood beside the reason's text, which came from the code. A note that has been joined to its reason's words is parted from
them again on the way back; what was given as a reason that is none of the six keeps its note and loses its code in the decision.
"""

from django.db import migrations
from django.db.models import Q
from django.db.models.functions import Substr

REASONS = [
    ("off_topic", "It is not about the article or the comment it answers.", "内容与文章或所回复的评论无关。"),
    ("uncivil", "It attacks a person rather than an argument.", "针对个人，而非针对论点。"),
    ("advertising", "It advertises.", "内容属于广告。"),
    ("unlawful", "It may break the law or infringe somebody’s rights.", "可能违反法律或侵犯他人权利。"),
    ("unclear", "We could not make out what it says.", "无法看懂内容。"),
    ("other", "It does not fit the comment policy.", "不符合评论守则。"),
]
WORDS = {code: {"en": english, "zh-hans": chinese} for code, english, chinese in REASONS}


def make_reasons(apps, schema_editor):
    database = schema_editor.connection.alias
    Reason = apps.get_model("comments", "Reason")
    Reason.objects.using(database).bulk_create(
        Reason(code=code, text_en=english, text_zh=chinese, order=10 * place)
        for place, (code, english, chinese) in enumerate(REASONS, start=1)
    )
    for row, author in _told(apps, database):
        row.note = _joined(row.reason, row.note, author)
        row.save(update_fields=["note"])
    decisions = apps.get_model("comments", "Decision").objects.using(database)
    decisions.filter(~Q(reason__in=WORDS) | ~Q(verb__in=["reject", "remove"])).update(reason=None)


def drop_reasons(apps, schema_editor):
    database = schema_editor.connection.alias
    for row, author in _told(apps, database):
        row.note = row.note.removeprefix(_joined(row.reason, "", author)).strip()
        row.save(update_fields=["note"])
    for model in ("Comment", "Decision"):  # the column was narrower
        apps.get_model("comments", model).objects.using(database).update(note=Substr("note", 1, 300))
    apps.get_model("comments", "Decision").objects.using(database).filter(reason=None).update(reason="")
    apps.get_model("comments", "Reason").objects.using(database).all().delete()


def _told(apps, database):
    """Rows whose author was told one of the six, with the author's language."""
    comments = apps.get_model("comments", "Comment").objects.using(database).filter(state__in=["rejected", "removed"], reason__in=WORDS)
    for comment in comments.select_related("author").iterator():
        yield comment, comment.author.language if comment.author else comment.language
    decisions = apps.get_model("comments", "Decision").objects.using(database).filter(verb__in=["reject", "remove"], reason__in=WORDS)
    for decision in decisions.select_related("comment__author").exclude(body="").iterator():  # of who has left nothing is kept
        yield decision, decision.comment.author.language if decision.comment.author else decision.comment.language


def _joined(code, note, language):
    words = WORDS[code]["zh-hans" if language == "zh-hans" else "en"]
    return f"{words}{'' if language == 'zh-hans' else ' '}{note}" if note else words


class Migration(migrations.Migration):

    dependencies = [("comments", "0006_reasons")]

    operations = [migrations.RunPython(make_reasons, drop_reasons)]

"""Records which pictures stand in the texts that there are.

Not atomic: reads the texts in portions and writes each portion's uses by itself, so that the running release
goes on writing. Broken off, it is run again: uses that exist are left alone. Texts that the running release
publishes after this are found when a picture of theirs is replaced or deleted, or at their next publishing.
"""

import re
from urllib.parse import unquote

from django.conf import settings
from django.db import migrations

PORTION = 500
NAME = re.compile(r"[^\s\"'<>()\[\]?#\\]+")


def record(apps, schema_editor):
    image, use = apps.get_model("articles", "Image"), apps.get_model("articles", "ImageUse")
    for label, field in (("Article", "body_html"), ("Draft", "body"), ("Page", "body_html")):
        model = apps.get_model("articles", label)
        texts = model._base_manager.filter(**{f"{field}__contains": settings.MEDIA_URL}).order_by("pk")
        last = 0
        while portion := list(texts.filter(pk__gt=last).values_list("pk", field)[:PORTION]):
            last = portion[-1][0]
            named = {pk: names(text) for pk, text in portion}
            images = dict(image._base_manager.filter(file__in=set().union(*named.values())).values_list("file", "pk"))
            use._base_manager.bulk_create(
                (
                    use(**{f"{label.lower()}_id": pk, "image_id": images[name]})
                    for pk, found in named.items()
                    for name in found & images.keys()
                ),
                ignore_conflicts=True,
            )


def names(text):
    pieces = text.split(settings.MEDIA_URL)[1:]
    found = (unquote(match[0]) for match in map(NAME.match, pieces) if match)
    return {name for name in found if "\0" not in name}  # which no database can be asked for


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0003_pictures")]
    operations = [migrations.RunPython(record, migrations.RunPython.noop)]

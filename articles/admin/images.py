"""The admin of pictures."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from articles import images
from articles.models import Image

from .base import PublicModelAdmin, ServiceErrorForm

THUMBNAIL_SIZE = 160  # pixels of the longer side


class ImageForm(ServiceErrorForm):
    upload = forms.FileField(
        label=capfirst(gettext_lazy("file")),
        help_text=gettext_lazy(
            "JPEG, PNG, WebP, AVIF or GIF, up to 15 MB. What the file says of place and camera is removed."
        ),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/avif,image/gif"}),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["upload"].required = False
            self.fields["upload"].label = _("Another file")


@admin.register(Image)
class ImageAdmin(PublicModelAdmin):
    form = ImageForm
    list_display = ["thumbnail", "alt", "size", "credit", "created_at"]
    list_display_links = ["thumbnail", "alt"]
    search_fields = ["alt", "caption", "credit"]
    date_hierarchy = "created_at"

    def get_fields(self, request: HttpRequest, obj: Image | None = None) -> list[str]:
        description = ["alt", "caption", "credit"]
        if obj is None:
            return ["upload", *description]
        upload = ["upload"] if self.has_change_permission(request, obj) else []
        return ["thumbnail", "size", "markdown", *upload, *description]

    def get_readonly_fields(self, request: HttpRequest, obj: Image | None = None) -> list[str]:
        return ["thumbnail", "size", "markdown"]

    def get_form(self, request: HttpRequest, *args, **kwargs) -> type[forms.ModelForm]:
        return super().get_form(request, *args, **{**kwargs, "fields": ["alt", "caption", "credit"]})

    @admin.display(description=gettext_lazy("picture"))
    def thumbnail(self, image: Image) -> SafeString:
        scale = min(1, THUMBNAIL_SIZE / max(image.width, image.height, 1))
        return format_html(
            '<img src="{}" alt="{}" width="{}" height="{}" loading="lazy">',
            self._smallest_url(image),
            image.alt,
            max(1, round(image.width * scale)),
            max(1, round(image.height * scale)),
        )

    @staticmethod
    def _smallest_url(image: Image) -> str:
        """The URL of the smallest WebP version, or of the file itself while there is none."""
        webp = [rendition for rendition in image.renditions if rendition["type"] == "image/webp"]
        name = min(webp, key=lambda rendition: rendition["width"])["file"] if webp else image.file.name
        return image.file.storage.url(name)

    @admin.display(description=gettext_lazy("size"))
    def size(self, image: Image) -> str:
        return _("%(width)s × %(height)s pixels") % {"width": image.width, "height": image.height}

    @admin.display(description=gettext_lazy("to paste into a text"))
    def markdown(self, image: Image) -> SafeString:
        return format_html("<code>{}</code>", markdown_for(image))

    def save_model(self, request: HttpRequest, obj: Image, form: ImageForm, change: bool) -> None:
        upload = form.cleaned_data["upload"]
        try:
            if not change:
                self._add(obj, upload)
            elif upload:
                images.replace_file(obj, upload)
        except ValidationError as error:
            raise ValidationError({"upload": error.error_list}) from error
        if change and not upload:
            super().save_model(request, obj, form, change)

    @staticmethod
    def _add(image: Image, upload: File) -> None:
        added = images.add_image(upload=upload, alt=image.alt, caption=image.caption, credit=image.credit)
        image.pk, image._state.adding = added.pk, False
        image.refresh_from_db()


def markdown_for(image: Image) -> str:
    """The Markdown that puts the picture into a text: description, URL, caption."""
    alt = "".join("\\" + char if char in "[]\\" else char for char in image.alt)
    caption = image.caption.replace("\\", "\\\\").replace('"', "”")
    title = f' "{caption}"' if caption else ""
    return f"![{alt}]({image.file.url}{title})"

"""The admin of pictures."""

from collections.abc import Iterable

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from articles import images
from articles.images import heic
from articles.models import Article, Draft, Image, Page

from .base import PublicModelAdmin, ServiceErrorForm

THUMBNAIL_SIZE = 160  # pixels of the longer side
PREVIEW_SIZE = 480  # of the picture in which the focus is chosen
ACCEPTED = "image/jpeg,image/png,image/webp,image/avif,image/gif"
DESCRIPTION = ["alt", "caption", "credit"]
FOCUS = ["focus_x", "focus_y"]


class ImageForm(ServiceErrorForm):
    upload = forms.FileField(label=capfirst(gettext_lazy("file")))

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if "upload" not in self.fields:  # to look at only
            return
        upload = self.fields["upload"]
        upload.help_text = _(
            "JPEG, PNG, WebP, AVIF or GIF, up to 15 MB. What the file says of place and camera is removed."
        )
        upload.widget = forms.FileInput(
            attrs={"accept": ACCEPTED + (",image/heic" if heic.formats() else "")}
        )
        if self.instance.pk:
            upload.required, upload.label = False, _("Another file")
            upload.help_text += " " + _("It takes the place of this one in every text and cover.")
            upload.widget.is_required = False


class MadeFilter(admin.SimpleListFilter):
    """Whether the versions in other sizes have been made."""

    title = gettext_lazy("versions in other sizes")
    parameter_name = "versions"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("failed", _("cannot be made")), ("queued", _("not made yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> QuerySet[Image]:
        chosen = {"failed": images.failed_images, "queued": images.waiting_images}.get(self.value())
        return queryset.filter(pk__in=chosen().order_by().values("pk")) if chosen else queryset


@admin.register(Image)
class ImageAdmin(PublicModelAdmin):
    form = ImageForm
    list_display = ["thumbnail", "alt", "size", "versions", "credit", "created_at"]
    list_display_links = ["thumbnail", "alt"]
    list_filter = [MadeFilter]
    search_fields = ["alt", "caption", "credit"]
    date_hierarchy = "created_at"
    actions = ["try_again"]

    def get_fields(self, request: HttpRequest, obj: Image | None = None) -> list[str]:
        if obj is None:
            return ["upload", *DESCRIPTION]
        if not self.has_change_permission(request, obj):
            return ["thumbnail", "size", "markdown", *DESCRIPTION]
        return ["preview", *FOCUS, "size", "versions", "used_in", "markdown", "upload", *DESCRIPTION]

    def get_readonly_fields(self, request: HttpRequest, obj: Image | None = None) -> list[str]:
        return ["thumbnail", "preview", "size", "versions", "used_in", "markdown"]

    def get_form(
        self, request: HttpRequest, obj: Image | None = None, *args, **kwargs
    ) -> type[forms.ModelForm]:
        fields = [*DESCRIPTION, *(FOCUS if obj else [])]
        return super().get_form(request, obj, *args, **{**kwargs, "fields": fields})

    @admin.display(description=gettext_lazy("picture"))
    def thumbnail(self, image: Image) -> SafeString:
        return _shown(image, THUMBNAIL_SIZE)

    @admin.display(description=gettext_lazy("picture"))
    def preview(self, image: Image) -> SafeString:
        """The picture, with the place that is kept when it is cropped. A script lets a click choose it."""
        return format_html(
            '<div class="focus-preview" data-focus-preview>{}</div><p class="desk-note">{}</p>',
            _shown(image, PREVIEW_SIZE),
            _("Click on what matters most: it is kept where the picture is cropped, as in link previews."),
        )

    @admin.display(description=gettext_lazy("size"))
    def size(self, image: Image) -> str:
        return _("%(width)s × %(height)s pixels") % {"width": image.width, "height": image.height}

    @admin.display(description=gettext_lazy("versions in other sizes"))
    def versions(self, image: Image) -> str:
        state = images.state_of(image)
        if state == "made":
            return _("made")
        if state == "drawing":
            return _("not needed")
        if state == "queued":
            return _("not made yet")
        return format_html(
            '<strong class="desk-problem">{}</strong> {}',
            _("Cannot be made."),
            _("Upload another file, or choose “Try again” in the list. The program said: %(problem)s")
            % {"problem": image.problem or _("nothing, it was stopped")},
        )

    @admin.display(description=gettext_lazy("used in"))
    def used_in(self, image: Image) -> SafeString | str:
        links = [use_link(user) for user in images.users_of(image)]
        return format_html_join(SafeString("<br>"), "{}", zip(links)) if links else _("no text or cover")

    @admin.display(description=gettext_lazy("to paste into a text"))
    def markdown(self, image: Image) -> SafeString:
        return format_html("<code>{}</code>", markdown_for(image))

    @admin.action(
        description=gettext_lazy("Try again to make the versions in other sizes"), permissions=["change"]
    )
    def try_again(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        count = images.try_again(queryset)
        text = ngettext(
            "%(count)s picture will be tried again.", "%(count)s pictures will be tried again.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

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
            images.save_description(obj)

    @staticmethod
    def _add(image: Image, upload: File) -> None:
        added = images.add_image(upload=upload, alt=image.alt, caption=image.caption, credit=image.credit)
        image.pk, image._state.adding = added.pk, False
        image.refresh_from_db()

    def get_deleted_objects(
        self, objs: Iterable[Image], request: HttpRequest
    ) -> tuple[list, dict, set, list]:
        """Pictures, each with what shows it: that stays, without the picture."""
        pictures, to_delete = list(objs), []
        for image in pictures:
            to_delete.append(_named(image))
            users = [use_link(user) for user in images.users_of(image)]
            if users:
                to_delete.append([_("It disappears from:"), users])
        missing = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        return to_delete, {self.opts.verbose_name_plural: len(pictures)}, missing, []

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        images.delete_images([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Image]) -> None:
        images.delete_images(queryset)


def _shown(image: Image, size: int) -> SafeString:
    scale = min(1, size / max(image.width, image.height, 1))
    return format_html(
        '<img src="{}" alt="{}" width="{}" height="{}" loading="lazy">',
        _small_url(image, round(image.width * scale)),
        image.alt,
        max(1, round(image.width * scale)),
        max(1, round(image.height * scale)),
    )


def _small_url(image: Image, width: int) -> str:
    """The URL of the smallest WebP version that is so wide, or of the file itself while there is none."""
    webp = [
        rendition
        for rendition in image.renditions
        if rendition["type"] == "image/webp" and rendition["width"] >= width
    ]
    name = min(webp, key=lambda rendition: rendition["width"])["file"] if webp else image.file.name
    return image.file.storage.url(name)


def _named(image: Image) -> SafeString:
    url = reverse("admin:articles_image_change", args=[image.pk])
    return format_html('<a href="{}">{}</a>', url, image.alt)


def use_link(user: Article | Draft | Page) -> SafeString:
    """A link to the form of what shows a picture, with the language and the kind of use."""
    article = user.article if isinstance(user, Draft) else user
    kind = {Article: _("article, as readers see it"), Draft: _("draft"), Page: _("page")}[type(user)]
    name = "articles_page" if isinstance(user, Page) else "articles_article"
    return format_html(
        '<a href="{}">{}</a> ({}, {})',
        reverse(f"admin:{name}_change", args=[article.pk]),
        user.title or _("without a title"),
        kind,
        article.get_language_display(),
    )


def markdown_for(image: Image) -> str:
    """The Markdown that puts the picture into a text: description, URL, caption."""
    alt = "".join("\\" + char if char in "[]\\" else char for char in image.alt)
    caption = image.caption.replace("\\", "\\\\").replace('"', "”")
    title = f' "{caption}"' if caption else ""
    return f"![{alt}]({image.file.url}{title})"

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path

from ictiger.delivery.change import change
from ictiger.delivery.decorators import public_page

from .models import Note


@public_page
def note(request, slug):
    return HttpResponse(str(get_object_or_404(Note, slug=slug)))


@public_page
def notes(request):
    return HttpResponse(" ".join(str(note) for note in Note.objects.order_by("slug")))


def write(request, slug):
    with change(Note.objects.get(slug=slug)) as this:
        note = Note.objects.select_for_update().get(slug=slug)
        this.touch(note)
        note.version += 1
        note.save()
    return HttpResponse(str(note))


urlpatterns = [
    path("notes/<slug:slug>/", note, name="note"),
    path("list/", notes, name="list"),
    path("write/<slug:slug>/", write, name="write"),
]

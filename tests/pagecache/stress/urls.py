from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path

from ictiger.pagecache.decorators import public_page
from ictiger.pagecache.public_write import public_write

from .models import Note


@public_page
def note(request, slug):
    return HttpResponse(str(get_object_or_404(Note, slug=slug)))


@public_page
def notes(request):
    return HttpResponse(" ".join(str(note) for note in Note.objects.order_by("slug")))


def write(request, slug):
    with public_write(Note.objects.get(slug=slug)) as write:
        note = Note.objects.select_for_update().get(slug=slug)
        write.touch(note)
        note.version += 1
        note.save()
    return HttpResponse(str(note))


urlpatterns = [
    path("notes/<slug:slug>/", note, name="note"),
    path("list/", notes, name="list"),
    path("write/<slug:slug>/", write, name="write"),
]

"""A site of a few public pages, without our apps' views, to be stored in a page store."""

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path

import articles.urls  # noqa: F401  (registers the converter of slugs)
from articles.models import Topic
from ictiger.pagecache.decorators import public_page
from ictiger.pagecache.expiry import set_expiry
from ictiger.pagecache.public_write import public_write

handler400 = "tests.pagecache.store_urls.refused"
handler500 = "tests.pagecache.store_urls.broken"
handler404 = "tests.pagecache.store_urls.not_found"
deadlines: list[datetime] = []  # of the pages below /timed/
requests: list[HttpRequest] = []  # that reached a public view


def not_found(request, exception):
    return HttpResponse("absent", status=404)


def broken(request):
    return HttpResponse("broken", status=500)


def refused(request, exception=None, reason=""):
    return HttpResponse("refused", status=400)


@public_page
def note(request, slug):
    requests.append(request)
    return HttpResponse(f"<p>{get_object_or_404(Topic, slug=slug).name_en}</p>" + "<!-- -->" * 40)


@public_page
def notes(request, number=1):
    if number > 100:
        raise Http404
    names = Topic.objects.order_by("slug").values_list("name_en", flat=True)
    return HttpResponse(f"{number}: " + ", ".join(names))


@public_page
def feed(request):
    return HttpResponse("<feed/>", content_type="application/atom+xml; charset=utf-8")


@public_page
def timed(request):
    return set_expiry(
        HttpResponse("timed, " + " ".join(Topic.objects.values_list("name_en", flat=True))), *deadlines
    )


@public_page
def not_storable(request, how):
    responses = {
        "missing": lambda: HttpResponse("gone", status=410),
        "moved": lambda: redirect("/notes/a/", permanent=True),
        "streamed": lambda: StreamingHttpResponse([b"x"]),
        "unrendered": lambda: TemplateResponse(request, "absent.html"),
        "empty": lambda: HttpResponse(""),
        "text": lambda: HttpResponse("x", content_type="text/plain"),
        "robots": lambda: HttpResponse("x", headers={"X-Robots-Tag": "noindex"}),
        "policy": lambda: HttpResponse("x", headers={"Content-Security-Policy": "default-src *"}),
    }
    return responses[how]()


@public_page
def writes(request):
    with public_write() as write:
        write.touch_everything()
    return HttpResponse("x")


def dynamic(request):
    return HttpResponse(f"{request.method} {request.COOKIES.get('who', 'nobody')} {request.GET.urlencode()}")


def rename(request, slug):
    topic = Topic.objects.get(slug=slug)
    with public_write(topic):
        topic.name_en = request.GET["name"]
        topic.save()
    return HttpResponse("renamed")


urlpatterns = [
    path("", notes, name="home"),
    path("page/<int:number>/", notes, name="page"),
    path("notes/<rawslug:slug>/", note, name="note"),
    path("notes/<rawslug:slug>/rename/", rename, name="rename"),
    path("feed/", feed, name="feed"),
    path("timed/", timed, name="timed"),
    path("odd/<str:how>/", not_storable, name="odd"),
    path("writes/", writes, name="writes"),
    path("dynamic/", dynamic, name="dynamic"),
]

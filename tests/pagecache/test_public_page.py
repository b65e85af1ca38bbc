"""`@public_page`: the view sees an anonymous request without cookies or query, and its response has none."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from articles.models import Topic
from ictiger.pagecache.decorators import PersonalPublicPage, public_page
from ictiger.pagecache.guard import WriteDuringRender
from ictiger.pagecache.public_write import public_write


@public_page
def describe_request(request: HttpRequest) -> HttpResponse:
    return HttpResponse(repr((type(request.user).__name__, request.COOKIES, dict(request.GET), request.path)))


def test_view_sees_an_anonymous_request_without_cookies_or_query(reader):
    request = RequestFactory().get("/about/?q=1", headers={"cookie": "sessionid=x; reader=member"})
    request.user = reader
    assert describe_request(request).content.decode() == "('AnonymousUser', {}, {}, '/about/')"


def test_browsers_revalidate_a_public_page(settings):
    settings.PAGE_STORE = "/srv/pages"
    assert describe_request(RequestFactory().get("/")).headers["Cache-Control"] == "no-cache"


def test_request_and_view_are_marked_public():
    request = RequestFactory().get("/")
    describe_request(request)
    assert request.public_page is True
    assert describe_request.public_page is True
    assert isinstance(request.user, AnonymousUser)


def test_public_page_refuses_post():
    assert describe_request(RequestFactory().post("/")).status_code == 405


@pytest.mark.parametrize("personal", ["cookie", "vary"])
def test_response_with_a_cookie_or_vary_is_an_error(personal):
    @public_page
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse("hello")
        if personal == "cookie":
            response.set_cookie("seen", "1")
        else:
            response.headers["Vary"] = "Cookie"
        return response

    with pytest.raises(PersonalPublicPage):
        view(RequestFactory().get("/"))


@pytest.mark.django_db
def test_view_of_a_public_page_may_not_write():
    @public_page
    def view(request: HttpRequest) -> HttpResponse:
        with public_write():
            Topic.objects.create(slug="patents", name_en="Patents", name_zh="专利")
        return HttpResponse("written")

    with pytest.raises(WriteDuringRender):
        view(RequestFactory().get("/"))
    assert not Topic.objects.exists()

"""Frames of known video hosts become links to the video: no frame and no picture from elsewhere reaches a
reader."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext as _

from .html_text import escaped

YOUTUBE = re.compile(r"/(?:embed|v|shorts)/([\w-]+)")
VIMEO = re.compile(r"/video/(\d+)")
YOUKU = re.compile(r"/embed/([\w=]+)")
DAILYMOTION = re.compile(r"/embed/video/(\w+)")
TENCENT = re.compile(r"/txp/iframe/player\.html")


def _youtube(path: str, query: dict[str, list[str]]) -> str | None:
    found = YOUTUBE.match(path)
    if found and found[1] == "videoseries" and "list" in query:
        return f"https://www.youtube.com/playlist?list={query['list'][0]}"
    return f"https://www.youtube.com/watch?v={found[1]}" if found else None


def _vimeo(path: str, query: dict[str, list[str]]) -> str | None:
    found = VIMEO.match(path)
    return f"https://vimeo.com/{found[1]}" if found else None


def _bilibili(path: str, query: dict[str, list[str]]) -> str | None:
    if "bvid" in query:
        return f"https://www.bilibili.com/video/{query['bvid'][0]}"
    return f"https://www.bilibili.com/video/av{query['aid'][0]}" if "aid" in query else None


def _youku(path: str, query: dict[str, list[str]]) -> str | None:
    found = YOUKU.match(path)
    return f"https://v.youku.com/v_show/id_{found[1]}.html" if found else None


def _dailymotion(path: str, query: dict[str, list[str]]) -> str | None:
    found = DAILYMOTION.match(path)
    return f"https://www.dailymotion.com/video/{found[1]}" if found else None


def _tencent(path: str, query: dict[str, list[str]]) -> str | None:
    return (
        f"https://v.qq.com/x/page/{query['vid'][0]}.html" if TENCENT.match(path) and "vid" in query else None
    )


HOSTS: dict[str, tuple[str, Callable[[str, dict[str, list[str]]], str | None]]] = {
    "www.youtube.com": ("YouTube", _youtube),
    "youtube.com": ("YouTube", _youtube),
    "www.youtube-nocookie.com": ("YouTube", _youtube),
    "player.vimeo.com": ("Vimeo", _vimeo),
    "player.bilibili.com": ("Bilibili", _bilibili),
    "player.youku.com": ("Youku", _youku),
    "www.dailymotion.com": ("Dailymotion", _dailymotion),
    "v.qq.com": ("v.qq.com", _tencent),
}
SAFE = re.compile(r"[\w=:/.?&-]+")


def card_of(source: str, title: str) -> str | None:
    """A link to the video that a frame would show, in a tab of its own; None if the frame's host is not
    known."""
    try:
        parts = urlsplit(source.strip().replace("&amp;", "&"))
        host = HOSTS.get((parts.hostname or "").lower())
    except ValueError:  # no address at all
        return None
    address = host[1](parts.path, parse_qs(parts.query)) if host is not None else None
    if address is None or not SAFE.fullmatch(address):
        return None
    label = _("Watch on %(host)s") % {"host": host[0]}
    name = f"<span>{title}</span> " if title else ""
    link = f'<a class="video" href="{escaped(address)}" target="_blank" rel="noopener">'
    return f'{link}{name}<span class="host">{escaped(label)}</span></a>'

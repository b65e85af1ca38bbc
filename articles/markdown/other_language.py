"""Text in another language than its article's, marked with `lang`, so that it is set in the right face and
read by the right voice (WCAG 2.2, 3.1.2).

A script is not a language, so only what can hardly be anything else is marked: in English articles Han as
Chinese; in Chinese articles three or more words in a row as English, if all their letters are ASCII; in both
kana as Japanese and Hangul as Korean. What the author has marked stays as it is, and so does everything
inside code, formulas and annotations.
"""

import re
from collections.abc import Iterator

ENGLISH, CHINESE, JAPANESE, KOREAN = "en", "zh-Hans", "ja", "ko"

# fmt: off
_BLOCKS = (
    "blockquote|caption|dd|details|div|dl|dt|figcaption|figure|h[2-6]|hr|li|ol|p|summary|table|tbody|td|tfoot"
    "|th|thead|tr|ul"
)
# fmt: on
_ATTRIBUTES = r'(?:[^<>"]|"[^"]*")*'
BLOCK_TAG = re.compile(rf"</?({_BLOCKS})(?:\s{_ATTRIBUTES})?>")
ANY_TAG = re.compile(rf"<{_ATTRIBUTES}>")
TAGS_AND_TEXTS = re.compile(rf"{ANY_TAG.pattern}|[^<]+")
PROTECTED = re.compile(r"<(pre|code|kbd|samp|math|ruby)[\s>][^<]*+(?:<(?!/\1>)[^<]*+)*+</\1>")
MARKED = re.compile(rf'<([a-z][a-z0-9]*)(?:\s{_ATTRIBUTES})? lang="[^"]*"{_ATTRIBUTES}>')
HELD = re.compile("\x00([0-9]+)\x00")  # in the place of what is protected; the source has no such character

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
_OPENS, _CLOSES = "《〈「『【〔（", "》〉」』】〕）。，、；：！？"
_BETWEEN = f"{_OPENS}{_CLOSES}·・—…0-9"  # part of a run between two characters, but not by themselves
_EAST = f"{_HAN}{_KANA}"
EASTERN = re.compile(f"[{_EAST}{_HANGUL}]")
HAN_RUN, KANA = re.compile(f"[{_HAN}]+"), re.compile(f"[{_KANA}]")
HANGUL_RUN = f"[{_HANGUL}]+(?:[ ,.]{{1,2}}[{_HANGUL}]+)*"
_QUOTED = f"[“‘][{_EAST}{_BETWEEN}]++[”’]"
EASTERN_RUN = re.compile(
    f"({HANGUL_RUN})|(?:(?<![{_OPENS}])[{_OPENS}]++)?[{_EAST}]++"
    f"(?:[{_BETWEEN}]{{0,8}}(?:[{_EAST}]++|{_QUOTED}))*[{_CLOSES}]*"
)
_LATIN = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_WORD = rf"[{_LATIN}][{_LATIN}0-9]*+(?:['’-][{_LATIN}0-9]++){{0,4}}+"
_NUMBER = r"[0-9][0-9.,%]*+"
_GAP = r"[.,;:!?)”\"]{0,3}(?:\s|&nbsp;)+(?:(?:&amp;|[–—-])\s)?[(“\"]{0,2}"
_FIRST_WORD = rf"[{_LATIN}](?<![{_LATIN}0-9&#@/._-].)[{_LATIN}0-9]*+(?:['’-][{_LATIN}0-9]++){{0,4}}+"
PHRASE = re.compile(rf"{_FIRST_WORD}(?:{_GAP}(?:{_NUMBER}{_GAP})*{_WORD}){{2,}}")
# Quick to find, since it begins with one set of characters: kana, Hangul, or the middle of a PHRASE.
NOT_CHINESE = re.compile(
    rf"[\s;{_KANA}{_HANGUL}](?:(?<=[{_KANA}{_HANGUL}])|(?<=[{_LATIN}0-9%.,;:!?)”\"].)[(“\"]{{0,2}}[{_LATIN}]"
    rf"[{_LATIN}0-9'’-]*+[.,;:!?)”\"]{{0,3}}+(?:\s|&nbsp;)++[&–—(“\"0-9{_LATIN}-])"
)
KANA_OR_HANGUL = re.compile(f"[{_KANA}{_HANGUL}]")
KANA_OR_HANGUL_RUN = re.compile(f"({HANGUL_RUN})|(?<![{_EAST}])[{_HAN}]*+[{_KANA}][{_EAST}]*")
LATIN_LETTERS, FOREIGN = re.compile(f"[{_LATIN}]{{2,}}"), re.compile("[\u00c0-\u024f]")
EASTERN_WORDS = re.compile(f"[{_EAST}]+")


def mark_other_languages(clean: str, language: str) -> str:
    """Sanitised HTML of an article in `language` with `lang` on what is in another one. Its text stays the
    same."""
    base = ENGLISH if language.startswith("en") else CHINESE
    if base == ENGLISH and not EASTERN.search(clean):
        return clean
    held: list[str] = []
    marked = "".join(_marked_blocks(_hold(clean, base, held), base))
    while held and "\x00" in marked:  # what is held may hold more
        marked = HELD.sub(lambda place: held[int(place[1])], marked)
    return marked


def _marked_blocks(clean: str, base: str) -> Iterator[str]:
    """The text in parts, with marks in the blocks in which something hints at another language."""
    hint = EASTERN if base == ENGLISH else NOT_CHINESE
    position = looked = 0
    while (found := hint.search(clean, looked)) is not None:
        tag = _last_block_tag(clean, position, found.start())
        start = tag.end() if tag else position
        if start > found.start():  # it is in the tag
            looked = start
            continue
        after = BLOCK_TAG.search(clean, found.start())
        end = after.start() if after else len(clean)
        yield clean[position : tag.start() if tag else start]
        yield from _marked_block(tag, clean[start:end], after, base)
        position = looked = end
    yield clean[position:]


def _last_block_tag(clean: str, start: int, end: int) -> re.Match[str] | None:
    """The last tag of a block that begins between `start` and `end`."""
    position = end
    while (position := clean.rfind("<", start, position)) >= 0:
        if found := BLOCK_TAG.match(clean, position):
            return found
    return None


def _marked_block(
    tag: re.Match[str] | None, text: str, after: re.Match[str] | None, base: str
) -> Iterator[str]:
    """A run of inline text between two tags of blocks: the block is marked, if it holds nothing else and the
    whole of it is in one other language, and the runs in it that are in yet another."""
    start = tag[0] if tag else ""
    if tag and after and after[0] == f"</{tag[1]}>":
        language = _language_of(ANY_TAG.sub("", text) if "<" in text else text, base)
        if language != base:
            start, base = f'{start[:-1]} lang="{language}">', language
    yield start
    if base not in (ENGLISH, CHINESE):
        yield text
    elif "<" not in text:
        yield _with_runs(text, base)
    else:
        for part in TAGS_AND_TEXTS.findall(text):
            yield part if part[0] == "<" else _with_runs(part, base)


def _language_of(text: str, base: str) -> str:
    """The language of a block. It is Chinese with over three characters for each word, and English with over
    two words for each character."""
    han, words = sum(map(len, HAN_RUN.findall(text))), len(LATIN_LETTERS.findall(text))
    if KANA.search(text) and _is_japanese(text, words):
        return JAPANESE
    if base == ENGLISH:
        return CHINESE if han > 1 and han > 3 * words else base
    return ENGLISH if words > 2 and words > 2 * han and not FOREIGN.search(text) else base


def _is_japanese(text: str, words: int) -> bool:
    """Whether most of the text stands in runs that have kana."""
    runs = EASTERN_WORDS.findall(text)
    with_kana = sum(len(run) for run in runs if KANA.search(run))
    characters = sum(map(len, runs))
    return with_kana * 4 >= characters * 3 and len(KANA.findall(text)) * 4 >= characters > 3 * words


def _with_runs(text: str, base: str) -> str:
    if base == ENGLISH:
        return EASTERN_RUN.sub(_eastern, text)
    text = PHRASE.sub(_phrase, text)
    return KANA_OR_HANGUL_RUN.sub(_in_chinese, text) if KANA_OR_HANGUL.search(text) else text


def _phrase(found: re.Match[str]) -> str:
    """With letters beyond ASCII it is hardly English."""
    return found[0] if FOREIGN.search(found[0]) else _span(found[0], ENGLISH)


def _eastern(run: re.Match[str]) -> str:
    if run[1]:
        return _span(run[1], KOREAN)
    return _span(run[0], JAPANESE if KANA.search(run[0]) else CHINESE)


def _in_chinese(run: re.Match[str]) -> str:
    """Kana among Han are Japanese if they are many: 「鲜の每日」 is a shop's name in Chinese."""
    if run[1]:
        return _span(run[1], KOREAN)
    kana = len(KANA.findall(run[0]))
    return _span(run[0], JAPANESE) if kana > 1 and kana * 3 >= len(run[0]) else run[0]


def _span(text: str, language: str) -> str:
    return f'<span lang="{language}">{text}</span>'


# --- what is not looked at


def _hold(clean: str, base: str, held: list[str]) -> str:
    """`clean` with a number in the place of each element that stays as it is."""

    def hold(text: str) -> str:
        held.append(text)
        return f"\x00{len(held) - 1}\x00"

    def hold_element(found: re.Match[str]) -> str:
        text = found[0]
        if found[1] == "ruby" and base == ENGLISH and EASTERN.search(text) and MARKED.search(text) is None:
            text = f'<ruby lang="{JAPANESE if KANA.search(text) else CHINESE}"{text[5:]}'
        return hold(text)

    clean = PROTECTED.sub(hold_element, clean)
    if ' lang="' not in clean:
        return clean
    parts, position = [], 0
    while (found := MARKED.search(clean, position)) is not None:
        end = _end_of_element(clean, found)
        parts += clean[position : found.start()], hold(clean[found.start() : end])
        position = end
    return "".join(parts) + clean[position:]


def _end_of_element(clean: str, start: re.Match[str]) -> int:
    if start[1] in ("br", "hr", "img", "input", "wbr"):
        return start.end()
    depth = 1
    for tag in re.compile(rf"<(/?){start[1]}(?:\s{_ATTRIBUTES})?>").finditer(clean, start.end()):
        depth += -1 if tag[1] else 1
        if not depth:
            return tag.end()
    return len(clean)

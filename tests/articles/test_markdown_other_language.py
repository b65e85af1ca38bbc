"""Text in another language than its article's is marked with `lang`; the text itself stays the same."""

import re
import time

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.markdown import render
from articles.markdown.html_tokens import tokens
from articles.markdown.other_language import mark_other_languages
from articles.templatetags.text_language import other_language

ZH, JA, KO, EN = ('<span lang="zh-Hans">', '<span lang="ja">', '<span lang="ko">', '<span lang="en">')
END = "</span>"

IN_ENGLISH = {
    "a term": ("The words 其特征在于 open it.", f"<p>The words {ZH}其特征在于{END} open it.</p>"),
    "dots between": ("It says 由……组成 here.", f"<p>It says {ZH}由……组成{END} here.</p>"),
    "a title in its brackets": ("See 《专利法》, art. 2.", f"<p>See {ZH}《专利法》{END}, art. 2.</p>"),
    "a sentence with its full stop": (
        "He wrote: 第3条，可以。 Then he left the room.",
        f"<p>He wrote: {ZH}第3条，可以。{END} Then he left the room.</p>",
    ),
    "quotes within": ("So 他说“好”了 it is.", f"<p>So {ZH}他说“好”了{END} it is.</p>"),
    "the text's own quotes stay outside": ("So “专利” it is.", f"<p>So “{ZH}专利{END}” it is.</p>"),
    "within emphasis": ("So **专利** it is.", f"<p>So <strong>{ZH}专利{END}</strong> it is.</p>"),
    "within a link": ("So [专利](/a) it is.", f'<p>So <a href="/a">{ZH}专利{END}</a> it is.</p>'),
    "a whole paragraph": ("第一段，都是中文。", '<p lang="zh-Hans">第一段，都是中文。</p>'),
    "a paragraph with a term of ours": (
        "这一段里只有 AI 是英文。",
        '<p lang="zh-Hans">这一段里只有 AI 是英文。</p>',
    ),
    "a quote": (
        "> 第一段，都是中文。",
        '<blockquote>\n<p lang="zh-Hans">第一段，都是中文。</p>\n</blockquote>',
    ),
    "a heading": ("## 第二章", '<h2 id="s-第二章" lang="zh-Hans">第二章</h2>'),
    "an item": ("- 甲乙\n- b", '<ul>\n<li lang="zh-Hans">甲乙</li>\n<li>b</li>\n</ul>'),
    "an item with a list in it": (
        "- 甲乙\n  - b",
        f"<ul>\n<li>{ZH}甲乙{END}<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>",
    ),
    "kana": ("Look at 東京タワー now.", f"<p>Look at {JA}東京タワー{END} now.</p>"),
    "hangul": ("Look at 서울 특별시 now.", f"<p>Look at {KO}서울 특별시{END} now.</p>"),
    "code": ("Type `专利` now.", "<p>Type <code>专利</code> now.</p>"),
    "a fence": ("```\n专利\n```", '<div class="highlight"><pre>'),
    "what the author marked": (
        'So <span lang="ja">漢字</span> it is.',
        '<p>So <span lang="ja">漢字</span> it is.</p>',
    ),
    "a block that the author marked": (
        '<div lang="ja">\n\n漢字 one\n\n</div>\n\nAnd 汉字 too.',
        f'<div lang="ja">\n<p>漢字 one</p>\n</div>\n<p>And {ZH}汉字{END} too.</p>',
    ),
    "an annotation": (
        "So <ruby>汉<rt>hàn</rt></ruby> it is.",
        '<p>So <ruby lang="zh-Hans">汉<rt>hàn</rt></ruby> it is.</p>',
    ),
    "an attribute": ("So [a](/b '专利') it is.", '<p>So <a href="/b" title="专利">a</a> it is.</p>'),
    "a formula": (r"So $\text{专利}$ it is.", "专利</mtext>"),
    "no other language": ("Nothing to do.", "<p>Nothing to do.</p>"),
}
IN_CHINESE = {
    "a whole paragraph": ("This one is in English.", '<p lang="en">This one is in English.</p>'),
    "a phrase": (
        "论文 Attention Is All You Need 提出了它。",
        f"<p>论文 {EN}Attention Is All You Need{END} 提出了它。</p>",
    ),
    "a phrase in brackets": (
        "请求（a method of doing business）不行。",
        f"<p>请求（{EN}a method of doing business{END}）不行。</p>",
    ),
    "a term": ("用 AI 和 Open Source 写作。", "<p>用 AI 和 Open Source 写作。</p>"),
    "numbers": ("共 3 5 8 10 个。", "<p>共 3 5 8 10 个。</p>"),
    "two words and a number": ("用 GPT 4 Turbo 写作。", "<p>用 GPT 4 Turbo 写作。</p>"),
    "a quote": ("> Nothing is lost.", '<blockquote>\n<p lang="en">Nothing is lost.</p>\n</blockquote>'),
    "a quote with a Chinese word": (
        "> Nothing is ever lost in the whole of 专利.",
        f'<blockquote>\n<p lang="en">Nothing is ever lost in the whole of {ZH}专利{END}.</p>\n</blockquote>',
    ),
    "within emphasis": (
        "书名 *The Long Tail* 在此。",
        f"<p>书名 <em>{EN}The Long Tail{END}</em> 在此。</p>",
    ),
    "an ampersand": (
        "公司 Smith, Jones & Sons 在此。",
        f"<p>公司 {EN}Smith, Jones &amp; Sons{END} 在此。</p>",
    ),
    "another Latin language": ("书名 À la recherche du temps perdu 在此。", "<p>书名 À la"),
    "an address": ("见 https://a.example/b-c/d_e 吧。", "见 <a href="),
    "code": ("输入 `run all the tests now` 即可。", "<code>run all the tests now</code>"),
    "kana": ("他说 ありがとう 便走了。", f"<p>他说 {JA}ありがとう{END} 便走了。</p>"),
    "one kana in Chinese": ("鲜の每日很好喝。", "<p>鲜の每日很好喝。</p>"),
    "hangul": ("他说 안녕 便走了。", f"<p>他说 {KO}안녕{END} 便走了。</p>"),
    "what the author marked": (
        '书名 <i lang="fr">la la la la land</i> 在此。',
        '<p>书名 <i lang="fr">la la la la land</i> 在此。</p>',
    ),
    "no other language": ("没有别的。", "<p>没有别的。</p>"),
}


@pytest.mark.parametrize(("source", "html"), IN_ENGLISH.values(), ids=IN_ENGLISH)
def test_other_languages_in_english_articles_are_marked(source: str, html: str):
    assert html in render(source, language="en").html
    assert 'lang="en"' not in render(source, language="en").html


@pytest.mark.parametrize(("source", "html"), IN_CHINESE.values(), ids=IN_CHINESE)
def test_other_languages_in_chinese_articles_are_marked(source: str, html: str):
    assert html in render(source, language="zh-hans").html


def test_nothing_is_marked_in_a_text_of_unknown_language():
    assert "lang=" not in render("The words 其特征在于 open it.").html


def test_code_and_formulas_are_not_marked():
    text = "```\n其特征在于\n```\n\n`专利` and $\\text{专利}$\n\n    专利"
    assert "lang=" not in render(text, language="en").html
    assert (
        "lang=" not in render("`run all the tests`\n\n```\nrun all the tests\n```", language="zh-hans").html
    )


def text_of(html: str) -> str:
    return "".join(text for *_tag, text in tokens(html))


WORDS = """专利 权利要求 the claim is that AI one two three 東京タワー です 서울 안녕 《 》 “ ” 。
    ， …… — ( ) & < > ` ``` $x$ ** * _ ~~ [ ](/a) ![ <b> </b> <div> </div> <span＿lang='fr'> </span> <ruby>
    <rt> </rt> </ruby> <code> </code> - 1. > # | [^1] [^1]: 12 3 café &amp; &nbsp; ¶"""
OURS = re.compile(r'<span lang="(?:en|zh-Hans|ja|ko)">([^<]*)</span>| lang="(?:en|zh-Hans|ja|ko)"')


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(WORDS.split()), max_size=40),
    st.sampled_from(["en", "zh-hans"]),
    st.sampled_from(["", " "]),
)
def test_marking_changes_no_text_and_no_tag(pieces: list[str], language: str, between: str):
    source = between.join(pieces).replace("¶", "\n\n").replace("＿", " ")
    before = render(source).html

    after = mark_other_languages(before, language)

    assert text_of(after) == text_of(before)
    assert OURS.sub(r"\1", after) == before


@pytest.mark.parametrize(
    "text",
    [
        "专" * 90_000,
        "《" * 90_000,
        "a'" * 45_000,
        "a " * 45_000,
        "“专" * 45_000,
        "a 1 " * 20_000,
        "の专" * 45_000,
    ],
    ids=["Han", "brackets", "apostrophes", "words", "quotes", "numbers", "kana"],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_marking_takes_time_in_proportion_to_the_text(text: str, language: str):
    start = time.process_time()
    marked = mark_other_languages(f"<p>x{text}</p><p>{text}</p>", language)
    assert time.process_time() - start < 0.5
    assert text_of(marked) == f"x{text}{text}"


@pytest.mark.parametrize(
    ("title", "marked"),
    [
        ("James' new big house 你好", 'James\' <span lang="en">new big house</span> 你好'),
        ("读 writers' own words matter 的书", '读 writers\' <span lang="en">own words matter</span> 的书'),
        ("<b> & 'x' 你好", "&lt;b&gt; &amp; 'x' 你好"),
    ],
)
def test_entities_of_a_title_stay_whole(title, marked):
    with translation.override("zh-hans"):
        assert other_language(title) == marked

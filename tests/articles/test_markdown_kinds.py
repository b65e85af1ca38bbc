"""Kinds of Markdown that real articles have and earlier renderers got wrong, with the expected HTML."""

import re

import pytest

from articles.markdown import lost_text, render

TAG = re.compile(r"<[^<>]*>")


def html(text: str, **options) -> str:
    return render(text, **options).html.strip()


def flat(text: str) -> str:
    """The HTML without line ends between tags and without the wrappers of code blocks and outside links."""
    out = (
        html(text)
        .replace('<div class="highlight"><pre><span></span><code>', "<pre>")
        .replace("\n</code></pre></div>", "</pre>")
    )
    return re.sub(r"(?<=>)\n+|\n+(?=<)", "", out).replace(' rel="noopener"', "")


LISTS = {
    "nested by two": ("- a\n  - b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
    "nested by three": (
        "1. first\n   - inner\n2. second",
        "<ol><li>first<ul><li>inner</li></ul></li><li>second</li></ol>",
    ),
    "nested by four": ("- a\n    - b", "<ul><li>a<ul><li>b</li></ul></li></ul>"),
    "three levels": (
        "- a\n  - b\n    - c\n- d",
        "<ul><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ul>",
    ),
    "continued": ("1. a\n\n   more\n\n2. b", "<ol><li><p>a</p><p>more</p></li><li><p>b</p></li></ol>"),
    "start": ("4. fourth\n5. fifth", '<ol start="4"><li>fourth</li><li>fifth</li></ol>'),
    "start of nothing": ("0. zero", '<ol start="0"><li>zero</li></ol>'),
    "two kinds": ("- a\n\n1. b", "<ul><li>a</li></ul><ol><li>b</li></ol>"),
    "two bullets": ("- a\n* b", "<ul><li>a</li></ul><ul><li>b</li></ul>"),
    "bullets, then numbers": (
        "- 甲\n- 乙\n\n1. first\n2. second",
        "<ul><li>甲</li><li>乙</li></ul><ol><li>first</li><li>second</li></ol>",
    ),
    "parenthesis": ("Text:\n1) a\n2) b", "<p>Text:</p><ol><li>a</li><li>b</li></ol>"),
    "under a quote": ("> q\n- a", "<blockquote><p>q</p></blockquote><ul><li>a</li></ul>"),
    "in a quote": ("> - a\n>   - b", "<blockquote><ul><li>a<ul><li>b</li></ul></li></ul></blockquote>"),
    "loose": ("- a\n- b\n\n- c", "<ul><li><p>a</p></li><li><p>b</p></li><li><p>c</p></li></ul>"),
    "code in an item": (
        "- a\n\n  ```js\n  x\n  ```\n- b",
        '<ul><li><p>a</p><pre><span class="nx">x</span></pre></li><li><p>b</p></li></ul>',
    ),
    "a year": ("It was in\n1984. A good year.", "<p>It was in\n1984. A good year.</p>"),
    "tasks": (
        "- [ ] a\n- [x] b",
        '<ul class="task-list"><li class="task-list-item"><input type="checkbox" disabled=""> a</li>'
        '<li class="task-list-item"><input type="checkbox" checked="" disabled=""> b</li></ul>',
    ),
}

TEXT_BETWEEN_SIGNS = {
    "underscores": (
        "The _id field, _then_ user_name is **required**.",
        "The _id field, <em>then</em> user_name is <strong>required</strong>.",
    ),
    "underscores in Chinese": (
        "变量 _count 与 _total_sum 很重要，_务必_ 检查 max_size 和 **重启**。",
        "变量 _count 与 _total_sum 很重要，<em>务必</em> 检查 max_size 和 <strong>重启</strong>。",
    ),
    "less than": (
        "若 a<b，则 b>a；温度 t<T 时成立，否则 x>y 不成立。",
        "若 a&lt;b，则 b&gt;a；温度 t&lt;T 时成立，否则 x&gt;y 不成立。",
    ),
    "less than, in code": ("Do something if 0<foo or foo>10.", "Do something if 0&lt;foo or foo&gt;10."),
    "generics": ("Vec<T> and List<String>", "Vec&lt;T&gt; and List&lt;String&gt;"),
    "to be done": ("<TBD>", "&lt;TBD&gt;"),
    "a path": ("run cat <path> to see it, then go on.", "run cat &lt;path&gt; to see it, then go on."),
    "a script": ("使用 <script> 标签。", "使用 &lt;script&gt; 标签。"),
    "a textarea": ("见 <textarea> 元素", "见 &lt;textarea&gt; 元素"),
    "p values": ("p<0.05, a < b, c<=d", "p&lt;0.05, a &lt; b, c&lt;=d"),
    "struck": (
        "原价~~¥100~~现价¥80；~~《旧书名》~~已更名；~~“删除”~~文字；**“加粗”**文字。",
        "原价<del>¥100</del>现价¥80；<del>《旧书名》</del>已更名；<del>“删除”</del>文字；<strong>“加粗”</strong>文字。",
    ),
    "bold and a colon": ("**注意：**请看", "<strong>注意：</strong>请看"),
    "bold and quotes": ("这是**“重点”**的", "这是<strong>“重点”</strong>的"),
    "bold around a link": ("**[链接](/x)**后文", '<strong><a href="/x">链接</a></strong>后文'),
    "bold and a hyphen": ("**-b** 以及", "<strong>-b</strong> 以及"),
    "bold twice in a row": ("**非常****粗**", "<strong>非常</strong><strong>粗</strong>"),
    "bold around a star": ("**2*3**", "<strong>2*3</strong>"),
    "stars in prose": ("2 * 3 * 4 and a * b", "2 * 3 * 4 and a * b"),
    "ranges": ("5~10年，20~30年", "5~10年，20~30年"),
    "escapes": (r"\$5 \<T\> \" \& \~ \| \#", '$5 &lt;T&gt; " &amp; ~ | #'),
    "break by a backslash": ("第一行\\\n第二行", "第一行<br>第二行"),
    "prices": ("$5 and $10, US$5到US$10，$HOME/bin:$PATH", "$5 and $10, US$5到US$10，$HOME/bin:$PATH"),
    "blank in an address": ("[a](b/c d.png)", '<a href="b/c%20d.png">a</a>'),
    "text in parentheses": ("[a](not an address)", "[a](not an address)"),
    "a title that is “title”": ('[a](/b "title")', '<a href="/b" title="title">a</a>'),
    "entities": ("&copy; &amp;lt; &nosuch; AT&T", "© &amp;lt; &amp;nosuch; AT&amp;T"),
    "ruby": ("<ruby>开源<rt>open source</rt></ruby>", "<ruby>开源<rt>open source</rt></ruby>"),
    "telephone": ("[call](tel:+8610)", '<a href="tel:+8610">call</a>'),
    "label with code": ("[`tool`]\n\n[`tool`]: /t", '<a href="/t"><code>tool</code></a>'),
    "label in Chinese": ("[工具][]\n\n[工具]: /t", '<a href="/t">工具</a>'),
    "sentence after a bracket": ("[注]: 这是说明", "[注]: 这是说明"),
}

BLOCKS = {
    "details": (
        "<details><summary>x</summary>\n\n- **a**\n\n</details>",
        "<details><summary>x</summary><ul><li><strong>a</strong></li></ul></details>",
    ),
    "div without end": ("<div>\n\n**a**", "<div><p><strong>a</strong></p></div>"),
    "comment without end": ("<!-- a\n\nb", "<p>&lt;!-- a</p><p>b</p>"),
    "comment": ("a <!-- b --> c\n\n<!--\nd\n\ne\n-->\n\nf", "<p>a  c</p><p>f</p>"),
    "quotes apart": ("> A\n\n> B", "<blockquote><p>A</p></blockquote><blockquote><p>B</p></blockquote>"),
    "lazy quote": ("> A\nB", "<blockquote><p>A\nB</p></blockquote>"),
    "info of two words": ("```shell script\nx\n```", "<pre>x</pre>"),
    "info with Chinese": ("```没有 示例\nx\n```", "<pre>x</pre>"),
    "fence at a paragraph": ("a\n```\nx\n```\nb", "<p>a</p><pre>x</pre><p>b</p>"),
    "fence indented": ("   ```\n   x\n   ```", "<pre>x</pre>"),
    "fence without end": ("```\nx\n\ny", "<pre>x\n\ny</pre>"),
    "tabs in a fence": ("```\n\tx\ty\n```", "<pre>\tx\ty</pre>"),
    "tabs in indented code": ("\tx\ty", "<pre>x\ty</pre>"),
    "heading C#": ("## C#", '<h2 id="s-c">C#</h2>'),
    "heading with closing signs": ("## a ##", '<h2 id="s-a">a</h2>'),
    "heading without blank": ("##第二章", '<h2 id="s-第二章">第二章</h2>'),
    "title without blank": ("#第一章", '<h2 id="s-第一章">第一章</h2>'),
    "a tag": ("#hashtag", "<p>#hashtag</p>"),
    "a tag of Weibo": ("#话题# 正文", "<p>#话题# 正文</p>"),
    "a number": ("see\n#1 of the list", "<p>see\n#1 of the list</p>"),
    "heading indented": (" ## x", '<h2 id="s-x">x</h2>'),
    "front matter": ("---\ntitle: x\n---\n\na", "<p>a</p>"),
    "TOML front matter": ('+++\ntitle = "x"\n+++\na', "<p>a</p>"),
    "a rule is no front matter": ("---\n\na\n\n---", "<hr><p>a</p><hr>"),
    "a script": (
        "<script>\nlet *a* = 1;\n\nb\n</script>\n\nc",
        "<pre>&lt;script&gt;\nlet *a* = 1;\n\nb\n&lt;/script&gt;</pre><p>c</p>",
    ),
}


@pytest.mark.parametrize(("typed", "read"), LISTS.values(), ids=LISTS)
def test_lists_are_what_their_indentation_and_markers_say(typed, read):
    assert flat(typed) == read


@pytest.mark.parametrize(("typed", "read"), TEXT_BETWEEN_SIGNS.values(), ids=TEXT_BETWEEN_SIGNS)
def test_signs_mean_what_writers_expect_and_nothing_is_cut(typed, read):
    assert flat(typed) == f"<p>{read}</p>"


@pytest.mark.parametrize(("typed", "read"), BLOCKS.values(), ids=BLOCKS)
def test_blocks_begin_and_end_where_writers_expect(typed, read):
    assert flat(typed) == read


@pytest.mark.parametrize(
    "text", [typed for table in (LISTS, TEXT_BETWEEN_SIGNS, BLOCKS) for typed, _read in table.values()]
)
def test_no_kind_loses_a_letter(text):
    assert lost_text(text, render(text)) == []


def test_a_table_may_follow_its_sentence_and_code_in_it_may_hold_a_bar():
    out = flat("价格如下：\n| a | b |\n|---|---|\n| `a\\|b` | `c|d` |\n| 1 | 2 | 3 |")
    assert out.startswith("<p>价格如下：</p><div")
    assert "<td><code>a|b</code></td><td><code>c|d</code></td>" in out
    assert "<td>1</td><td>2</td><td>3</td>" in out


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("来源：https://example.org/report/2026，第3页。", ["https://example.org/report/2026"]),
        ("见https://example.org/a的说明", ["https://example.org/a"]),
        ("（https://example.org/b）", ["https://example.org/b"]),
        ("访问https://example.org/即可", ["https://example.org/"]),
        ("https://zh.wikipedia.org/wiki/民法_(法律)。", ["https://zh.wikipedia.org/wiki/民法_(法律)"]),
        ("See https://example.org/a.", ["https://example.org/a"]),
        ("(see https://example.org/a_(b))", ["https://example.org/a_(b)"]),
        ("**https://example.org/a**说明", ["https://example.org/a"]),
        ("“https://example.org/a”", ["https://example.org/a"]),
        ("www.example.org/x and me@example.org.", ["http://www.example.org/x", "mailto:me@example.org"]),
        ("邮箱me@example.org。", ["mailto:me@example.org"]),
        ("`https://example.org`", []),
        ('<a href="/x">https://example.org</a>', ["/x"]),
        ("[https://example.org](/x)", ["/x"]),
        ("[**https://a.example/b**](https://a.example/b)", ["https://a.example/b"]),
        ("foohttps://example.org", []),
        ("a@b and x@", []),
    ],
)
def test_bare_addresses_are_links(text, linked):
    rendered = render(text)
    assert re.findall(r'href="([^"]*)"', rendered.html) == linked
    assert rendered.text == text.replace("`", "").replace("*", "").replace("[", "").replace(
        "](/x)", ""
    ).replace('<a href="/x">', "").replace("</a>", "").replace("](https://a.example/b)", "")


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("second-part", "s-second-part"),
        ("s-second-part", "s-second-part"),
        ("whats-new", "s-whats-new"),
        ("second-part-1", "s-second-part_1"),
    ],
)
def test_links_to_headings_by_the_slug_of_github_and_by_our_id(link, found):
    out = html(f"[there](#{link})\n\n## Second part\n\n## What's new?\n\n## Second part")
    assert f'<a href="#{found}">there</a>' in out
    assert f'id="{found}"' in out


def test_links_to_headings_keep_marks_or_are_the_heading_itself():
    out = html("[a](#plan-\ufe0f) [b](#我们要做什么？)\n\n## Plan (🛠\ufe0f)\n\n## 我们要做什么？")
    assert '<a href="#s-plan">a</a> <a href="#s-我们要做什么">b</a>' in out
    assert 'id="s-plan"' in out


def test_links_to_chinese_headings_and_to_named_anchors():
    out = html(
        '[a](#第二部分) [b](#%E7%AC%AC) [c](#x) [d](#gone)\n\n## 第二部分\n\n## 第\n\n<a name="x"></a>'
    )
    for target in ("#s-第二部分", "#s-第", "#s-x", "#gone"):
        assert f'href="{target}"' in out
    assert 'name="s-x"' in out


@pytest.mark.parametrize("kind", ["NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"])
def test_callouts_have_a_label(kind):
    out = flat(f"> [!{kind}]\n> **a**")
    label = f'<p class="callout-title"><span class="callout-label">{kind.capitalize()}</span></p>'
    assert out == f'<div class="callout {kind.lower()}" role="note">{label}<p><strong>a</strong></p></div>'


def test_formulas_are_mathml():
    inline, block = html("若 $E=mc^2$ 成立"), html("$$\na\n= b\n$$")
    assert "<msup><mi>c</mi><mn>2</mn></msup>" in inline
    assert 'display="block"' in block
    assert html("a $\\frac{$ b") == "<p>a <code>$\\frac{$</code> b</p>"


def test_a_frame_of_a_video_host_is_a_link_in_a_tab_of_its_own():
    out = html('<iframe src="https://www.youtube-nocookie.com/embed/abc-1?rel=0" title="A film"></iframe>')
    assert 'href="https://www.youtube.com/watch?v=abc-1"' in out
    assert 'target="_blank"' in out
    assert "iframe" not in out


@pytest.mark.parametrize(
    "source",
    [
        "https://player.vimeo.com/video/1",
        "//player.bilibili.com/player.html?bvid=BV1x",
        "https://player.youku.com/embed/XM==",
    ],
)
def test_other_video_hosts_are_known(source):
    assert 'class="video"' in html(f'<iframe src="{source}"></iframe>')


def test_our_own_pictures_may_be_given_with_the_name_of_the_site():
    sizes = {"/media/a.png": (8, 6)}
    text = '![x](https://pub.example/media/a.png)\n\n<img src="https://pub.example/media/a.png">'
    out = render(text, site_url="https://pub.example", size_of=sizes.get).html
    assert out.count('src="/media/a.png"') == 2
    assert 'width="8"' in out


def test_notes_keep_their_paragraphs_and_unused_notes_are_shown():
    out = html("注[^1]。\n\n[^1]: 说明\n\n    第二段\n[^c]: 没用")
    assert out.index("说明") < out.index("第二段") < out.index("没用")

"""The cases of two collections of faults that concern the renderer: what was typed, what the release before
showed (with Python-Markdown 3.11.3), and what is right. `lost` says whether letters were lost then."""

from typing import NamedTuple


class Case(NamedTuple):
    name: str
    typed: str
    before: str
    after: str
    lost: bool = False


# fmt: off
CASES = [
    Case('publishing 1, underscores', 'The _id field, _then_ user_name is **required**.',
        '<p>The _id field, <em>then</em> user<strong>ame is *</strong>equired**.</p>',
        '<p>The _id field, <em>then</em> user_name is <strong>required</strong>.</p>', lost=True),
    Case('publishing 1, underscores in Chinese',
        (
            '变量 _count 与 _total_sum 很重要，_务必_ 检查 max_size 和 **重启**。'
        ),
        (
            '<p>变量 _count 与 _total_sum 很重要，<em>务必</em> 检查 max<strong>iz</stron'
            'g>和 <strong>重启</strong>。</p>'
        ),
        (
            '<p>变量 _count 与 _total_sum 很重要，<em>务必</em> 检查 max_size 和 <stron'
            'g>重启</strong>。</p>'
        ),
        lost=True),
    Case('publishing 2, less and greater in Chinese',
        '若 a<b，则 b>a；温度 t<T 时成立，否则 x>y 不成立。', '<p>若 aa；温度 ty 不成立。</p>',
        (
            '<p>若 a&lt;b，则 b&gt;a；温度 t&lt;T 时成立，否则 x&gt;y 不成立。</p>'
        ),
        lost=True),
    Case('publishing 2, less and greater', 'Do something if 0<foo or foo>10.',
        '<p>Do something if 010.</p>', '<p>Do something if 0&lt;foo or foo&gt;10.</p>', lost=True),
    Case('publishing 2, a type', 'List<String>', '<p>List</p>', '<p>List&lt;String&gt;</p>',
        lost=True),
    Case('publishing 2, a placeholder', 'Due on <TBD>.', '<p>Due on .</p>',
        '<p>Due on &lt;TBD&gt;.</p>', lost=True),
    Case('publishing 2, what was right', 'p<0.05, a < b, <https://example.org/>',
        (
            '<p>p&lt;0.05, a &lt; b, <a href="https://example.org/" rel="noopener">https://example'
            '.org/</a></p>'
        ),
        (
            '<p>p&lt;0.05, a &lt; b, <a href="https://example.org/" rel="noopener">https://example'
            '.org/</a></p>'
        )),
    Case('publishing 2, escaped signs', '\\<T\\> \\& \\$5 \\"',
        '<p>\\&lt;T&gt; \\&amp; \\$5 \\"</p>', '<p>&lt;T&gt; &amp; $5 "</p>'),
    Case('publishing 3, struck beside Chinese',
        (
            '原价~~¥100~~现价¥80；~~《旧书名》~~已更名；~~“删除”~~文字；**“加粗”**文字。'
        ),
        (
            '<p>原价~~¥100<del>现价¥80；</del>《旧书名》<del>已更名；</del>“删除”~~文字；'
            '<strong>“加粗”</strong>文字。</p>'
        ),
        (
            '<p>原价<del>¥100</del>现价¥80；<del>《旧书名》</del>已更名；<del>“删除”</del>'
            '文字；<strong>“加粗”</strong>文字。</p>'
        )),
    Case('publishing 4, nested by two', '- 甲\n  - 甲一', '<ul>\n<li>甲</li>\n<li>甲一</li>\n</ul>',
        (
            '<ul>\n<li>甲<ul>\n<li>甲一</li>\n</ul>\n</li>\n</ul>'
        )),
    Case('publishing 4, nested by three', '1. first\n   - inner\n2. second',
        '<ol>\n<li>first</li>\n<li>inner</li>\n<li>second</li>\n</ol>',
        '<ol>\n<li>first<ul>\n<li>inner</li>\n</ul>\n</li>\n<li>second</li>\n</ol>'),
    Case('publishing 4, a paragraph by two', '- 甲\n\n  乙\n\n- 丙',
        (
            '<ul>\n<li>甲</li>\n</ul>\n<p>乙</p>\n<ul>\n<li>丙</li>\n</ul>'
        ),
        (
            '<ul>\n<li>\n<p>甲</p>\n<p>乙</p>\n</li>\n<li>\n<p>丙</p>\n</li>\n</ul>'
        )),
    Case('publishing 4, code by three', '1. a\n\n   ```\n   b\n   ```\n2. c',
        (
            '<ol>\n<li>a</li>\n</ol>\n<p></p><div class="highlight"><pre><span></span><code>'
            'b\n</code></pre></div>\n2. c<p></p>'
        ),
        (
            '<ol>\n<li>\n<p>a</p>\n<div class="highlight"><pre><span></span><code>b\n</code>'
            '</pre></div>\n</li>\n<li>\n<p>c</p>\n</li>\n</ol>'
        )),
    Case('publishing 6, numbers after bullets', '- 甲\n- 乙\n\n1. first\n2. second',
        (
            '<ul>\n<li>甲</li>\n<li>\n<p>乙</p>\n</li>\n<li>\n<p>first</p>\n</li>\n<li>secon'
            'd</li>\n</ul>'
        ),
        (
            '<ul>\n<li>甲</li>\n<li>乙</li>\n</ul>\n<ol>\n<li>first</li>\n<li>second</li>\n</ol>'
        )),
    Case('publishing 7, a fence with a title', '```js title=app.js\na\n```\n\nb',
        '<p><code>js title=app.js\na</code></p>\n<p>b</p>',
        (
            '<div class="highlight"><span class="filename">app.js</span><pre><span></span'
            '><code><span class="nx">a</span>\n</code></pre></div>\n\n<p>b</p>'
        )),
    Case('publishing 7, a fence with words', '```python 示例\na\n```\n\nb',
        '<p><code>python 示例\na</code></p>\n<p>b</p>',
        (
            '<div class="highlight"><pre><span></span><code><span class="n">a</span>'
            '\n</code></pre></div>\n\n<p>b</p>'
        )),
    Case('publishing 7, a fence with a file', '```python:main.py\na\n```\n\nb',
        '<p><code>python:main.py\na</code></p>\n<p>b</p>',
        (
            '<div class="highlight"><pre><span></span><code><span class="n">a</span>'
            '\n</code></pre></div>\n\n<p>b</p>'
        )),
    Case('publishing 7, a fence with lines', '```go {1,3}\na\n```\n\nb',
        (
            '<div class="highlight"><pre><span></span><code><span class="nx">a</span'
            '>\n</code></pre></div>\n<p>b</p>'
        ),
        (
            '<div class="highlight"><pre><span></span><code><span class="nx">a</span'
            '>\n</code></pre></div>\n\n<p>b</p>'
        )),
    Case('publishing 24, a fence glued to prose', 'text\n```\na\n```\ntext',
        (
            '<p>text\n</p><div class="highlight"><pre><span></span><code>a\n</code></pre>'
            '</div>\ntext<p></p>'
        ),
        (
            '<p>text</p>\n<div class="highlight"><pre><span></span><code>a\n</code></pre>'
            '</div>\n<p>text</p>'
        )),
    Case('publishing 24, a fence without end', 'text\n\n```\na\n\nb',
        '<p>text</p>\n<p>```\na</p>\n<p>b</p>',
        '<p>text</p>\n<div class="highlight"><pre><span></span><code>a\n\nb\n</code></pre></div>'),
    Case('publishing 8, a table under its sentence', '价格如下：\n| a | b |\n|---|---|\n| 1 | 2 |',
        '<p>价格如下：\n| a | b |\n|---|---|\n| 1 | 2 |</p>',
        (
            '<p>价格如下：</p>\n<div aria-label="Table 1" class="table" role="region" '
            'tabindex="0">\n<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>'
            '\n<tbody>\n<tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>\n</div>'
        )),
    Case('publishing 9, a bar in code in a cell', '| a | b |\n|---|---|\n| `a\\|b` | c |',
        (
            '<div aria-label="Table 1" class="table" role="region" tabindex="0">\n<table>'
            '\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><code>'
            'a\\|b</code></td>\n<td>c</td>\n</tr>\n</tbody>\n</table>\n</div>'
        ),
        (
            '<div aria-label="Table 1" class="table" role="region" tabindex="0">\n<table>'
            '\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><code>'
            'a|b</code></td>\n<td>c</td>\n</tr>\n</tbody>\n</table>\n</div>'
        )),
    Case('publishing 13, a hard break', '第一行\\\n第二行', '<p>第一行\\\n第二行</p>',
        '<p>第一行<br>\n第二行</p>'),
    Case('publishing 14, a bare address', '来源：https://example.org/report/2026，第3页。',
        (
            '<p>来源：https://example.org/report/2026，第3页。</p>'
        ),
        (
            '<p>来源：<a href="https://example.org/report/2026" rel="noopener">https://example.org'
            '/report/2026</a>，第3页。</p>'
        )),
    Case('publishing 25, our own picture', '![x](http://testserver.example/media/a.png)', 'refused',
        '<figure><img alt="x" loading="lazy" src="/media/a.png"></figure>'),
    Case('publishing, a telephone number', '[call](tel:+86123)', '<p><a>call</a></p>',
        '<p><a href="tel:+86123">call</a></p>'),
    Case('publishing, ruby', '<ruby>漢<rt>hàn</rt></ruby>字', '<p>漢hàn字</p>',
        '<p><ruby>漢<rt>hàn</rt></ruby>字</p>'),
    Case('publishing, Markdown in details', '<details><summary>x</summary>\n\n- **a**\n\n</details>',
        '<details><summary>x</summary>\n\n- **a**\n\n</details>',
        '<details><summary>x</summary>\n<ul>\n<li><strong>a</strong></li>\n</ul>\n</details>'),
    Case('kinds M1, a path', 'run `cat` or cat <path> to see it, then go on.',
        '<p>run <code>cat</code> or cat </p>',
        '<p>run <code>cat</code> or cat &lt;path&gt; to see it, then go on.</p>', lost=True),
    Case('kinds M1, a script', '使用 <script> 标签。\n\n第二段。\n\n第三段。', '<p>使用 </p>',
        (
            '<p>使用 &lt;script&gt; 标签。</p>\n<p>第二段。</p>\n<p>第三段。</p>'
        ),
        lost=True),
    Case('kinds M1, a textarea', '见 <textarea> 元素\n\n第二段。',
        (
            '<p>见  元素&lt;/p&gt;\n&lt;p&gt;第二段。&lt;/p&gt;</p>'
        ),
        '<p>见 &lt;textarea&gt; 元素</p>\n<p>第二段。</p>', lost=True),
    Case('kinds M1, a generic type', 'Vec<T> and more', '<p>Vec and more</p>',
        '<p>Vec&lt;T&gt; and more</p>', lost=True),
    Case('kinds M2, a link to a heading', '[there](#second-part)\n\n## Second part',
        '<p><a href="#second-part">there</a></p>\n<h2 id="s-second-part">Second part</h2>',
        '<p><a href="#s-second-part">there</a></p>\n<h2 id="s-second-part">Second part</h2>'),
    Case('kinds M2, a named anchor', '[there](#x)\n\n<a name="x"></a>here',
        '<p><a href="#x">there</a></p>\n<p><a></a>here</p>',
        '<p><a href="#s-x">there</a></p>\n<p><a name="s-x"></a>here</p>'),
    Case('kinds M3, an address at the end', 'See https://example.org/a.',
        '<p>See https://example.org/a.</p>',
        '<p>See <a href="https://example.org/a" rel="noopener">https://example.org/a</a>.</p>'),
    Case('kinds M3, a mail address', 'Ask me@example.org today.', '<p>Ask me@example.org today.</p>',
        '<p>Ask <a href="mailto:me@example.org">me@example.org</a> today.</p>'),
    Case('kinds M3, brackets of an encyclopedia', '见 https://zh.wikipedia.org/wiki/民法_(法律)。',
        (
            '<p>见 https://zh.wikipedia.org/wiki/民法_(法律)。</p>'
        ),
        (
            '<p>见 <a href="https://zh.wikipedia.org/wiki/民法_(法律)" rel="noopener">'
            'https://zh.wikipedia.org/wiki/民法_(法律)</a>。</p>'
        )),
    Case('kinds M4, a block without end', '<div>\n\n**a**\n\nb', '<div>\n\n**a**\n\nb</div>',
        '<div>\n<p><strong>a</strong></p>\n<p>b</p></div>'),
    Case('kinds M5, an item continued', '1. a\n\n   more\n\n2. b',
        '<ol>\n<li>a</li>\n</ol>\n<p>more</p>\n<ol>\n<li>b</li>\n</ol>',
        '<ol>\n<li>\n<p>a</p>\n<p>more</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ol>'),
    Case('kinds M5, three levels', '- a\n  - b\n    - c',
        '<ul>\n<li>a</li>\n<li>b<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>',
        '<ul>\n<li>a<ul>\n<li>b<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n</li>\n</ul>'),
    Case('kinds M6, a start', '4. fourth\n5. fifth', '<ol>\n<li>fourth</li>\n<li>fifth</li>\n</ol>',
        '<ol start="4">\n<li>fourth</li>\n<li>fifth</li>\n</ol>'),
    Case('kinds M7, a label with code', '[`tool`]\n\n[`tool`]: https://example.org/',
        '<p>[<code>tool</code>]</p>',
        '<p><a href="https://example.org/" rel="noopener"><code>tool</code></a></p>'),
    Case('kinds M8, two kinds of list', '- a\n\n1. b',
        '<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ul>',
        '<ul>\n<li>a</li>\n</ul>\n<ol>\n<li>b</li>\n</ol>'),
    Case('kinds M8, a list under a quote', '> q\n- a',
        '<blockquote>\n<p>q</p>\n<ul>\n<li>a</li>\n</ul>\n</blockquote>',
        '<blockquote>\n<p>q</p>\n</blockquote>\n<ul>\n<li>a</li>\n</ul>'),
    Case('kinds M8, a bracket after a line', 'text\n1) a', '<p>text\n1) a</p>',
        '<p>text</p>\n<ol>\n<li>a</li>\n</ol>'),
    Case('kinds M9, a tab in code', '```\n\ta\n```',
        '<div class="highlight"><pre><span></span><code>    a\n</code></pre></div>',
        '<div class="highlight"><pre><span></span><code>\ta\n</code></pre></div>'),
    Case('kinds M10, two quotes', '> A\n\n> B', '<blockquote>\n<p>A</p>\n<p>B</p>\n</blockquote>',
        '<blockquote>\n<p>A</p>\n</blockquote>\n<blockquote>\n<p>B</p>\n</blockquote>'),
    Case('kinds M11, an old Chinese heading', '##第二章', '<h2 id="s-第二章">第二章</h2>',
        '<h2 id="s-第二章">第二章</h2>'),
    Case('kinds M11, a tag', '#hashtag is not a heading',
        '<h2 id="s-hashtag-is-not-a-heading">hashtag is not a heading</h2>',
        '<p>#hashtag is not a heading</p>'),
    Case('kinds M11, a wrapped line', 'text\n#1 of the list',
        '<p>text</p>\n<h2 id="s-1-of-the-list">1 of the list</h2>', '<p>text\n#1 of the list</p>'),
    Case('kinds M12, a language', '## C#', '<h2 id="s-c">C</h2>', '<h2 id="s-c">C#</h2>'),
    Case('kinds M13, a shell script', '```shell script\na\n```',
        '<p><code>shell script\na</code></p>',
        '<div class="highlight"><pre><span></span><code>a\n</code></pre></div>'),
    Case('kinds M14, a fence in an item', '- a\n\n  ```js\n  b\n  ```\n- c',
        (
            '<ul>\n<li>a</li>\n</ul>\n<p></p><div class="highlight"><pre><span></span><code>'
            '<span class="nx">b</span>\n</code></pre></div>\n- c<p></p>'
        ),
        (
            '<ul>\n<li>\n<p>a</p>\n<div class="highlight"><pre><span></span><code><span'
            ' class="nx">b</span>\n</code></pre></div>\n\n</li>\n<li>\n<p>c</p>\n</li>\n</ul>'
        )),
    Case('kinds M14, a fence by two', '  ```\n  a\n  ```',
        '<div class="highlight"><pre><span></span><code>a\n</code></pre></div>',
        '<div class="highlight"><pre><span></span><code>a\n</code></pre></div>'),
    Case('kinds M15, a frame', '<iframe src="https://www.youtube.com/embed/abc"></iframe>', '',
        (
            '<p><a class="video" href="https://www.youtube.com/watch?v=abc" target="_blan'
            'k" rel="noopener"><span class="host">Watch on YouTube</span></a></p>'
        )),
    Case('kinds M15, a frame of others', 'a\n\n<iframe src="https://evil.example/x"></iframe>\n\nb',
        '<p>a</p>\n\n\n<p>b</p>', '<p>a</p>\n<p>b</p>'),
    Case('kinds M16, ruby as a gloss', '<ruby>开源<rt>open source</rt></ruby>',
        '<p>开源open source</p>', '<p><ruby>开源<rt>open source</rt></ruby></p>'),
    Case('kinds M18, a hard break', 'a\\\nb', '<p>a\\\nb</p>', '<p>a<br>\nb</p>'),
    Case('kinds M19, a table after a line', 'text\n| a |\n|---|\n| b |',
        '<p>text\n| a |\n|---|\n| b |</p>',
        (
            '<p>text</p>\n<div aria-label="Table 1" class="table" role="region" tabin'
            'dex="0">\n<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>'
            'b</td>\n</tr>\n</tbody>\n</table>\n</div>'
        )),
    Case('kinds M20, an indented heading', ' ## x', '<p>## x</p>', '<h2 id="s-x">x</h2>'),
    Case('kinds M21, loose and tight', '- a\n- b\n\n- c',
        '<ul>\n<li>a</li>\n<li>\n<p>b</p>\n</li>\n<li>\n<p>c</p>\n</li>\n</ul>',
        '<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n<li>\n<p>c</p>\n</li>\n</ul>'),
    Case('kinds M22, bold before a colon', '**注意：**请看', '<p><strong>注意：</strong>请看</p>',
        '<p><strong>注意：</strong>请看</p>'),
    Case('kinds M22, bold quotes', '这是**“重点”**的', '<p>这是<strong>“重点”</strong>的</p>',
        '<p>这是<strong>“重点”</strong>的</p>'),
    Case('kinds M22, a bold link', '**[链接](/x)**后文',
        (
            '<p><strong><a href="/x">链接</a></strong>后文</p>'
        ),
        (
            '<p><strong><a href="/x">链接</a></strong>后文</p>'
        )),
    Case('kinds M22, a bold minus', '**-b** 以及', '<p><strong>-b</strong> 以及</p>',
        '<p><strong>-b</strong> 以及</p>'),
    Case('kinds M23, a star within', '**2*3**', '<p>*<em>2<em>3</em></em></p>',
        '<p><strong>2*3</strong></p>'),
    Case('kinds M23, two within', '**$n*n$**', '<p>*<em>$n<em>n$</em></em></p>',
        (
            '<p><strong><math xmlns="http://www.w3.org/1998/Math/MathML" display="in'
            'line"><mrow><mi>n</mi><mo>*</mo><mi>n</mi></mrow></math></strong></p>'
        )),
    Case('kinds M24, a blank in an address', '[a](notes/b c.html)',
        '<p><a href="notes/b c.html">a</a></p>', '<p><a href="notes/b%20c.html">a</a></p>'),
    Case('kinds, a formula', '若 $E=mc^2$ 成立，价 $5 与 $10',
        '<p>若 $E=mc^2$ 成立，价 $5 与 $10</p>',
        (
            '<p>若 <math xmlns="http://www.w3.org/1998/Math/MathML" display="inline">'
            '<mrow><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></mrow>'
            '</math> 成立，价 $5 与 $10</p>'
        )),
    Case('kinds, a callout', '> [!NOTE]\n> a', '<blockquote>\n<p>[!NOTE]\na</p>\n</blockquote>',
        (
            '<div class="callout note" role="note">\n<p class="callout-title"><span class="callout-'
            'label">Note</span></p>\n<p>a</p>\n</div>'
        )),
    Case('kinds, front matter', '---\ntitle: x\n---\n\na',
        '<hr>\n<h2 id="s-title-x">title: x</h2>\n<p>a</p>', '<p>a</p>'),
    Case('kinds, single tildes', '约 3~5 天，10~20 元', '<p>约 3~5 天，10~20 元</p>',
        '<p>约 3~5 天，10~20 元</p>'),
]
# fmt: on

"""Random texts that mix words of both scripts with all signs of Markdown."""

import random
from collections.abc import Iterator

from articles.markdown import MAX_CHARACTERS

# fmt: off
WORDS = [
    "word", "max_size", "_id", "10", "C#", "e.g.", "中文", "“引”", "《书》", "，", "。", "：", "¥100",
    "a<b", "x>y", "5", "https://a.example/b", "www.example.org", "me@example.org", "List<String>", "<path>",
]
SIGNS = [
    "*", "**", "_", "__", "~~", "~~~", "`", "``", "```", "[", "]", "](", "](/a)", "![", "(", ")", "<", ">",
    "</", "<b>", "</b>", "<div>", "</div>", "<pre>", "</pre>", "<script>", "</script>", "<!--", "-->",
    "<details>", "<table>", "<td>", "<iframe src=x>", "&", "&amp;", "\\", "\\\n", "  \n", "\n", "\n\n",
    "\n    ", "\t",
    "# ", "## ", "- ", "1. ", "2) ", "> ", "| ", "| - | - |", "===", "---\n", "[^1]", "[^1]: ", "[x]: /y ",
    "[x] ", "$", "$$", "$x$", "{", "}", "[!NOTE]", "'", '"', "”", " ", "   ",
]
# fmt: on
SHORTEST, LONGEST = 5, 600  # pieces, evenly on a scale of logarithms
SIZE_LIMIT_EVERY = 2_000  # one text in so many is as long as an article may be


def mixed_texts(count: int, seed: int) -> Iterator[str]:
    chance = random.Random(seed)
    for number in range(1, count + 1):
        if number % SIZE_LIMIT_EVERY == 0:
            yield _mixed(chance, MAX_CHARACTERS // 3)[:MAX_CHARACTERS]
        else:
            yield _mixed(chance, int(SHORTEST * (LONGEST / SHORTEST) ** chance.random()))


def _mixed(chance: random.Random, pieces: int) -> str:
    return "".join(
        chance.choice(WORDS) + chance.choice(("", "", " ")) if chance.random() < 0.5 else chance.choice(SIGNS)
        for _ in range(pieces)
    )

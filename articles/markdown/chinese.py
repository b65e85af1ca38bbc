"""Characters of Chinese text."""

import re

# Written without spaces between words: ideographs, kana, their punctuation and full-width forms.
HAN_RANGES = (
    "\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)
# Punctuation that Chinese shares with Latin text: a break beside it joins only if the other side is Chinese.
SHARED = "\u2014\u2018\u2019\u201c\u201d\u2026"
HAN = re.compile(f"[{HAN_RANGES}]")
LETTER = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")

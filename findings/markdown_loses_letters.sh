#!/usr/bin/env bash
# Python-Markdown 3.11.1, 3.11.2 and 3.11.3 lose letters of a paragraph with an unpaired underscore; 3.11 keeps them.
#
# CommonMark 0.31, 6.2: an underscore between letters opens nothing, and an unmatched one stays text. Whatever is made of the signs, no
# letter of the text may go. No extension is loaded. Seen on Python 3.11: the n of "user_name" and the r of "required" are gone.
# That is why ICTiger pins Markdown 3.11. This script fails when one of the four versions behaves otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cat >"$folder/letters.py" <<'PYTHON'
import re
import sys

import markdown

TEXT = "The _id field, _then_ user_name is **required**."
html = markdown.markdown(TEXT)


def letters(text):
    return "".join(re.findall(r"[A-Za-z]", re.sub(r"<[^>]*>", "", text)))


missing = len(letters(TEXT)) - len(letters(html))
print(f"Markdown {markdown.__version__}: {html}  ({missing} letters lost)")
sys.exit(0 if (missing > 0) == (sys.argv[1] == "loses") else 1)
PYTHON

check() { # version, what it does
  python3 -m venv "$folder/$1"
  "$folder/$1/bin/pip" install --quiet --disable-pip-version-check "Markdown==$1"
  "$folder/$1/bin/python" "$folder/letters.py" "$2" || { echo "changed: Markdown $1 no longer $2 letters here"; exit 1; }
}

check 3.11 keeps
check 3.11.1 loses
check 3.11.2 loses
check 3.11.3 loses

#!/usr/bin/env bash
# Pillow 13.0.0: a grey picture converted to RGB keeps its grey colour profile in `info`, and AVIF is written with it unasked; WebP and
# JPEG are not.
#
# ICC.1:2010, 7.2.6: the profile says that its pixels have one channel; the file has three, and a decoder may refuse it. Code that
# converts has to drop the profile, or to convert by it: ICTiger does the latter (articles/images.py). This script fails when Pillow
# does otherwise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "pillow==13.0.0"
cat >"$folder/grey.py" <<'PYTHON'
import io
import struct
import sys

import PIL
from PIL import Image


def grey_profile():
    """A profile of grey with the two tags that make it one: white point and tone curve."""
    white = struct.pack(">3i", 63190, 65536, 54061)
    point, curve = b"XYZ " + bytes(4) + white, b"curv" + bytes(4) + struct.pack(">IH", 1, 563) + bytes(2)
    start = 128 + 4 + 2 * 12
    table = struct.pack(">I", 2)
    table += b"wtpt" + struct.pack(">II", start, len(point))
    table += b"kTRC" + struct.pack(">II", start + len(point), len(curve))
    size = start + len(point) + len(curve)
    header = struct.pack(">I4xI4s4s4s12x4s", size, 0x02400000, b"mntr", b"GRAY", b"XYZ ", b"acsp") + bytes(28) + white
    return header.ljust(128, b"\0") + table + point + curve


grey = Image.new("L", (8, 8), 128)
grey.info["icc_profile"] = grey_profile()
source = io.BytesIO()
grey.save(source, "PNG", icc_profile=grey.info["icc_profile"])
converted = Image.open(source).convert("RGB")
kept = {}
for kind in ("AVIF", "WEBP", "JPEG"):
    written = io.BytesIO()
    converted.save(written, kind)
    read = Image.open(written)
    kept[kind] = (read.mode, (read.info.get("icc_profile") or b"")[16:20].decode())
print(f"Pillow {PIL.__version__}, mode and profile as written: {kept}")
sys.exit(0 if kept == {"AVIF": ("RGB", "GRAY"), "WEBP": ("RGB", ""), "JPEG": ("RGB", "")} else 1)
PYTHON
"$folder/venv/bin/python" "$folder/grey.py" || { echo "changed: Pillow writes other profiles than it did"; exit 1; }

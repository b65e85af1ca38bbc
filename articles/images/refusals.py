"""Refusals that several modules of this package give."""

import struct
import zlib

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image as Picture

# What Pillow's decoders raise for broken data.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    RuntimeError,
    EOFError,
    MemoryError,
    IndexError,
    TypeError,
    struct.error,
    zlib.error,
    Picture.DecompressionBombError,  # of a later frame: the first is checked
)


def damaged() -> ValidationError:
    return ValidationError(_("This file is damaged. Export the picture again and upload that."))

"""Refusals that several modules of this package give."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# What Pillow's decoders raise for broken data.
BROKEN = (OSError, SyntaxError, ValueError, RuntimeError, EOFError, MemoryError)


def damaged() -> ValidationError:
    return ValidationError(_("This file is damaged. Export the picture again and upload that."))

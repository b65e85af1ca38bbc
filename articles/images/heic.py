"""HEIC photographs, as iPhones take them, where the optional package pi-heif is installed."""

from functools import cache

# The major brands of HEIF files that hold HEVC pictures (ISO/IEC 23008-12, annex B); AVIF has its own.
BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def is_heic(start: bytes) -> bool:
    """Whether a file that begins so is a HEIC picture."""
    brands = start[8:64]
    return start[4:8] == b"ftyp" and start[8:12] in BRANDS and b"avif" not in brands


@cache
def formats() -> tuple[str, ...]:
    """The names of the formats that Pillow can read by this package; none where it is not installed."""
    try:
        import pi_heif
    except ImportError:
        return ()
    pi_heif.register_heif_opener()
    return ("HEIF",)

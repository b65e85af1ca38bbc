"""Pictures that editors upload: what is accepted, how it is stored, the smaller versions (renditions) made of
it, where it is used, and the HTML that shows it.

An upload is decoded and encoded again as sRGB, which drops everything but its pixels: place, camera, further
frames, a script in a comment. SVG drawings can run scripts. Only those that come with the code are shown, and
none is accepted as an upload.
"""

from .files import add_image, delete_images, replace_file, save_description, try_again
from .intake import MAX_BYTES, MAX_PIXELS
from .markup import expand_pictures, link_preview_url, picture_element, plain_pictures
from .renditions import WIDTHS, failed_images, make_renditions, state_of, waiting_images
from .uses import name_of, picture_sizes, record_uses, users_of

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "WIDTHS",
    "add_image",
    "delete_images",
    "expand_pictures",
    "failed_images",
    "link_preview_url",
    "make_renditions",
    "name_of",
    "picture_element",
    "picture_sizes",
    "plain_pictures",
    "record_uses",
    "replace_file",
    "save_description",
    "state_of",
    "try_again",
    "users_of",
    "waiting_images",
]

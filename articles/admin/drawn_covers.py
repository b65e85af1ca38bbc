"""A cover for an article that has no picture."""

from django.core.files.base import ContentFile
from django.utils import translation
from django.utils.translation import gettext as _

from articles import generated_covers, images, services
from articles.models import Article
from ictiger.pagecache.public_write import public_write


def draw_cover_for(article: Article) -> bool:
    """Draw a cover into the article's draft. The languages of an article get the same drawing. Tells whether there was need of one."""
    if article.draft.cover_id is not None:
        return False
    seed = article.translation_key
    motif = sorted(generated_covers.MOTIFS)[seed.int % len(generated_covers.MOTIFS)]
    with translation.override(article.language):
        alt = _("An abstract drawing")
    with public_write(article):
        upload = ContentFile(generated_covers.generated_cover_file(str(seed), motif), name="cover.webp")
        services.save_draft(article, cover=images.add_image(upload=upload, alt=alt))
    return True

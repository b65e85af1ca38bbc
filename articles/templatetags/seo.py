"""What search engines are told of an article, as JSON-LD (schema.org/Article)."""

import json

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from articles.models import Article
from ictiger.core.site_url import site_url

register = template.Library()

# As Django's json_script does it: nothing in the text can end the element or open another.
ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.simple_tag(takes_context=True)
def article_json_ld(context: template.Context, article: Article) -> SafeString:
    """A script element of data, which no browser runs and no content policy forbids."""
    text = json.dumps(_description(article, context.get("publication")), ensure_ascii=False).translate(
        ESCAPES
    )
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308  (escaped above)


def _description(article: Article, publication: object) -> dict:
    described = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": article.title,
        "description": article.seo_description or article.summary,
        "inLanguage": article.language,
        "mainEntityOfPage": site_url(article.get_absolute_url()),
        "author": [
            {
                "@type": "Person",
                "name": byline.author.name,
                "url": site_url(byline.author.get_absolute_url()),
            }
            for byline in article.bylines.all()
        ],
        "publisher": {
            "@type": "Organization",
            "name": getattr(publication, "name", "") or "ICTiger",
            "logo": site_url(static("img/apple-touch-icon.png")),
        },
        "image": site_url(article.cover.file.url if article.cover else static("img/og.png")),
        "wordCount": article.words,
        "datePublished": article.publish_at and article.publish_at.isoformat(),
        "dateModified": (article.updated_at or article.publish_at)
        and (article.updated_at or article.publish_at).isoformat(),
    }
    return {name: value for name, value in described.items() if value}

"""JSON-LD for search engines (schema.org/Article)."""

import json

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from articles.images import link_preview_url
from articles.models import Article
from ictiger.core.site_url import site_url

register = template.Library()

# The same escapes as Django's json_script: no text can end the element or open another.
ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.simple_tag(takes_context=True)
def article_json_ld(context: template.Context, article: Article) -> SafeString:
    """A script element with data, which browsers do not run and a Content-Security-Policy does not forbid."""
    fields = _description(article, context.get("publication"))
    text = mark_safe(json.dumps(fields, ensure_ascii=False).translate(ESCAPES))  # noqa: S308  (escaped)
    return format_html('<script type="application/ld+json">{}</script>', text)


def _description(article: Article, publication: object) -> dict:
    page_url = article.canonical_elsewhere or site_url(article.get_absolute_url())
    fields = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": article.title,
        "description": article.seo_description or article.summary,
        "inLanguage": article.language,
        "mainEntityOfPage": page_url,
        "url": page_url,
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
        "image": site_url(link_preview_url(article.cover) if article.cover else static("img/og.png")),
        "wordCount": article.words,
        "datePublished": article.publish_at and article.publish_at.isoformat(),
        "dateModified": (article.updated_at or article.publish_at)
        and (article.updated_at or article.publish_at).isoformat(),
    }
    return {name: value for name, value in fields.items() if value}

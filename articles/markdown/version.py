"""The version of the renderer, which every rendered text is stored with."""

# Raise it by one in each commit that changes what `render` or `articles.search.index_text` returns for any
# text: tests/articles/test_renderer_version.py fails until then. Texts with a lower number are old, and
# `manage.py render` renders them anew. Rows from before the number was stored have 0.
RENDERER_VERSION = 1

"""A site small enough to be started and killed many times: notes with a version, and the page store."""

"""A house of one room, small enough to be started and killed many times: the delivery app, notes with a version, and a page store."""

"""What `manage.py bench` measures: one module a subject, each on a throw-away site with the real server.

A subject has `OPTIONS` (the name of each option and what `add_argument` takes for it) and `run(options, tell)`, which is called inside the
throw-away site (`site.py`) and returns a `Report` (`report.py`): a table to print, and the figures behind it for a file in `var/bench/`.
"""

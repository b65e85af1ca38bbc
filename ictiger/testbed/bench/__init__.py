"""The benchmarks of `manage.py bench`: each runs on a throw-away site with the real server.

A benchmark has options (by name, the arguments of `add_argument`) and a function of the options and a `log`,
which runs in the environment of the throw-away site and returns a `Report`: a table to print, and the figures
for a file in `var/bench/`.
"""

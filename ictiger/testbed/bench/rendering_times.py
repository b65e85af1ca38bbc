"""Renders texts and prints the CPU seconds of each as JSON: `python rendering_times.py CHECKOUT TEXTS.json`.

A script for the Python of any checkout, also of an older one: of the project it imports
`articles.markdown.render` and nothing else. null stands for a text that was refused.
"""

import inspect
import json
import os
import sys
import time


def times_of(texts: list[dict[str, str]]) -> list[float | None]:
    """The seconds for each text, given as `{"text": …, "language": …}`."""
    from django.core.exceptions import ValidationError

    from articles.markdown import render

    takes_language = "language" in inspect.signature(render).parameters
    seconds: list[float | None] = []
    for text in texts:
        options = {"language": text["language"]} if takes_language else {}
        before = time.process_time()
        try:
            render(text["text"], **options)
        except ValidationError:
            seconds.append(None)
        else:
            seconds.append(time.process_time() - before)
    return seconds


def main(checkout: str, file: str) -> None:
    sys.path[0] = checkout  # in place of this script's folder, whose modules have names of others
    os.environ["DJANGO_SETTINGS_MODULE"] = "ictiger.settings"
    import django

    django.setup()
    with open(file, encoding="utf-8") as texts:
        loaded = json.load(texts)
    times_of(loaded[:3])  # not counted: fills the caches of the process
    print(json.dumps(times_of(loaded)))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python
"""Django's command line. `quickstart` brings its own settings; every other command reads the environment."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ictiger.settings")
    if sys.argv[1:2] == ["quickstart"]:
        from ictiger.quickstart import provide_settings

        provide_settings()
    from django.core.management import execute_from_command_line

    from ictiger.env import InvalidEnvironment

    try:
        execute_from_command_line(sys.argv)
    except InvalidEnvironment as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

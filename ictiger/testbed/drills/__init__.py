"""Drills: failures and load on a throw-away site, with real processes, sockets, disks and SIGKILL, and with
figures.

`manage.py drill NAME` makes the site and runs one of these modules in its environment. Short runs of them are
tests. A drill is a function of its plan, a `log` for messages and a `report` for figures, which returns what
went wrong.
"""

from collections.abc import Callable

Log = Callable[[str], None]
Report = Callable[[str, object], None]

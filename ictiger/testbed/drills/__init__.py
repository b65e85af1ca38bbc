"""Drills: the house put under strain with everything real (processes, sockets, disks, SIGKILL), in a throw-away site, with figures.

`manage.py drill <which>` makes the site and runs one of the modules here in its environment. Short runs of the same code are tests.
"""

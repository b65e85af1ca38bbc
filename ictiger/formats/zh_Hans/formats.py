"""Dates in Chinese are Django's own, except a day without its year: Django writes it with a leading zero."""

MONTH_DAY_FORMAT = "n月j日"

"""Dates in Chinese: Django's own (2026年9月14日 08:30), but for the day without its year, to which Django gives a leading nought."""

MONTH_DAY_FORMAT = "n月j日"

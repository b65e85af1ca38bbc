"""System checks that explain a wrong setting in words, with what to do."""

from django.core.checks import CheckMessage, register


@register
def check_environment(app_configs, **kwargs) -> list[CheckMessage]:
    return []

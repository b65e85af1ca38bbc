"""The form field of an e-mail address, which holds the address in its one form before anything checks it."""

from typing import Any

from allauth.account.fields import EmailField
from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ictiger.core.email_addresses import AddressFault, InvalidAddress, canonical_address, is_folded

ADDRESS_FAULTS = {
    AddressFault.SHAPE: validate_email.message,
    AddressFault.DOMAIN: gettext_lazy("The part after @ is not the name of a mail server."),
}


class AddressField(EmailField):
    """`typed_notice` says after cleaning what was read otherwise than it was typed; "" when nothing was.

    The box is of the type text: an e-mail box lets browsers rewrite the domain by the rules of 2003, which
    lead to somebody else's domain, and refuse what we read as @.
    """

    typed_notice = ""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {
            "autocomplete": "email",
            "inputmode": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
        }
        super().__init__(**{"widget": forms.TextInput(attrs=attrs), **kwargs})

    def to_python(self, value: str | None) -> str:
        typed = super().to_python(value)
        if not typed:
            return typed
        try:
            address = canonical_address(typed)
        except InvalidAddress as error:
            raise forms.ValidationError(ADDRESS_FAULTS[error.fault], code="invalid") from error
        if is_folded(typed):
            self.typed_notice = _(
                "Your address had full-width signs in it. We have read it as %(address)s."
            ) % {"address": address}
        return address

"""A button that copies a text, also where a page comes over plain http from another computer."""

from webapp.components.register import component
from webapp.i18n import gettext as _

_copy = component("copy_button", __file__, '<button class="copy-button" type="button" aria-live="polite"></button>')


def copy_button(text: str, label: str, key: str) -> None:
    """Show a button that puts a text on the visitor's clipboard, and says for two seconds that it did."""
    answers = {"copied": _("Copied"), "failed": _("Please copy it by hand")}
    _copy(key=key, data={"text": text, "label": label, **answers})

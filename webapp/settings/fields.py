"""Widgets whose values outlive a change of pages, and those of a recipe's settings among them."""

from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import streamlit as st

from mnist_core.recipes.recipe import SETTINGS, Recipe
from mnist_core.recipes.setting import Choice, Flag, Number, Numbers
from webapp.components.kept import kept, values
from webapp.i18n import gettext
from webapp.settings.names import WORDS, setting_value

ABOVE, BELOW = 1e-6, 0.01
"""How far the nearest value that a widget offers is from an end that is not part of the range."""


class Fields:
    """Shows a widget for each setting of a recipe, and collects what they say.

    A setting that is not shown is not collected: whatever its widget said before, the recipe's own value holds.

    Args:
        recipe: each has settings of its own, which begin with its values.

    Attributes:
        changes: what the widgets say, by the names of the recipe's attributes; several numbers as a text.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.changes: dict[str, Any] = {}

    def show(self, *fields: str, **options: Any) -> None:
        """Show the widgets of those settings that have an effect, as others are chosen so far; see `ask`."""
        for field in fields:
            declared = SETTINGS[field]
            if declared.has_effect(vars(self.recipe) | self.changes):
                self.ask(field, **options)
            elif declared.strict:
                self.changes[field] = declared.default

    def ask(self, field: str, default: object = None, **options: Any) -> Any:
        """Show a setting's widget, and return what it says.

        Args:
            field: the setting.
            default: what it begins with; None: the recipe's value.
            options: for the widget, instead of those that follow from the setting; "widget" is the widget itself.
        """
        default = as_shown(getattr(self.recipe, field)) if default is None else default
        key = f"{self.recipe.name}.{field}"
        widget, label, options = setting_widget(field, values().get(key, default), **options)
        self.changes[field] = kept(widget, label, key, default, **options)
        return self.changes[field]


def setting_widget(field: str, value: object, **options: Any) -> tuple[Callable[..., Any], str, dict[str, Any]]:
    """Return a setting's widget, its label, and what else it takes to show a value.

    Args:
        field: the setting.
        value: as the widget has it; a link may bring what the widget alone would not offer.
        options: as for `Fields.ask`.
    """
    words = WORDS[field]
    options = {"help": gettext(words.help) if words.help else None, **_widget(field), **words.widget, **options}
    if isinstance(value, int | float) and "min_value" in options:
        high = options["max_value"]
        options |= {"min_value": min(options["min_value"], value), "max_value": high and max(high, value)}
    if "options" in options and value not in options["options"]:
        options["options"] = [*options["options"], value]
    return options.pop("widget"), gettext(words.label), options


def as_shown(value: object) -> object:
    """Return a setting's value as its widget has it: several numbers are a text."""
    return ", ".join(str(number) for number in value) if isinstance(value, tuple) else value


def read_numbers(field: str, text: str) -> object:
    """Read a setting of several numbers, in which Chinese commas and digits of full width are fine as well.

    Raises:
        ValueError: if one is no number of that kind.
    """
    return SETTINGS[field].parse(normalize("NFKC", text))


def forget(recipe: Recipe) -> None:
    """Begin anew with a recipe's own values."""
    for remembered in (values(), st.session_state):
        for key in [key for key in remembered if str(key).startswith(f"{recipe.name}.")]:
            del remembered[key]


def _widget(field: str) -> dict[str, Any]:
    """Return the widget that follows from a setting's kind, and what it takes."""
    kind, none = SETTINGS[field].kind, WORDS[field].none
    match kind:
        case Flag():
            return {"widget": st.toggle}
        case Choice(names):
            texts = {name: setting_value(field, name) for name in names}
            return {"widget": st.selectbox, "options": names, "format_func": texts.__getitem__}
        case Numbers():
            return {"widget": st.text_input}
        case Number():
            return {
                "widget": st.number_input,
                "min_value": _end(kind, kind.ge, kind.gt, ABOVE),
                "max_value": _end(kind, kind.le, kind.lt, -BELOW),
                "format": "%g" if kind.kind is float else None,
                **({"placeholder": gettext(none)} if none else {}),
            }


def _end(kind: Number, closed: float | None, opened: float | None, inside: float) -> float | None:
    """Return the outermost value that a widget offers."""
    if closed is None and opened is None:
        return None
    return kind.kind(closed) if closed is not None else kind.kind(opened or 0) + inside

"""Widgets whose values outlive a change of pages, and those of a recipe's settings among them."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from mnist_core.recipes.recipe import Recipe
from webapp.components.kept import kept, values
from webapp.settings.options import option_names


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

    def number(self, field: str, label: str, low: float, high: float | None = None, **options: Any) -> Any:
        """Ask for a number; for a setting that may be None, an empty field means that."""
        if isinstance(low, float):
            options = {"format": "%g", **options}
        return self._show(st.number_input, field, label, min_value=low, max_value=high, **options)

    def numbers(self, field: str, label: str, help: str) -> str:
        """Ask for several numbers with commas between them; see `read_numbers`."""
        return self._show(st.text_input, field, label, help=help)

    def choice(self, field: str, label: str) -> str:
        """Ask for one of a setting's options, which are shown by their names."""
        names = option_names(field)
        return self._show(st.selectbox, field, label, options=list(names), format_func=names.__getitem__)

    def slider(self, field: str, label: str, low: float, high: float, begin: float, **options: Any) -> float:
        """Ask for a number from low to high; if the recipe's own value is 0, it begins elsewhere."""
        default = getattr(self.recipe, field) or begin
        return self._show(st.slider, field, label, default, min_value=low, max_value=high, **options)

    def switch(self, field: str, label: str, help: str | None = None) -> bool:
        """Ask for yes or no."""
        return self._show(st.toggle, field, label, help=help)

    def _show(self, widget: Callable[..., Any], field: str, label: str, default: object = None, **options: Any) -> Any:
        if default is None:
            default = as_shown(getattr(self.recipe, field))
        key = f"{self.recipe.name}.{field}"
        value = values().get(key, default)
        if isinstance(value, int | float) and "min_value" in options:
            # A link may bring what the widget alone would not offer.
            high = options["max_value"]
            options |= {"min_value": min(options["min_value"], value), "max_value": high and max(high, value)}
        self.changes[field] = kept(widget, label, key, default, **options)
        return self.changes[field]


def as_shown(value: object) -> object:
    """Give a setting's value as its widget has it: several numbers are a text."""
    return ", ".join(str(number) for number in value) if isinstance(value, tuple) else value


def read_numbers(text: str, kind: type[int] | type[float]) -> tuple[Any, ...]:
    """Read numbers with commas between them, English or Chinese ones.

    Raises:
        ValueError: if one is no number of that kind.
    """
    return tuple(kind(part) for part in text.replace("，", ",").split(",") if part.strip())


def forget(recipe: Recipe) -> None:
    """Let a recipe's settings begin anew with its own values."""
    for remembered in (values(), st.session_state):
        for key in [key for key in remembered if str(key).startswith(f"{recipe.name}.")]:
            del remembered[key]

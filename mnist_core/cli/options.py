"""Options that several commands share."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from mnist_core.errors import RecipeError, WeightsError
from mnist_core.network import DEFAULT_WEIGHTS
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import SETTINGS, Recipe
from mnist_core.recipes.setting import Choice, Flag, Numbers, Setting

weights_option = click.option(
    "--weights",
    type=click.Path(path_type=Path),
    default=DEFAULT_WEIGHTS,
    help="A file of trained weights; without it, those that ship with the product.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of text.")
data_option = click.option(
    "--data", "spec", default="mnist", show_default=True, help='"mnist", "synthetic", or a folder with four IDX files.'
)
threads_option = click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Threads of each matrix product. More can be faster for wide layers on an idle machine, but add up in another "
    "order: the results differ in their last bits.",
)

ALIASES = {"hidden_sizes": ("--hidden",)}
"""Other names of a setting's option."""
Command = TypeVar("Command", bound=Callable[..., Any])


def setting_options(command: Command) -> Command:
    """Add an option for every setting of a recipe; `read_settings` reads what they are given."""
    for name, setting in reversed(SETTINGS.items()):
        option, text = _option(name), _help(setting)
        if isinstance(setting.kind, Flag):
            command = click.option(f"{option}/--no-{option[2:]}", name, default=None, help=text)(command)
        else:
            names = (option, *ALIASES.get(name, ()), name)
            command = click.option(*names, metavar=_metavar(setting), help=text)(command)
    return command


def read_settings(given: Mapping[str, str | bool | None]) -> dict[str, Any]:
    """Read the settings among the options that were given.

    Raises:
        RecipeError: naming the option, what was found and what is possible.
    """
    return {name: _read(name, value) for name, value in given.items() if value is not None}


def _read(name: str, given: str | bool) -> object:
    setting = SETTINGS[name]
    try:
        value = given if isinstance(given, bool) else setting.parse(given)
    except ValueError:
        value = given  # which no setting accepts
    if not setting.accepts(value):
        raise RecipeError(f"{_option(name)} is {given!r}, expected {setting.expected}")
    return value


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _metavar(setting: Setting) -> str:
    if isinstance(setting.kind, Choice):
        return "NAME"
    return "NUMBER,…" if isinstance(setting.kind, Numbers) else "NUMBER"


def _help(setting: Setting) -> str:
    """Return what an option does, what it may be, and when it has an effect."""
    possible = "" if isinstance(setting.kind, Flag) else f" {setting.expected[0].upper()}{setting.expected[1:]}."
    return f"{setting.help}{possible}" + (f" Only if {setting.condition}." if setting.condition else "")


def find_recipe(name: str) -> Recipe:
    """Look a recipe up by name, or read it from a JSON file."""
    if name in RECIPES:
        return RECIPES[name]
    if not name.endswith(".json"):
        raise RecipeError(f"found no recipe {name!r}, expected one of {', '.join(RECIPES)} or a .json file")
    try:
        values = json.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RecipeError(f"{name}: found no readable JSON ({error}), expected what `recipes NAME` prints") from error
    return Recipe.from_json(values)


def check_writable(path: Path | None) -> None:
    """Find out before the training, not after it, that a file cannot be written."""
    if path is not None:
        if path.is_dir():
            raise WeightsError(f"{path}: found a folder, expected the name of a file to write")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass

"""Options that several commands share."""

import json
import tempfile
from pathlib import Path

import click

from mnist_core.errors import RecipeError, WeightsError
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import Recipe
from mnist_core.recognizer import DEFAULT_WEIGHTS

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

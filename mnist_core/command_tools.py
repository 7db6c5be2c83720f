"""Options that several commands share."""

from pathlib import Path

import click

from mnist_core.recognizer import DEFAULT_WEIGHTS

weights_option = click.option(
    "--weights",
    type=click.Path(path_type=Path),
    default=DEFAULT_WEIGHTS,
    help="A file of trained weights; without it, those that ship with the product.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of text.")

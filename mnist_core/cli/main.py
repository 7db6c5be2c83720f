"""The command line, `mnist-scratch` or `python -m mnist_core`: one file for each command."""

from typing import Any

import click

from mnist_core.cli.data import data_group
from mnist_core.cli.evaluate import evaluate_command
from mnist_core.cli.export import export_command
from mnist_core.cli.predict import predict_command
from mnist_core.cli.recipes import recipes_command
from mnist_core.cli.reproduce import reproduce_command
from mnist_core.cli.train import train_command
from mnist_core.errors import MnistCoreError


class _OneLineErrors(click.Group):
    """Shows the errors that are raised on purpose in one line, with exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # the reader of a pipe has gone: click ends quietly
        except (MnistCoreError, OSError) as error:
            raise click.ClickException(" ".join(str(error).split())) from error


@click.group(cls=_OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Train a network to read handwritten digits, measure it, and read with it."""


for command in (
    train_command,
    evaluate_command,
    predict_command,
    export_command,
    data_group,
    recipes_command,
    reproduce_command,
):
    main.add_command(command)

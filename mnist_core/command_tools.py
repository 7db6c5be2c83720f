"""What several commands share: options, and writing a file in one piece."""

import os
import tempfile
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


def write_file(path: Path, content: bytes) -> None:
    """Write a file so that either the whole new one is there or the old one, as `write_npz` does.

    Raises:
        OSError: if it cannot be written; what was begun is removed.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)  # mkstemp gives a private file
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

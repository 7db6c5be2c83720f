"""`export`: write a trained network for other programs."""

from pathlib import Path

import click

from mnist_core.cli.options import check_writable, weights_option
from mnist_core.export.script import to_script
from mnist_core.io.atomic_file import atomic_write
from mnist_core.network import Network


@click.command("export")
@weights_option
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Where it goes: name.onnx for other programs, name.py for one Python file that needs NumPy alone.",
)
def export_command(weights: Path, out: Path) -> None:
    """Write a trained network for use without this program, as an ONNX model or a Python script."""
    if out.suffix not in (".onnx", ".py"):
        raise click.UsageError(f"--out is '{out}', expected a name that ends in .onnx or .py")
    network = Network.load(weights)
    content = _to_onnx(network) if out.suffix == ".onnx" else to_script(network).encode()
    check_writable(out)
    with atomic_write(out) as file:
        file.write(content)
    click.echo(f"{weights.name} ({network.recipe.name}, trained on {network.data_name}) is now also in {out}")


def _to_onnx(network: Network) -> bytes:
    try:
        from mnist_core.export.onnx_model import to_onnx  # noqa: PLC0415 - the only command that needs onnx
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"found no package {error.name!r}, which writes ONNX models: pip install 'mnist-scratch[onnx]', "
            f"or choose a name that ends in .py"
        ) from error
    return to_onnx(network)

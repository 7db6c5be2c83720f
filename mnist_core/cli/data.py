"""`data`: fetch, check and describe data sets."""

from pathlib import Path

import click
import numpy as np
from tqdm import tqdm

from mnist_core.data.dataset import load_dataset
from mnist_core.data.download import fetch_mnist


@click.group("data")
def data_group() -> None:
    """Fetch, check and describe data sets."""


@data_group.command("fetch")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to put it; by default, the user's cache.")
def fetch_command(folder: Path | None) -> None:
    """Download MNIST (11 MB) from a public mirror and check it."""
    bars: dict[str, tqdm] = {}

    def show(file_name: str, done: int, total: int) -> None:
        bar = bars.get(file_name)
        if bar is None:
            bar = bars[file_name] = tqdm(desc=file_name, unit="B", unit_scale=True)
        bar.total = total or None
        bar.update(done - bar.n)

    try:
        where = fetch_mnist(show, folder=folder)
    finally:
        for bar in bars.values():
            bar.close()
    click.echo(f"MNIST is complete and unharmed in {where}")


@data_group.command("check")
@click.argument("spec", default="mnist")
def check_command(spec: str) -> None:
    """Check that a data set is complete and unharmed."""
    dataset = load_dataset(spec)
    click.echo(f"{dataset.name}: complete and unharmed")


@data_group.command("describe")
@click.argument("spec", default="mnist")
def describe_command(spec: str) -> None:
    """Show what is in a data set."""
    dataset = load_dataset(spec)
    click.echo(f"{dataset.name}{' (drawn by code, not by people)' if dataset.synthetic else ''}")
    for part, images, labels in (
        ("training", dataset.train_images, dataset.train_labels),
        ("test", dataset.test_images, dataset.test_labels),
    ):
        counts = "  ".join(f"{digit}: {count}" for digit, count in enumerate(np.bincount(labels, minlength=10)))
        click.echo(f"{len(images):>7} {part} images of {images.shape[1]}×{images.shape[2]}   {counts}")
    click.echo(f"fingerprint {dataset.fingerprint}")

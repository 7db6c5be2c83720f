"""`evaluate`: measure a trained network."""

import dataclasses
import json
from pathlib import Path

import click
from threadpoolctl import threadpool_limits

from mnist_core.cli.options import data_option, json_option, threads_option, weights_option
from mnist_core.data.dataset import load_dataset
from mnist_core.network import Network


@click.command("evaluate")
@weights_option
@data_option
@threads_option
@json_option
def evaluate_command(weights: Path, spec: str, threads: int, as_json: bool) -> None:
    """Measure trained weights on the test images of a data set."""
    network = Network.load(weights)
    dataset = load_dataset(spec)
    with threadpool_limits(threads):
        result = network.evaluate(dataset.test_images, dataset.test_labels)
    if as_json:
        click.echo(json.dumps({**dataclasses.asdict(result), "confusion": result.confusion.tolist()}))
        return
    click.echo(f"{weights.name} ({network.recipe.name}, trained on {network.data_name}) on {dataset.name}:")
    click.echo(f"test accuracy {result.accuracy:.2%}, loss {result.loss:.4f}, {len(dataset.test_labels)} images")
    click.echo("true digit ↓, read as →")
    click.echo("     " + "".join(f"{digit:>6}" for digit in range(10)))
    for digit, row in enumerate(result.confusion):
        click.echo(f"{digit:>5}" + "".join(f"{count or '·':>6}" for count in row))

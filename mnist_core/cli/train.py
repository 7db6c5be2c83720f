"""`train`: train a network, and write its weights."""

import dataclasses
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from threadpoolctl import threadpool_limits

from mnist_core.cli.options import (
    check_writable,
    data_option,
    find_recipe,
    json_option,
    read_settings,
    setting_options,
    threads_option,
)
from mnist_core.cli.progress import train_and_show
from mnist_core.data.dataset import load_dataset
from mnist_core.errors import DivergedError
from mnist_core.network import MAX_TEMPERATURE, MIN_TEMPERATURE, Network, check_certainty
from mnist_core.training.checkpoint import load_checkpoint, save_checkpoint
from mnist_core.training.stream import Training, train


@click.command("train")
@click.option("--recipe", "recipe_name", help="A name from `recipes` (without it, quick), or a JSON file.")
@click.option(
    "--from",
    "begin_with",
    type=click.Path(path_type=Path),
    help="Begin with the weights in this file instead of random ones.",
)
@setting_options
@data_option
@click.option("--out", type=click.Path(path_type=Path), help="Where the best weights go; without it, nowhere.")
@click.option("--dtype", type=click.Choice(["float32", "float16"]), default="float32", help="Of the written weights.")
@click.option(
    "--temperature",
    type=click.FloatRange(MIN_TEMPERATURE, MAX_TEMPERATURE),
    default=1.0,
    help="Written into the weights: divides the logits, so that probabilities are calibrated.",
)
@click.option(
    "--sure-from",
    type=click.FloatRange(0, 1),
    default=0.5,
    help="Written into the weights: the probability from which an answer counts as sure.",
)
@click.option(
    "--digit-from",
    type=float,
    help="Written into the weights: the evidence from which a drawing counts as a digit; without it, any does.",
)
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Save the training here, after every epoch.")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on from a checkpoint, with the recipe in it.")
@threads_option
@json_option
def train_command(
    recipe_name: str | None,
    begin_with: Path | None,
    spec: str,
    out: Path | None,
    dtype: str,
    temperature: float,
    sure_from: float,
    digit_from: float | None,
    checkpoint: Path | None,
    resume: Path | None,
    threads: int,
    as_json: bool,
    **settings: str | bool | None,
) -> None:
    """Train a network, with settings that take the place of the recipe's. Ctrl-C stops and keeps the best weights."""
    changed = read_settings(settings)
    check_certainty(temperature, sure_from, digit_from)  # click's ranges let NaN through
    for path in (out, checkpoint):
        check_writable(path)
    dataset = load_dataset(spec)
    if resume is not None:
        if recipe_name or changed or begin_with:
            raise click.UsageError(
                "--resume goes on with the checkpoint's recipe and weights: leave out --recipe, its changes and --from"
            )
        training = Training(load_checkpoint(resume, dataset.fingerprint), dataset)
    else:
        recipe = dataclasses.replace(find_recipe(recipe_name or "quick"), **changed)
        training = train(recipe, dataset, begin_with=Network.load(begin_with) if begin_with else None)
    checkpoint = checkpoint or resume
    if not as_json:
        split = training.split
        click.echo(
            f"{training.recipe.name} on {dataset.name}, seed {training.recipe.seed}: {len(split.train_images)} images "
            f"to learn from, {len(split.validation_images)} split off for validation"
        )
    stopped: str | None = None
    with threadpool_limits(threads):
        try:
            with _noted_interrupts() as interrupts:
                for epoch_done in train_and_show(training, "json" if as_json else "lines"):
                    if checkpoint and (epoch_done or interrupts):
                        save_checkpoint(checkpoint, training.state, dataset.fingerprint)
                    if interrupts:
                        stopped = f"stopped at step {training.state.step}"
                        stopped += f"; go on with --resume {checkpoint}" if checkpoint else ""
                        break
        except DivergedError as error:
            if training.state.best is None:
                raise
            stopped = str(error)
        network = dataclasses.replace(
            training.network().tested(dataset),
            temperature=temperature,
            confidence_threshold=sure_from,
            ood_threshold=digit_from,
        )
    if out:
        network.save(out, dtype)
    if as_json:
        result = {"record": "end", "test_accuracy": network.test_accuracy, "stopped": stopped}
        click.echo(json.dumps({**result, "out": str(out) if out else None}))
    else:
        where = f", weights in {out}" if out else ""
        click.echo(f"test accuracy {network.test_accuracy:.2%} on {dataset.name}{where}")
    if stopped:
        raise click.ClickException(stopped)


@contextmanager
def _noted_interrupts() -> Iterator[list[int]]:
    """Collect Ctrl-C instead of raising it: a step that is cut in two could not be resumed."""
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)

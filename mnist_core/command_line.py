"""The commands of `python -m mnist_core`: train, evaluate, predict, export, reproduce, data, recipes."""

import dataclasses
import json
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import click
import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from mnist_core.checkpoint import load_checkpoint, save_checkpoint
from mnist_core.command_tools import json_option, weights_option
from mnist_core.data import Split, fetch_mnist, load_dataset
from mnist_core.errors import DivergedError, MnistCoreError, RecipeError, WeightsError
from mnist_core.files import whole_file
from mnist_core.metrics import evaluate
from mnist_core.onnx_export import to_onnx
from mnist_core.predict_command import predict_command
from mnist_core.recipes import RECIPES, Recipe
from mnist_core.records import EpochEnd, StepEnd, to_json
from mnist_core.reproduce import TOLERANCE, TUTORIALS, is_reproduced, measure
from mnist_core.script_export import to_script
from mnist_core.threads import best_threads
from mnist_core.training import Training, split_for, start_training, train
from mnist_core.weights import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    check_certainty,
    finished_network,
    load_weights,
    save_weights,
)


class _OneLineErrors(click.Group):
    """Turns the errors that we raise on purpose into one line and exit code 1."""

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


_data_option = click.option(
    "--data", "spec", default="mnist", show_default=True, help='"mnist", "synthetic", or a folder with four IDX files.'
)
_threads_option = click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="BLAS threads; without it, as many as the size of the network's products deserves.",
)


@main.command("train")
@click.option("--recipe", "recipe_name", help="A name from `recipes` (without it, quick), or a JSON file.")
@click.option(
    "--from",
    "begin_with",
    type=click.Path(path_type=Path),
    help="Begin with the weights in this file instead of random ones.",
)
@click.option("--epochs", type=int, help="Instead of the recipe's.")
@click.option("--learning-rate", type=float, help="Instead of the recipe's.")
@click.option("--batch-size", type=int, help="Instead of the recipe's.")
@click.option("--hidden", "hidden_sizes", help='Instead of the recipe\'s: "256,128", or "" for no hidden layer.')
@click.option("--distortion", type=float, help="Instead of the recipe's.")
@click.option("--rare-digits", type=float, help="Instead of the recipe's.")
@click.option("--not-digits", type=float, help="Instead of the recipe's.")
@click.option("--seed", type=int, help="Instead of the recipe's.")
@_data_option
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
@_threads_option
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
    threads: int | None,
    as_json: bool,
    hidden_sizes: str | None,
    **changes: float | None,
) -> None:
    """Train a network. Ctrl-C stops and keeps the best weights so far."""
    changed = {name: value for name, value in changes.items() if value is not None}
    if hidden_sizes is not None:
        changed["hidden_sizes"] = _parse_sizes(hidden_sizes)  # type: ignore[assignment]
    check_certainty(temperature, sure_from, digit_from)  # click's ranges let NaN through
    for path in (out, checkpoint):
        _check_writable(path)
    dataset = load_dataset(spec)
    if resume is not None:
        if recipe_name or changed or begin_with:
            raise click.UsageError(
                "--resume goes on with the checkpoint's recipe and weights: leave out --recipe, its changes and --from"
            )
        training = load_checkpoint(resume, dataset.fingerprint)
    else:
        recipe: Recipe = dataclasses.replace(_find_recipe(recipe_name or "quick"), **changed)  # type: ignore[arg-type]
        training = start_training(recipe, begin_with=load_weights(begin_with).model if begin_with else None)
    checkpoint = checkpoint or resume
    split = split_for(training.recipe, dataset)
    if not as_json:
        click.echo(
            f"{training.recipe.name} on {dataset.name}, seed {training.recipe.seed}: {len(split.train_images)} images "
            f"to learn from, {len(split.validation_images)} split off for validation"
        )
    stopped: str | None = None
    with threadpool_limits(threads or best_threads(training.recipe)):
        try:
            with _noted_interrupts() as interrupts:
                for epoch_done in _train_and_show(training, split, "json" if as_json else "lines"):
                    if checkpoint and (epoch_done or interrupts):
                        save_checkpoint(checkpoint, training, dataset.fingerprint)
                    if interrupts:
                        stopped = f"stopped at step {training.step}"
                        stopped += f"; go on with --resume {checkpoint}" if checkpoint else ""
                        break
        except DivergedError as error:
            if training.best is None:
                raise
            stopped = str(error)
        network = finished_network(training, dataset)
        network = dataclasses.replace(network, temperature=temperature, sure_from=sure_from, digit_from=digit_from)
    if out:
        save_weights(out, network, dtype)
    if as_json:
        result = {"record": "end", "test_accuracy": network.test_accuracy, "stopped": stopped}
        click.echo(json.dumps({**result, "out": str(out) if out else None}))
    else:
        where = f", weights in {out}" if out else ""
        click.echo(f"test accuracy {network.test_accuracy:.2%} on {dataset.name}{where}")
    if stopped:
        raise click.ClickException(stopped)


@main.command("evaluate")
@weights_option
@_data_option
@_threads_option
@json_option
def evaluate_command(weights: Path, spec: str, threads: int | None, as_json: bool) -> None:
    """Measure trained weights on the test images of a data set."""
    network = load_weights(weights)
    dataset = load_dataset(spec)
    recipe = network.recipe
    with threadpool_limits(threads or best_threads(recipe)):
        result = evaluate(network.model, recipe.head, recipe.normalization, dataset.test_images, dataset.test_labels)
    if as_json:
        click.echo(json.dumps({**dataclasses.asdict(result), "confusion": result.confusion.tolist()}))
        return
    click.echo(f"{weights.name} ({recipe.name}, trained on {network.data_name}) on {dataset.name}:")
    click.echo(f"test accuracy {result.accuracy:.2%}, loss {result.loss:.4f}, {len(dataset.test_labels)} images")
    click.echo("true digit ↓, read as →")
    click.echo("     " + "".join(f"{digit:>6}" for digit in range(10)))
    for digit, row in enumerate(result.confusion):
        click.echo(f"{digit:>5}" + "".join(f"{count or '·':>6}" for count in row))


main.add_command(predict_command)


@main.command("export")
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
    network = load_weights(weights)
    content = to_onnx(network) if out.suffix == ".onnx" else to_script(network).encode()
    _check_writable(out)
    with whole_file(out) as file:
        file.write(content)
    click.echo(f"{weights.name} ({network.recipe.name}, trained on {network.data_name}) is now also in {out}")


@main.group("data")
def data_group() -> None:
    """Fetch, check and describe data sets."""


@data_group.command("fetch")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to; without it, the user's cache.")
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
    """Say what a data set holds."""
    dataset = load_dataset(spec)
    click.echo(f"{dataset.name}{' (drawn by code, not by people)' if dataset.synthetic else ''}")
    for part, images, labels in (
        ("training", dataset.train_images, dataset.train_labels),
        ("test", dataset.test_images, dataset.test_labels),
    ):
        counts = "  ".join(f"{digit}: {count}" for digit, count in enumerate(np.bincount(labels, minlength=10)))
        click.echo(f"{len(images):>7} {part} images of {images.shape[1]}×{images.shape[2]}   {counts}")
    click.echo(f"fingerprint {dataset.fingerprint}")


@main.command("recipes")
@click.argument("name", required=False)
def recipes_command(name: str | None) -> None:
    """List the recipes, or print one as JSON (a start for one of your own)."""
    if name is not None:
        click.echo(json.dumps(_find_recipe(name).to_json(), indent=1))
        return
    for recipe in RECIPES.values():
        layers = "-".join(str(size) for size in recipe.layer_sizes)
        click.echo(f"{recipe.name:<24} {layers:<20} {recipe.epochs:>4} epochs   {recipe.source}")


@main.command("reproduce")
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(list(TUTORIALS)))
@_threads_option
def reproduce_command(names: tuple[str, ...], threads: int | None) -> None:
    """Train the tutorials' recipes on MNIST, and compare with what they published and what their code gives.

    Without names, all of them (some minutes). Ends with an error if an accuracy is more than 0.7 points below the
    original's.
    """
    dataset = load_dataset("mnist")
    failed = []
    click.echo("| recipe | published | its code gives | ours | steps | seconds |\n|---|---|---|---|---|---|")
    for name in names or TUTORIALS:
        tutorial, recipe = TUTORIALS[name], RECIPES[name]
        split, training = split_for(recipe, dataset), start_training(recipe)
        click.echo(f"{name}, seed {recipe.seed}", err=True)
        began = time.perf_counter()
        try:
            with threadpool_limits(threads or best_threads(recipe)):
                for _record in _train_and_show(training, split, "quiet"):
                    pass
            seconds = time.perf_counter() - began
            ours = measure(training, split, dataset, tuple(tutorial.original) or ("test",))
            found = _accuracies(ours)
            reproduced = is_reproduced(tutorial.original, ours)
        except DivergedError as error:
            seconds, found, reproduced = time.perf_counter() - began, str(error), False
        if not reproduced:
            failed.append(name)
        original = _accuracies(tutorial.original) or "no code of its own"
        click.echo(f"| `{name}` | {tutorial.published} | {original} | {found} | {training.step:,} | {seconds:.1f} |")
    if failed:
        raise click.ClickException(f"not reproduced within {TOLERANCE:.1%}: {', '.join(failed)}")


def _accuracies(parts: dict[str, float]) -> str:
    return ", ".join(f"{part} {accuracy:.1%}" for part, accuracy in parts.items())


@contextmanager
def _noted_interrupts() -> Iterator[list[int]]:
    """Collect Ctrl-C instead of raising it: a step that is cut in two could not be resumed."""
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def _train_and_show(training: Training, split: Split, style: Literal["lines", "json", "quiet"]) -> Iterator[bool]:
    """Train to the end and show every record; yield after each whether it ended an epoch.

    "lines" is a progress bar with a line for every epoch, "quiet" the bar alone, "json" one JSON object a record.
    """
    batches = training.recipe.steps_per_epoch(len(split.train_images))
    with tqdm(
        total=training.recipe.epochs * batches,
        initial=training.step,
        unit="step",
        disable=style == "json",
        dynamic_ncols=True,
    ) as bar:
        for record in train(training, split):
            if style == "json":
                click.echo(json.dumps(to_json(record)))
            elif isinstance(record, StepEnd):
                bar.set_postfix(loss=f"{record.loss:.4f}", accuracy=f"{record.accuracy:.1%}", refresh=False)
                bar.update()
            elif style == "lines":
                bar.write(_epoch_line(record))
            yield isinstance(record, EpochEnd)


def _epoch_line(epoch: EpochEnd) -> str:
    line = f"epoch {epoch.epoch:>3}   train {epoch.train_loss:.4f} {epoch.train_accuracy:.2%}   "
    if epoch.validation_loss is not None and epoch.validation_accuracy is not None:
        line += f"validation {epoch.validation_loss:.4f} {epoch.validation_accuracy:.2%}   "
    return f"{line}{epoch.seconds:.1f} s{'   best' if epoch.best else ''}"


def _find_recipe(name: str) -> Recipe:
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


def _parse_sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise RecipeError(f'--hidden is {text!r}, expected numbers with commas, such as "256,128"') from None


def _check_writable(path: Path | None) -> None:
    """Find out before the training, not after it, that a file cannot be written."""
    if path is not None:
        if path.is_dir():
            raise WeightsError(f"{path}: found a folder, expected the name of a file to write")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass

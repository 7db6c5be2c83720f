"""Measure how fast training is: beside the bare matrix products, PyTorch and scikit-learn; run by hand.

    python -m bench.training_speed [run] [--row NAME]…   samples per second
    python -m bench.training_speed time-to-98            seconds until 98% of the test images are read correctly
    python -m bench.training_speed idx                   reading the four files
    python -m bench.training_speed profile NAME          where the time of a step goes

PyTorch is not among the requirements: `pip install torch==2.13.0`. Whatever is not installed, or fails, is reported as
"did not run", and the rest is measured all the same.

What makes the comparison fair:

- Every measurement is a process of its own, with 1 or 2 BLAS threads from its start. Repeats are interleaved: the
  first of every contender, then the second of every contender, so that a busy moment of the machine hits all.
- All contenders train on the same images: those that our recipe keeps for training.
- PyTorch is given its best: images that lie in memory as scaled float32 (we scale the bytes of each batch within the
  step), no `DataLoader`, three implementations of each optimizer, of which only the fastest counts, gradients set to
  None, and neither a look at the loss nor the accuracy of a batch. We hand out both at every step: that, too, is in
  PyTorch's favour. `torch-compile` compiles the network and its loss, beside the fused optimizer.
- `products` are the matrix products of a step and nothing else, in float32, whole, on arrays that are there already.
  They would be the limit, but for products that can be left out (of pixels that are black in a whole batch) or cut
  into pieces for the cache (a batch of all images): a ratio above 1 is possible.
- Validation is not timed, nor what else happens between epochs, unless a recipe keeps no images for validation.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import cProfile
import dataclasses
import gzip
import importlib
import itertools
import json
import math
import platform
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import click
import numpy as np

from mnist_core import RECIPES, Dataset, EpochEnd, Recipe, StepEnd, load_dataset, train
from mnist_core.data.dataset import Split
from mnist_core.io.idx import read_idx
from mnist_core.training.split import make_split

EAGER = ("torch-for-loop", "torch-foreach", "torch-fused")
CONTENDERS = ("ours", "products", *EAGER, "torch-compile", "scikit-learn")
THREADS = (1, 2)
LARGE = "large-adam"  # wide and deep enough for the products to rule; no such recipe ships
ROWS = (
    "tanh-online",
    "sigmoid-full-batch",
    "dropout-mlp-sgd",
    "dropout-mlp-adam",
    "classic-relu",
    "wide-adam",
    LARGE,
)
FOLLOWED = (
    *("name", "source", "normalization", "hidden_sizes", "activation", "dropout", "head", "init", "bias_init"),
    *("optimizer", "learning_rate", "momentum", "beta1", "beta2", "eps", "schedule", "schedule_unit", "schedule_drops"),
    *("schedule_factor", "warmup", "batch_size", "epochs", "shuffle", "seed", "validation", "validation_fraction"),
)
"""The settings that `_Torch` follows, or that make no difference to its speed."""
GOAL = 0.98
MOST_EPOCHS = 60  # after which scikit-learn is given up

Variant = tuple[str, int]  # contender and threads
Result = dict[str, Any]  # what a measuring process prints, or {"error": why it did not}
Step = Callable[[], int]  # takes a step and returns its number of images; 0: do not time this call


def _recipe(name: str) -> Recipe:
    """Our recipe of a row, made to go on for as long as it is measured."""
    if name == LARGE:
        recipe = dataclasses.replace(RECIPES["wide-adam"], name=name, hidden_sizes=(1024, 512), batch_size=256)
    else:
        recipe = RECIPES[name]
    return dataclasses.replace(recipe, epochs=10_000, patience=None, min_delta=0.0)


def _variants(contenders: Sequence[str]) -> list[Variant]:
    return [(name, threads) for name in contenders for threads in THREADS]


# --- The commands.


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure how fast training is; without a command: `run` with its defaults."""
    if context.invoked_subcommand is None:
        context.invoke(run)


_repeats_option = click.option("--repeats", type=click.IntRange(min=1), default=5, show_default=True)
_seconds_option = click.option("--seconds", default=1.5, show_default=True, help="Of steady stepping per measurement.")
_seed_option = click.option("--seed", default=0, show_default=True)


@main.command()
@click.option("--row", "rows", multiple=True, type=click.Choice(ROWS), help="Only this one; may be repeated.")
@click.option("--contender", "only", multiple=True, type=click.Choice(CONTENDERS), help="Only this one; likewise.")
@_repeats_option
@_seconds_option
def run(rows: tuple[str, ...], only: tuple[str, ...], repeats: int, seconds: float) -> None:
    """Compare samples per second."""
    _print_header(f"Medians of {repeats} processes, {seconds:g} s of steady stepping in each; samples per second.")
    print(
        "| row | ours | PyTorch eager | ours / PyTorch | ours / products, same threads | ours / products, best "
        "| ours / torch.compile | ours / scikit-learn | our peak, MB |\n|---|---|---|---|---|---|---|---|---|"
    )
    details = ["| row | contender | threads | median | min–max |", "|---|---|---|---|---|"]
    ratios: list[float] = []
    for row in rows or ROWS:
        recipe = _recipe(row)
        fits = recipe.head == "softmax" and not recipe.dropout  # else scikit-learn has no such network
        variants = _variants([name for name in only or CONTENDERS if fits or name != "scikit-learn"])
        results = _interleave(repeats, variants, "measure", row, "--seconds", seconds)
        rates = {variant: [result["rate"] for result in found] for variant, found in results.items() if _ran(found)}
        medians = {variant: statistics.median(found) for variant, found in rates.items()}
        ours, eager, products = _best(medians, "ours"), _best(medians, *EAGER), _best(medians, "products")
        if ours and eager:
            ratios.append(medians[ours] / medians[eager])
        columns = [
            *(f"{medians[best]:,.0f} ({best[0]}, {best[1]})" if best else "did not run" for best in (ours, eager)),
            _ratio(medians, ours, eager),
            _ratio(medians, ours, ("products", ours[1]) if ours else None),
            _ratio(medians, ours, products),
            *(_ratio(medians, ours, _best(medians, name)) for name in ("torch-compile", "scikit-learn")),
            f"{max(result['peak_mb'] for result in results[ours]):.0f}" if ours else "–",
        ]
        print(f"| {row} | {' | '.join(columns)} |", flush=True)
        for variant, found in results.items():
            text = _spread(rates[variant], ",.0f") if variant in rates else _why(found)
            details.append(f"| {row} | {variant[0]} | {variant[1]} | {text} |")
    if ratios:
        print(f"\nOurs / PyTorch: geometric mean {statistics.geometric_mean(ratios):.2f}, lowest {min(ratios):.2f}.")
    print("", *details, sep="\n")


@main.command("time-to-98")
@_repeats_option
def time_to_98(repeats: int) -> None:
    """Compare the seconds from a cold start until the test accuracy is first 98%.

    The data lies in memory as bytes; scaling it, building the network and all else is timed, the look at the test
    images after each epoch is not. We and PyTorch follow `quick`; our time has the split and the validation in it as
    well. scikit-learn has its defaults, and all 60,000 images, because it keeps none for validation.
    """
    _print_header(f"Medians of {repeats} processes, each with another seed; data in memory, imports not counted.")
    print(
        "| contender | threads | seconds | min–max | epochs | test accuracy | reached |\n|---|---|---|---|---|---|---|"
    )
    variants = _variants(("ours", *EAGER, "scikit-learn"))
    results = _interleave(repeats, variants, "measure-98")
    medians: dict[Variant, float] = {}
    for variant, found in results.items():
        if not _ran(found):
            print(f"| {variant[0]} | {variant[1]} | {_why(found)} | | | |")
            continue
        seconds, epochs, accuracies = ([result[key] for result in found] for key in ("seconds", "epochs", "accuracy"))
        reached = sum(accuracy >= GOAL for accuracy in accuracies)
        medians[variant] = statistics.median(seconds)
        print(
            f"| {variant[0]} | {variant[1]} | {_spread(seconds, '.2f')} | {min(epochs)}–{max(epochs)} "
            f"| {min(accuracies):.2%}–{max(accuracies):.2%} "
            f"| {f'{reached} of {repeats}' if reached else 'not reached; seconds used are given'} |"
        )
    for name, contenders in (("PyTorch", EAGER), ("scikit-learn", ("scikit-learn",))):
        ours, other = _best(medians, "ours", least=True), _best(medians, *contenders, least=True)
        if ours and other:
            print(f"\nOur best / the best of {name} ({other[0]}, {other[1]}): {medians[ours] / medians[other]:.2f}")


@main.command()
@click.option(
    "--folder",
    envvar="MNIST_DIR",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With the four .gz files; MNIST_DIR by default.",
)
@_repeats_option
def idx(folder: Path, repeats: int) -> None:
    """Compare reading the four files with the loop over images that tutorials have."""
    packed = sorted(folder.glob("*ubyte.gz"))
    assert len(packed) == 4, f"found {len(packed)} files *ubyte.gz, expected 4"
    _print_header(f"Medians of {repeats}, for the four files together.")
    print("| files | `read_idx`, ms | struct loop, ms | ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        plain = [Path(temporary) / path.stem for path in packed]
        for source, target in zip(packed, plain, strict=True):
            target.write_bytes(gzip.decompress(source.read_bytes()))
        for kind, paths in (("gzip", packed), ("unpacked", plain)):
            assert all(np.array_equal(read_idx(path), _struct_loop(path)) for path in paths)
            times: dict[Callable[[Path], object], list[float]] = {read_idx: [], _struct_loop: []}
            for _ in range(repeats):
                for read, found in times.items():
                    began = time.perf_counter()
                    for path in paths:
                        read(path)
                    found.append((time.perf_counter() - began) * 1000)
            ours, loop = map(statistics.median, times.values())
            print(f"| {kind} | {ours:.1f} | {loop:.0f} | {loop / ours:.0f} |")


@main.command()
@click.argument("row", type=click.Choice(ROWS))
@_seconds_option
def profile(row: str, seconds: float) -> None:
    """Show where the time of our step goes; one thread, unless OPENBLAS_NUM_THREADS says otherwise.

    `np.matmul` and `np.dot` are wrapped, because the profiler does not see them by themselves; a product written as `@`
    is part of the function that it stands in. What happens between epochs is in the table as well.
    """
    recipe, dataset = _recipe(row), load_dataset("mnist")
    split = make_split(recipe, dataset)
    ours = recipe.batch_size / _throughput(_ours(recipe, dataset, split), seconds)
    products = recipe.batch_size / _throughput(_products(recipe), seconds)
    step, profiler, wrapped = _ours(recipe, dataset, split), cProfile.Profile(), (np.matmul, np.dot)

    def matmul(*args: Any, **kwargs: Any) -> Any:
        return wrapped[0](*args, **kwargs)

    def dot(*args: Any, **kwargs: Any) -> Any:
        return wrapped[1](*args, **kwargs)

    with mock.patch.multiple(np, matmul=matmul, dot=dot):
        profiler.runcall(_throughput, step, seconds)
    entries = sorted(profiler.getstats(), key=lambda entry: -entry.inlinetime)
    total = sum(entry.inlinetime for entry in entries)
    _print_header(
        f"`{row}`: {ours * 1e6:.1f} µs per step without the profiler; the bare products take {products * 1e6:.1f} µs, "
        f"{products / ours:.0%} of it."
    )
    print("| function | calls | own time, µs per call | share |\n|---|---|---|---|")
    for entry in entries[:12]:
        code, calls = entry.code, entry.callcount
        label = code if isinstance(code, str) else f"{Path(code.co_filename).stem}.{code.co_name}"
        print(f"| `{label}` | {calls:,} | {entry.inlinetime / calls * 1e6:.2f} | {entry.inlinetime / total:.1%} |")


# --- The measuring processes, each started by `run` or `time-to-98`; each prints one line of JSON.


@main.command()
@click.argument("row", type=click.Choice(ROWS))
@click.argument("contender", type=click.Choice(CONTENDERS))
@click.argument("threads", type=int)
@_seconds_option
@_seed_option
def measure(row: str, contender: str, threads: int, seconds: float, seed: int) -> None:
    """Measure one contender's samples per second."""
    recipe, dataset = dataclasses.replace(_recipe(row), seed=seed), load_dataset("mnist")
    split = make_split(recipe, dataset)
    if contender == "ours":
        step = _ours(recipe, dataset, split)
    elif contender == "products":
        step = _products(recipe)
    elif contender == "scikit-learn":
        step = _scikit_learn(recipe, split)
    else:
        step = _torch(recipe, split, contender, threads)
    rate = _throughput(step, seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB
    print(json.dumps({"rate": rate, "peak_mb": peak}))


@main.command("measure-98")
@click.argument("contender", type=click.Choice(CONTENDERS))
@click.argument("threads", type=int)
@_seed_option
def measure_98(contender: str, threads: int, seed: int) -> None:
    """Measure how soon one contender reads 98% of the test images."""
    recipe, dataset = dataclasses.replace(RECIPES["quick"], seed=seed), load_dataset("mnist")
    if contender == "ours":
        epochs = _our_epochs(recipe, dataset)
    elif contender == "scikit-learn":
        epochs = _scikit_learn_epochs(dataset, seed)
    else:
        epochs = _torch_epochs(recipe, dataset, contender, threads)
    seconds, accuracy, done = 0.0, 0.0, 0
    began = time.perf_counter()
    for test_accuracy in epochs:
        seconds += time.perf_counter() - began
        accuracy, done = test_accuracy(), done + 1
        if accuracy >= GOAL:
            break
        began = time.perf_counter()
    print(json.dumps({"seconds": seconds, "accuracy": accuracy, "epochs": done}))


def _throughput(step: Step, seconds: float) -> float:
    """Call a step for so many seconds, at least 5 times, after warming up; return images per second."""
    for _ in range(3):
        step()
    warm = time.perf_counter() + seconds / 4
    while time.perf_counter() < warm:
        step()
    spent, images, steps = 0.0, 0, 0
    while spent < seconds or steps < 5:
        began = time.perf_counter()
        count = step()
        if count:
            spent += time.perf_counter() - began
            images += count
            steps += 1
    return images / spent


# --- The contenders.


def _ours(recipe: Recipe, dataset: Dataset, split: Split) -> Step:
    records, images = train(recipe, dataset), len(split.train_images)
    records.network().tested(dataset)  # what the end of a training takes, for the peak of its memory
    batches = recipe.steps_per_epoch(images)

    def step() -> int:
        record = next(records)
        if isinstance(record, EpochEnd):
            if len(split.validation_images):
                return 0
            record = next(records)
        return min(recipe.batch_size, images - (record.step - 1) % batches * recipe.batch_size)  # the last is smaller

    return step


def _products(recipe: Recipe) -> Step:
    """Multiply: x W forward, and backward xᵀ g for W and, but for the first layer, g Wᵀ for x."""
    rng, batch = np.random.default_rng(0), recipe.batch_size
    forward: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    backward = forward[:]
    for fan_in, fan_out in pairwise(recipe.layer_sizes):
        shapes = (batch, fan_in), (fan_in, fan_out), (batch, fan_out)
        x, W, g = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
        if forward:
            backward.append((g, W.T, np.empty_like(x)))
        backward.append((x.T, g, np.empty_like(W)))
        forward.append((x, W, np.empty_like(g)))
    products = forward + backward[::-1]

    def step() -> int:
        for left, right, out in products:
            np.dot(left, right, out=out)
        return batch

    return step


class _Torch:
    """A recipe's network in PyTorch with its data, loss and optimizer, in the form that is fastest here."""

    def __init__(self, recipe: Recipe, images: np.ndarray, labels: np.ndarray, contender: str, threads: int) -> None:
        others = [field for field in dataclasses.fields(recipe) if field.name not in FOLLOWED]
        ignored = [field.name for field in others if getattr(recipe, field.name) != field.default]
        assert not ignored, f"these settings are not followed in PyTorch here: {ignored}"
        # By name, so that types can be checked whether it is installed or not.
        self.torch = torch = importlib.import_module("torch")
        torch.set_num_threads(threads)
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.x = torch.from_numpy(_scaled(images, recipe.normalization))
        self.y = torch.from_numpy(labels.astype(np.int64))
        if recipe.head == "sigmoid":
            self.y = torch.nn.functional.one_hot(self.y, 10).float()
        self.in_order = list(zip(self.x.split(recipe.batch_size), self.y.split(recipe.batch_size), strict=True))
        activation = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}[recipe.activation]
        layers: list[Any] = []
        for fan_in, fan_out in pairwise(recipe.layer_sizes):
            if layers:
                layers += [activation()] + [torch.nn.Dropout(recipe.dropout)] * bool(recipe.dropout)
            layers.append(torch.nn.Linear(fan_in, fan_out))
            torch.nn.init.kaiming_normal_(layers[-1].weight, nonlinearity="relu")
            torch.nn.init.zeros_(layers[-1].bias)
        self.model = torch.nn.Sequential(*layers)
        settings: dict[str, Any] = {
            "torch-for-loop": {"foreach": False},
            "torch-foreach": {"foreach": True},
        }.get(contender, {"fused": True})
        if recipe.optimizer == "adam":
            adam = {"lr": recipe.learning_rate, "betas": (recipe.beta1, recipe.beta2), "eps": recipe.eps}
            self.optimizer = torch.optim.Adam(self.model.parameters(), **adam, **settings)
        else:
            momentum = {"sgd": 0.0, "momentum": recipe.momentum}[recipe.optimizer]
            self.optimizer = torch.optim.SGD(
                self.model.parameters(), lr=recipe.learning_rate, momentum=momentum, **settings
            )
        if recipe.head == "softmax":
            loss = torch.nn.functional.cross_entropy
        else:  # summed over the ten outputs; no mean, because the recipe with this head has one image a batch
            loss = torch.nn.BCEWithLogitsLoss(reduction="sum")
        self.loss = lambda x, y: loss(self.model(x), y)
        if contender == "torch-compile":
            self.loss = torch.compile(self.loss)

    def batches(self) -> Iterator[tuple[Any, Any]]:
        """One epoch: gathered in a random order, or views that were made once."""
        if not self.recipe.shuffle:
            yield from self.in_order
            return
        for chosen in self.torch.randperm(len(self.x)).split(self.recipe.batch_size):
            yield self.x.index_select(0, chosen), self.y.index_select(0, chosen)

    def step(self, x: Any, y: Any) -> None:
        """Update once."""
        self.loss(x, y).backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def _torch(recipe: Recipe, split: Split, contender: str, threads: int) -> Step:
    batch = recipe.batch_size
    whole = len(split.train_images) // batch * batch  # whole batches only: compiled code is made for one size
    training = _Torch(recipe, split.train_images[:whole], split.train_labels[:whole], contender, threads)
    batches = itertools.chain.from_iterable(training.batches() for _ in itertools.count())

    def step() -> int:
        training.step(*next(batches))
        return batch

    return step


def _scikit_learn(recipe: Recipe, split: Split) -> Step:
    """Train with scikit-learn on a few batches at a time: a whole epoch of the large network takes too long."""
    from sklearn.neural_network import MLPClassifier

    images = min(20 * recipe.batch_size, len(split.train_images))
    x, labels = _scaled(split.train_images[:images], recipe.normalization), split.train_labels[:images]
    network = MLPClassifier(
        recipe.hidden_sizes,
        activation={"relu": "relu", "sigmoid": "logistic"}[recipe.activation],
        solver=recipe.optimizer,
        learning_rate_init=recipe.learning_rate,
        momentum=0.0,
        epsilon=recipe.eps,
        alpha=0.0,
        batch_size=recipe.batch_size,
    )

    def step() -> int:
        network.partial_fit(x, labels, classes=range(10))
        return images

    return step


# Each of these takes a training from its cold start through its epochs; after every epoch it hands out a function that
# measures the test accuracy.


def _our_epochs(recipe: Recipe, dataset: Dataset) -> Iterator[Callable[[], float]]:
    training = train(recipe, dataset)
    for record in training:
        if isinstance(record, EpochEnd):
            yield lambda: training.network().tested(dataset).test_accuracy or 0.0


def _torch_epochs(recipe: Recipe, dataset: Dataset, contender: str, threads: int) -> Iterator[Callable[[], float]]:
    """Prepare what is not timed, then return what is."""
    assert (recipe.init, recipe.bias_init) == ("he", "zeros"), "the only start that is followed here"
    split = make_split(recipe, dataset)
    # Every learning rate, as our own training of the smallest network hands them out.
    smallest = train(dataclasses.replace(recipe, hidden_sizes=()), dataset)
    rates = iter([record.learning_rate for record in smallest if isinstance(record, StepEnd)])
    # PyTorch imports much of itself only when an optimizer is made and used, and imports are not counted.
    few = _Torch(recipe, split.train_images[:64], split.train_labels[:64], contender, threads)
    few.step(few.x, few.y)

    def epochs() -> Iterator[Callable[[], float]]:
        training = _Torch(recipe, split.train_images, split.train_labels, contender, threads)

        def test_accuracy() -> float:
            with training.torch.no_grad():
                logits = training.model(training.torch.from_numpy(_scaled(dataset.test_images, recipe.normalization)))
            return float((logits.argmax(1).numpy() == dataset.test_labels).mean())

        for _ in range(recipe.epochs):
            for x, y in training.batches():
                training.optimizer.param_groups[0]["lr"] = next(rates)
                training.step(x, y)
            yield test_accuracy

    return epochs()


def _scikit_learn_epochs(dataset: Dataset, seed: int) -> Iterator[Callable[[], float]]:
    from sklearn.neural_network import MLPClassifier

    def epochs() -> Iterator[Callable[[], float]]:
        x, network = _scaled(dataset.train_images, "unit"), MLPClassifier(random_state=seed)
        for _ in range(MOST_EPOCHS):
            network.partial_fit(x, dataset.train_labels, classes=range(10))
            yield lambda: float(network.score(_scaled(dataset.test_images, "unit"), dataset.test_labels))

    return epochs()


def _scaled(images: np.ndarray, normalization: str) -> np.ndarray:
    """Flatten and scale images for the others; our own recipes do it themselves."""
    x = images.reshape(len(images), -1).astype(np.float32)
    if normalization == "min-max":
        x -= x.min(axis=1, keepdims=True)
        x /= x.max(axis=1, keepdims=True)
    elif normalization != "raw":
        x /= 255
        if normalization == "standard":
            x -= 0.1307
            x /= 0.3081
    return x


def _struct_loop(path: Path) -> np.ndarray:
    """Read an IDX file as tutorials do, one image after the other."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        ndim = file.read(4)[3]
        count, *sides = struct.unpack(f">{ndim}I", file.read(4 * ndim))
        size = math.prod(sides)
        items = np.empty((count, size), np.uint8)
        for i in range(count):
            items[i] = struct.unpack(f">{size}B", file.read(size))
    return items.reshape(count, *sides)


# --- Starting processes and reporting.


def _interleave(repeats: int, variants: Sequence[Variant], *command: object) -> dict[Variant, list[Result]]:
    """Measure every variant once, then every variant again, and so on; one that failed is not tried again."""
    results: dict[Variant, list[Result]] = {variant: [] for variant in variants}
    for seed, variant in itertools.product(range(repeats), variants):
        if not results[variant] or _ran(results[variant]):
            words = [str(word) for word in (*command, *variant, "--seed", seed)]
            print(f"repeat {seed + 1} of {repeats}:", *words, file=sys.stderr)
            results[variant].append(_spawn(words, str(variant[1])))
    return results


def _spawn(words: Sequence[str], threads: str) -> Result:
    limits = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), threads)
    # torch.compile would start workers of its own, which could outlive the measurement.
    environment = os.environ | limits | {"TORCHINDUCTOR_COMPILE_THREADS": "1"}
    command = [sys.executable, "-m", "bench.training_speed", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]}
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def _ran(found: Sequence[Result]) -> bool:
    return "error" not in found[-1]


def _why(found: Sequence[Result]) -> str:
    return f"did not run: {found[-1]['error'][:200]} |"


def _best(medians: dict[Variant, float], *contenders: str, least: bool = False) -> Variant | None:
    """Choose the fastest variant of some contenders; None if none of them ran."""
    choose = min if least else max
    return choose((variant for variant in medians if variant[0] in contenders), key=medians.__getitem__, default=None)


def _ratio(medians: dict[Variant, float], ours: Variant | None, other: Variant | None) -> str:
    return f"{medians[ours] / medians[other]:.2f}" if ours and other in medians else "–"


def _spread(values: Sequence[float], form: str) -> str:
    return f"{statistics.median(values):{form}} | {min(values):{form}}–{max(values):{form}}"


def _print_header(text: str) -> None:
    versions = []
    for package in ("numpy", "torch", "scikit-learn"):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} not installed")
    info = Path("/proc/cpuinfo")  # the model's name stands only there, and only on Linux
    lines = info.read_text().splitlines() if info.exists() else []
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {', '.join(versions)}.")
    print(f"{cpu}, {os.cpu_count()} cores. {text}\n", flush=True)


if __name__ == "__main__":
    main()

"""What the tutorials published, what their code really gives, and what we measure beside it."""

import time
from dataclasses import dataclass

import click
from threadpoolctl import threadpool_limits

from mnist_core.cli.options import threads_option
from mnist_core.cli.progress import train_and_show
from mnist_core.data.dataset import load_dataset
from mnist_core.errors import DivergedError
from mnist_core.recipes.presets import RECIPES
from mnist_core.training.stream import Training, train

TOLERANCE = 0.007
"""How far below the original's accuracy ours may be: other random numbers alone move it by some tenths of a point."""


@dataclass(frozen=True)
class Tutorial:
    """The results of one recipe where it comes from.

    Attributes:
        published: what the tutorial says.
        original: what its code gives when it is run, accuracies in [0, 1] by part of the data ("train", "validation",
            "test"); empty if it has no code of its own.
    """

    published: str
    original: dict[str, float]


TUTORIALS = {
    "tanh-online": Tutorial("no figure", {"test": 0.912}),
    "sigmoid-full-batch": Tutorial("87.88%", {"test": 0.889}),
    "sigmoid-full-batch-text": Tutorial("87.88%", {}),
    "dropout-mlp-sgd": Tutorial("validation 87%", {"validation": 0.880, "test": 0.874}),
    "dropout-mlp-adam": Tutorial("validation 97%", {"validation": 0.977, "test": 0.977}),
    "classic-relu": Tutorial("95.67%; train > 98%, test > 95%", {"train": 0.996, "test": 0.979}),
    "wide-adam": Tutorial('"very good accuracy"', {"test": 0.933}),
}
"""By the names of their recipes in `RECIPES`."""


def measure(training: Training, parts: tuple[str, ...]) -> dict[str, float]:
    """Measure the best weights of a training.

    Args:
        training: at its end.
        parts: of "train", "validation", "test".

    Returns:
        The accuracy on each part, in [0, 1].
    """
    network, split, data = training.network(), training.split, training.data
    images = {
        "train": (split.train_images, split.train_labels),
        "validation": (split.validation_images, split.validation_labels),
        "test": (data.test_images, data.test_labels),
    }
    return {part: network.score(*images[part]) for part in parts}


def is_reproduced(original: dict[str, float], ours: dict[str, float]) -> bool:
    """Return whether every accuracy is the original's within `TOLERANCE`, or better."""
    return all(ours[part] >= accuracy - TOLERANCE for part, accuracy in original.items())


@click.command("reproduce")
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(list(TUTORIALS)))
@threads_option
def reproduce_command(names: tuple[str, ...], threads: int) -> None:
    """Train the tutorials' recipes on MNIST, and compare with what they published and what their code gives.

    Without names, all of them (some minutes). Ends with an error if an accuracy is more than 0.7 points below the
    original's.
    """
    dataset = load_dataset("mnist")
    failed = []
    click.echo("| recipe | published | its code gives | ours | steps | seconds |\n|---|---|---|---|---|---|")
    for name in names or TUTORIALS:
        tutorial, recipe = TUTORIALS[name], RECIPES[name]
        training = train(recipe, dataset)
        click.echo(f"{name}, seed {recipe.seed}", err=True)
        began = time.perf_counter()
        try:
            with threadpool_limits(threads):
                for _record in train_and_show(training, "quiet"):
                    pass
            seconds = time.perf_counter() - began
            ours = measure(training, tuple(tutorial.original) or ("test",))
            found = _accuracies(ours)
            reproduced = is_reproduced(tutorial.original, ours)
        except DivergedError as error:
            seconds, found, reproduced = time.perf_counter() - began, str(error), False
        if not reproduced:
            failed.append(name)
        original = _accuracies(tutorial.original) or "no code of its own"
        click.echo(
            f"| `{name}` | {tutorial.published} | {original} | {found} | {training.state.step:,} | {seconds:.1f} |"
        )
    if failed:
        raise click.ClickException(f"not reproduced within {TOLERANCE:.1%}: {', '.join(failed)}")


def _accuracies(parts: dict[str, float]) -> str:
    return ", ".join(f"{part} {accuracy:.1%}" for part, accuracy in parts.items())

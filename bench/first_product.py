"""Measure what the first product promises; run by hand, results go to `bench/RESULTS.md`.

    python -m bench.first_product

Three questions: how long does `recognize` take, how accurate are the shipped weights, and how soon does a training
reach its accuracy, beside scikit-learn's `MLPClassifier` on the same data in the same run.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import platform
import statistics
import time
import warnings
from collections.abc import Callable

import numpy as np
import sklearn
from PIL import Image, ImageDraw
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from mnist_core.data.dataset import Dataset, load_dataset
from mnist_core.network import Network
from mnist_core.recipes.presets import RECIPES
from mnist_core.recognizer import Recognizer
from mnist_core.training.loop import train_from
from mnist_core.training.split import make_split
from mnist_core.training.state import init_state
from mnist_core.training.stream import Training

REPEATS = 5


def main() -> None:
    """Measure, and print a table in Markdown."""
    dataset = load_dataset("mnist")
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn {sklearn.__version__}, one thread\n"
    )
    print("| what | median | all |\n|---|---|---|")
    _recognition()
    _accuracy(dataset)
    _training(dataset)


def _recognition() -> None:
    recognizer = Recognizer.load()
    print(f"| `Recognizer.load()` | {_row(_times(Recognizer.load), 'ms')} |")
    for side in (28, 400, 1000):
        picture = Image.new("RGBA", (side, side))
        ImageDraw.Draw(picture).line(
            [(side * 0.3, side * 0.2), (side * 0.7, side * 0.2), (side * 0.45, side * 0.85)], "white", side // 14
        )
        pixels = np.asarray(picture)
        times = _times(lambda pixels=pixels: [recognizer.recognize(pixels) for _ in range(20)])  # type: ignore[misc]
        print(f"| `recognize`, {side}×{side} RGBA | {_row([t / 20 for t in times], 'ms')} |")


def _accuracy(dataset: Dataset) -> None:
    accuracy = Network.load().score(dataset.test_images, dataset.test_labels)
    print(f"| shipped weights, test accuracy | {accuracy:.2%} | |")


def _training(dataset: Dataset) -> None:
    """Train each in turn, so that a busy moment of the machine hits all alike."""
    x = dataset.train_images.reshape(-1, 784).astype(np.float32) / 255
    x_test = dataset.test_images.reshape(-1, 784).astype(np.float32) / 255
    seconds: dict[str, list[float]] = {}
    accuracies: dict[str, list[float]] = {}

    def note(name: str, began: float, accuracy: float) -> None:
        seconds.setdefault(name, []).append(time.perf_counter() - began)
        accuracies.setdefault(name, []).append(accuracy)

    for seed in range(REPEATS):
        for name in ("quick", "classic-relu"):
            began = time.perf_counter()
            training = init_state(RECIPES[name])
            for _record in train_from(training, make_split(training.recipe, dataset)):
                pass
            note(f"`{name}`", began, Training(training, dataset).network().tested(dataset).test_accuracy or 0.0)
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            peer = MLPClassifier((256,), max_iter=5, random_state=seed).fit(x, dataset.train_labels)
        note("scikit-learn, 784-256-10, its defaults, 5 epochs", began, float(peer.score(x_test, dataset.test_labels)))
    for name, times in seconds.items():
        print(f"| {name}: seconds | {_row([t * 1000 for t in times], 's')} |")
        print(f"| {name}: test accuracy | {statistics.median(accuracies[name]):.2%} | |")
    ratio = statistics.median(seconds["scikit-learn, 784-256-10, its defaults, 5 epochs"]) / statistics.median(
        seconds["`quick`"]
    )
    print(f"| scikit-learn's time / `quick`'s | {ratio:.1f} | |")


def _times(work: Callable[[], object]) -> list[float]:
    """Time some work several times, in milliseconds, after once for warming up."""
    work()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return times


def _row(milliseconds: list[float], unit: str) -> str:
    factor = 1 if unit == "ms" else 1000
    every = " ".join(f"{t / factor:.2f}" for t in milliseconds)
    return f"{statistics.median(milliseconds) / factor:.2f} {unit} | {every}"


if __name__ == "__main__":
    main()

"""Measure what distorting the training images costs; run by hand, results go to `bench/RESULTS.md`.

    python -m bench.augmentation

Beside it, the usual way with SciPy: one image after the other, noise blurred by a Gaussian filter, then interpolated.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import dataclasses
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import scipy
from scipy.ndimage import gaussian_filter, map_coordinates

from mnist_core.constants import SIDE
from mnist_core.data.augmentation import ELASTIC, SIGMA, Distortion
from mnist_core.data.dataset import load_dataset
from mnist_core.recipes.presets import HANDWRITING
from mnist_core.training.loop import train_from
from mnist_core.training.split import make_split
from mnist_core.training.state import init_state

ROUNDS = 7
STEPS = 20


def main() -> None:
    """Measure in turns, and print a table in Markdown."""
    dataset = load_dataset("mnist")
    batch = HANDWRITING.batch_size
    pixels = dataset.train_images[:batch].reshape(batch, -1)
    rng = np.random.default_rng(0)
    distortion, out = Distortion(HANDWRITING.distortion), np.empty(pixels.shape, np.float32)
    plain = dataclasses.replace(HANDWRITING, distortion=0.0, rare_digits=0.0, not_digits=0.0)
    steps = train_from(init_state(plain), make_split(plain, dataset))
    contenders: dict[str, Callable[[], object]] = {
        "a training step of `handwriting` without distortion": lambda: next(steps),
        "distorting its batch": lambda: distortion.distort(pixels, rng, out),
        "elastic distortion of that batch with SciPy": lambda: _with_scipy(pixels, rng),
    }
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, run in contenders.items():
            times[name].append(_seconds(run) / batch)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}, one thread\n")
    print("| what, batches of 256 | median, µs an image | of a step | all |\n|---|---|---|---|")
    step = statistics.median(next(iter(times.values())))
    for name, found in times.items():
        median = statistics.median(found)
        row = " ".join(f"{seconds * 1e6:.0f}" for seconds in found)
        print(f"| {name} | {median * 1e6:.0f} | {median / step:.2f} | {row} |")


def _seconds(run: Callable[[], object]) -> float:
    run()
    began = time.perf_counter()
    for _ in range(STEPS):
        run()
    return (time.perf_counter() - began) / STEPS


def _with_scipy(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    places = np.indices((SIDE, SIDE), np.float32)
    images = []
    for image in pixels.reshape(-1, SIDE, SIDE):
        noise = rng.standard_normal(places.shape, np.float32)
        fields = np.stack([gaussian_filter(part, SIGMA) for part in noise])
        fields *= ELASTIC / max(float(np.sqrt((fields**2).mean())), 1e-6)
        images.append(map_coordinates(image.astype(np.float32), places + fields, order=1, mode="nearest"))
    return np.array(images)


if __name__ == "__main__":
    main()

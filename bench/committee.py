"""Measure networks alone and as a committee on the MNIST test images; run by hand, results go to `bench/RESULTS.md`.

    python -m bench.committee WEIGHTS...

The committee's answer is the digit with the largest mean of the networks' probabilities (Ciresan, Meier, Gambardella
and Schmidhuber 2011, Convolutional neural network committees for handwritten character classification; for networks
without convolution Meier et al. 2011, Better digit recognition with a committee of simple neural nets, ICDAR).
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

from pathlib import Path

import click
import numpy as np

from mnist_core.data.dataset import load_dataset
from mnist_core.network import Network


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(files: tuple[Path, ...]) -> None:
    """Print the test error of each network and of all together, as a table in Markdown."""
    dataset = load_dataset("mnist")
    probabilities = [Network.load(file).predict_proba(dataset.test_images) for file in files]
    print("| network | misread of 10,000 | test error |\n|---|---|---|")
    for file, found in zip(files, probabilities, strict=True):
        _print_row(file.name, found, dataset.test_labels)
    if len(files) > 1:
        _print_row(f"all {len(files)} together", np.mean(probabilities, axis=0), dataset.test_labels)


def _print_row(name: str, probabilities: np.ndarray, labels: np.ndarray) -> None:
    misread = int((probabilities.argmax(axis=1) != labels).sum())
    print(f"| {name} | {misread} | {misread / len(labels):.2%} |")


if __name__ == "__main__":
    main()

"""Measure what a run costs: a training in a worker of the page beside the same recipe on the command line.

    MNIST_DIR=… python -m bench.runs [--recipe NAME]… [--rounds 5]

Both are started as users start them, in turn, each in a fresh process on one BLAS thread; what is compared is the time
from the start to the weights with their test accuracy. The page is stood in for by what it does: it looks at the run
twice a second.
"""

import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import Recipe
from webapp.runs.job import Job
from webapp.runs.registry import Runs
from webapp.runs.snapshot import ACTIVE

EPOCHS = 10
"""At most, of the longer recipes."""
THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def by_command_line(recipe: Recipe, folder: Path) -> float:
    """Train with `python -m mnist_core train`; give the seconds that it takes."""
    path = folder / "recipe.json"
    path.write_text(json.dumps(recipe.to_json()))
    command = [sys.executable, "-m", "mnist_core", "train", "--recipe", str(path), "--threads", "1"]
    began = time.perf_counter()
    subprocess.run(
        [*command, "--out", str(folder / "weights.npz")],
        env={**os.environ, **THREADS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def by_page(recipe: Recipe, runs: Runs) -> float:
    """Train as the page does; give the seconds that it takes."""
    began = time.perf_counter()
    run_id = runs.start(Job(recipe, "mnist"))
    while True:
        snapshot = runs.snapshot(run_id)
        if snapshot is None or snapshot.state not in ACTIVE:
            break
        time.sleep(0.4)
    if snapshot is None or snapshot.state != "finished":
        raise click.ClickException(f"{run_id} did not finish")
    # The record file was closed with its last record: not when this loop happened to look.
    return snapshot.folder.records.stat().st_mtime - (time.time() - (time.perf_counter() - began))


@click.command()
@click.option("--recipe", "names", multiple=True, default=("quick", "tanh-online", "accurate"), show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(names: tuple[str, ...], rounds: int) -> None:
    """Print one row for each recipe."""
    click.echo("| recipe | command line, s | page, s | ratio, median | all ratios |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(Path(folder) / "runs", at_once=1)
        for name in names:
            recipe = dataclasses.replace(RECIPES[name], epochs=min(EPOCHS, RECIPES[name].epochs))
            pairs = [(by_command_line(recipe, Path(folder)), by_page(recipe, runs)) for _ in range(rounds)]
            ratios = [page / line for line, page in pairs]
            line, page = (statistics.median(values) for values in zip(*pairs, strict=True))
            shown = " ".join(f"{ratio:.2f}" for ratio in ratios)
            click.echo(f"| `{name}` | {line:.2f} | {page:.2f} | {statistics.median(ratios):.2f} | {shown} |")


if __name__ == "__main__":
    main()

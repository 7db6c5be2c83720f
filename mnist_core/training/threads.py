"""How many threads the matrix products of a network deserve."""

import os
from itertools import pairwise

from mnist_core.recipes.recipe import Recipe
from mnist_core.training.loop import PIECE

LARGE_PRODUCT = 100_000_000
"""Multiplications from which two threads were clearly faster than one (`bench/RESULTS.md`)."""


def best_threads(recipe: Recipe) -> int:
    """Choose by the largest matrix product of a step: below `LARGE_PRODUCT`, to wake a thread costs what it saves.

    Where another program uses the second thread's core, every product waits for it (measured: ten times as slow). So
    only the cores that have been idle for the last minute are counted, where the system tells.

    Args:
        recipe: whose layers and batches are multiplied.

    Returns:
        At least 1.
    """
    sizes = recipe.layer_sizes
    weights = max(fan_in * fan_out for fan_in, fan_out in pairwise(sizes))
    if min(recipe.batch_size, PIECE) * weights < LARGE_PRODUCT:
        return 1
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, (os.cpu_count() or 1) - round(busy))

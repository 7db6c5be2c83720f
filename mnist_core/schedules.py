"""How the learning rate changes: pure functions from the progress of training to a factor.

A schedule knows no optimizer and keeps no state, so it can be plotted, tested and explained on its own.
Progress is 0 at the first update (or epoch) and would be 1 after the last.
"""

import math
from collections.abc import Callable

Schedule = Callable[[float], float]
"""Progress in [0, 1] -> factor in [0, 1] by which the recipe's learning rate is multiplied."""


def constant(progress: float) -> float:
    """Keep the learning rate as it is."""
    return 1.0


def cosine(progress: float) -> float:
    """Fall from 1 to 0 along half a cosine: ½ (1 + cos(π · progress)).

    Source: Loshchilov and Hutter 2017, SGDR, equation 5 without restarts, https://arxiv.org/abs/1608.03983
    """
    return 0.5 * (1.0 + math.cos(math.pi * progress))


SCHEDULES: dict[str, Schedule] = {"constant": constant, "cosine": cosine}

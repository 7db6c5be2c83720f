"""How the learning rate changes: pure functions from the progress of training to a factor.

A schedule knows no optimizer and keeps no state, so it can be plotted, tested and explained on its own. `step` is the
number of steps (or epochs) before this one, from 0 to `steps` − 1; the factor is in [0, 1].
"""

import math
from collections.abc import Callable, Sequence

Schedule = Callable[[int, int], float]
"""(step, steps) -> factor in [0, 1] by which the recipe's learning rate is multiplied."""

WARMUP_START = 0.1
"""A warm-up begins with this share of the learning rate."""


def constant(step: int, steps: int) -> float:
    """Keep the learning rate as it is."""
    return 1.0


def step_decay(step: int, steps: int, drops: Sequence[float], factor: float) -> float:
    """Multiply by `factor`, in (0, 1], at each drop; drops are shares of the training, in (0, 1)."""
    # A quotient is rounded to the very float that 0.55 is; the product 0.55 · 100 would be just above 55.
    return factor ** sum(step / steps >= drop for drop in drops)


def exponential(step: int, steps: int, factor: float) -> float:
    """Fall by the same share at every step: factor^(step / steps), from 1 to `factor`, in (0, 1], after the last."""
    return factor ** (step / steps)


def cosine(step: int, steps: int) -> float:
    """Fall from 1 to 0 along half a cosine: ½ (1 + cos(π · step / steps)).

    Source: Loshchilov and Hutter 2017, SGDR, equation 5 without restarts, https://arxiv.org/abs/1608.03983
    """
    return 0.5 * (1.0 + math.cos(math.pi * step / steps))


def one_cycle(step: int, steps: int) -> float:
    """Rise from 1/25 to 1 over the first 30% of the steps, then fall to 1/250,000, both along half a cosine.

    Source: Smith and Topin 2018, Super-Convergence, section 2, https://arxiv.org/abs/1708.07120; with the shares of
    PyTorch's `OneCycleLR`.
    """
    low, end = 1 / 25, 1 / 250_000
    top = 0.3 * steps - 1  # where the peak is
    if step <= top:
        return _between(low, 1.0, step / top)
    last = steps - 1
    return _between(1.0, end, (step - top) / (last - top)) if last > top else 1.0


def warm_up(step: int, steps: int, share: float) -> float:
    """Rise along a line from `WARMUP_START` to 1 over the first `share` of the steps, in [0, 1), then stay.

    Source: Goyal et al. 2017, Accurate, large minibatch SGD, section 2.2, https://arxiv.org/abs/1706.02677
    """
    length = share * steps
    return 1.0 if step >= length else WARMUP_START + (1 - WARMUP_START) * step / length


SCHEDULES: dict[str, Callable[..., float]] = {
    "constant": constant,
    "step": step_decay,
    "exponential": exponential,
    "cosine": cosine,
    "one-cycle": one_cycle,
}
"""(step, steps, settings of its own) -> factor."""


def build_schedule(name: str, drops: Sequence[float], factor: float, warmup: float) -> Schedule:
    """Build a schedule.

    Args:
        name: one of `SCHEDULES`.
        drops: for "step".
        factor: for "step" and "exponential".
        warmup: share of the training that the warm-up takes, with any schedule.

    Returns:
        The product of the schedule and its warm-up.
    """
    shape = SCHEDULES[name]
    arguments = {"step": (drops, factor), "exponential": (factor,)}.get(name, ())
    return lambda step, steps: shape(step, steps, *arguments) * warm_up(step, steps, warmup)


def _between(start: float, end: float, progress: float) -> float:
    """Return the value at a share of the way from start to end, along half a cosine."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * progress))

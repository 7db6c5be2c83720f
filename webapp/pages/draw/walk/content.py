"""What a stop of the walk shows, and the pieces that its formulas are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from mnist_core.explain.trace import Passage

TERMS = 3
"""Terms of a long sum that are written out: the largest ones."""


@dataclass(frozen=True, eq=False)
class Content:
    """What is shown at a stop.

    Attributes:
        text: what happens here, in a sentence or two.
        latex: the formula, and below it the same with real numbers.
        values: the vector of this stop, one number for each unit, pixel or digit.
        chosen: the place in it that the numbers are about.
        code: the functions that do it.
        of_digits: whether the vector has a number for each digit.
    """

    text: str
    latex: str
    values: np.ndarray
    chosen: int
    code: tuple[Callable[..., Any], ...]
    of_digits: bool = False


class Place(NamedTuple):
    """A layer as the formulas name it.

    Attributes:
        passage: what passed through it.
        number: counted from 1; a linear layer and what follows it share one.
        x: its input's symbol in LaTeX.
        y: its output's.
        to_digits: whether its outputs are the ten logits.
    """

    passage: Passage
    number: int
    x: str
    y: str
    to_digits: bool


def number(value: float) -> str:
    r"""Return a number with three digits as LaTeX, very large and small ones with a power of ten.

    Example:
        >>> number(-0.12345), number(1.5e-7)
        ('-0.123', '1.5 \\cdot 10^{-7}')
    """
    value = float(value) + 0.0  # no minus before a zero
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    mantissa, power = f"{value:.2e}".split("e")
    return rf"{float(mantissa):g} \cdot 10^{{{int(power)}}}"


def sum_lines(x: np.ndarray, w: np.ndarray, bias: float | None = None) -> list[str]:
    """Write out the largest terms of Σ xᵢ wᵢ + b, the first of them on a line of its own: phones are narrow."""
    top = np.argsort(-np.abs(x * w), kind="stable")[:TERMS]
    terms = [rf"{signed(x[i])} \cdot {signed(w[i])}" for i in top]
    end = "" if bias is None else f" + {signed(bias)}"
    dots = r" + \dots" if len(x) > TERMS else ""
    return [rf"&= {' + '.join(terms[:2])}", rf"&\quad {''.join(f'+ {term}' for term in terms[2:])}{dots}{end}"]


def largest(values: np.ndarray) -> int:
    """Find the number that is farthest from 0."""
    return int(np.abs(values).argmax())


def unit_name(index: int, is_digit: bool) -> str:
    """Name a unit: digits by themselves, hidden units and pixels counted from 1."""
    return str(index if is_digit else index + 1)


def at(symbol: str, index: str) -> str:
    """Put an index below a symbol."""
    return f"{symbol}_{{{index}}}"


def slope_of(symbol: str) -> str:
    """Write dL by d of a symbol."""
    return rf"\tfrac{{\partial L}}{{\partial {symbol}}}"


def signed(value: float) -> str:
    """Put brackets around a negative number: it follows another sign."""
    return f"({number(value)})" if value < 0 else number(value)


def sure(share: float) -> str:
    """Return a share so that one close to 1 can be told from it."""
    return rf"(1 - {number(1 - share)})" if 0.995 < share < 1 else number(share)

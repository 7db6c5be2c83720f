"""What a formula is: its text, its symbols in words, and the code that does it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Symbols = tuple[tuple[str, str], ...]
"""(LaTeX, what it means in words with the run's numbers)."""


@dataclass(frozen=True)
class Formula:
    """A formula of a training.

    Attributes:
        title: what it is called.
        plain: what it does, in a sentence for whoever hears of it for the first time.
        textbook: the formula without its details, as textbooks have it, in LaTeX.
        explanation: what it does, in a sentence or two.
        latex: the formula with all its details; lines are separated by a double backslash.
        symbols: what its letters mean.
        code: the functions and methods that do it.
    """

    title: str
    plain: str
    textbook: str
    explanation: str
    latex: str
    symbols: Symbols
    code: tuple[Callable[..., Any], ...]


def lines(*formulas: str) -> str:
    """Put formulas below each other, aligned at their `&`."""
    return r"\begin{aligned}" + r"\\[0.5em]".join(formulas) + r"\end{aligned}"

"""The source of `mnist_core`, to be shown beside formulas and on a page of its own."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import mnist_core

PACKAGE = Path(mnist_core.__file__).parent
READING_ORDER = (
    "layers",
    "activations",
    "losses",
    "mlp",
    "gradient_check",
    "initializers",
    "optimizers",
    "schedules",
    "normalization",
    "batches",
    "training",
    "metrics",
    "recipes",
    "preprocess",
    "segment",
    "recognizer",
    "input_layer",
    "augment",
    "synthetic",
    "extras",
    "data",
    "idx",
)
"""The modules that a student reads first, in this order; the others follow by name."""


@dataclass(frozen=True)
class Source:
    """A piece of the source.

    Attributes:
        name: of the function or class: "Linear.forward".
        file: "mnist_core/layers.py".
        line: where it begins, counted from 1.
        text: the piece itself, not indented, without its docstring.
    """

    name: str
    file: str
    line: int
    text: str


@cache
def source_of(code: Callable[..., Any]) -> Source:
    """Find the source of a function, method or class of `mnist_core`."""
    lines, line = inspect.getsourcelines(code)
    file = f"{PACKAGE.name}/{Path(inspect.getfile(code)).name}"
    return Source(code.__qualname__, file, line, _without_docstring(textwrap.dedent("".join(lines))).rstrip())


def _without_docstring(text: str) -> str:
    """Leave out a function's docstring: beside a formula and its explanation it would say the same once more."""
    function = ast.parse(text).body[0]
    if not isinstance(function, ast.FunctionDef) or ast.get_docstring(function) is None:
        return text
    first = function.body[0]
    kept = text.splitlines(keepends=True)
    del kept[first.lineno - 1 : first.end_lineno]
    return "".join(kept)


def core_files() -> dict[str, Path]:
    """List all modules, "mnist_core/layers.py" and where it lies, in the order in which they are best read."""
    place = {name: i for i, name in enumerate(READING_ORDER)}
    paths = sorted(PACKAGE.glob("*.py"), key=lambda path: (place.get(path.stem, len(place)), path.name))
    return {f"{PACKAGE.name}/{path.name}": path for path in paths}


def first_sentence(source: str) -> str:
    """Give the first sentence of a module's docstring; empty if it has none."""
    text = " ".join((ast.get_docstring(ast.parse(source)) or "").split())
    found = re.match(r".+?[.?!](?=\s|$)", text)
    return found.group() if found else text

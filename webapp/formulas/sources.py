"""The source of `mnist_core`, to be shown beside formulas and on a page of its own."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.extract import extract_python

import mnist_core

PACKAGE = Path(mnist_core.__file__).parent
FIRST_ROOM = "mnist_core/nn/"


@dataclass(frozen=True)
class Source:
    """A piece of the source.

    Attributes:
        name: of the function or class: "Linear.forward".
        file: "mnist_core/nn/layers.py".
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
    file = Path(inspect.getfile(code)).relative_to(PACKAGE.parent).as_posix()
    return Source(code.__qualname__, file, line, _without_docstring(textwrap.dedent("".join(lines))).rstrip())


def _without_docstring(text: str) -> str:
    """Remove a function's docstring: beside a formula and its explanation it would only repeat them."""
    function = ast.parse(text).body[0]
    if not isinstance(function, ast.FunctionDef) or ast.get_docstring(function) is None:
        return text
    first = function.body[0]
    kept = text.splitlines(keepends=True)
    del kept[first.lineno - 1 : first.end_lineno]
    return "".join(kept)


def core_files() -> dict[str, Path]:
    """List the modules of the core by name, "mnist_core/nn/layers.py", room by room; `nn`, the network, first."""
    paths = [path for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py")]
    names = {path.relative_to(PACKAGE.parent).as_posix(): path for path in paths}
    return {name: names[name] for name in sorted(names, key=lambda name: (not name.startswith(FIRST_ROOM), name))}


def texts_of_module(file: BinaryIO, *how: Any, **options: Any) -> Iterator[tuple[Any, ...]]:
    """Collect what the app shows of a module in the visitor's language: its errors, and its first sentence.

    A method of Babel's: `make texts` calls it for each module of the core.
    """
    yield from extract_python(file, *how, **options)
    file.seek(0)
    yield 1, "gettext", first_sentence(file.read().decode()), []


def first_sentence(source: str) -> str:
    """Return the first sentence of a module's docstring; empty if it has none."""
    text = " ".join((ast.get_docstring(ast.parse(source)) or "").split())
    found = re.match(r".+?[.?!](?=\s|$)", text)
    return found.group() if found else text

"""How a setting is declared: what it may be, when it has an effect, and how it is written as a text."""

import dataclasses
import operator
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NONE = "none"
"""How None and the empty tuple are written."""
_NUMBER = re.compile(r"[-+.0-9eE]{1,30}")


@dataclass(frozen=True)
class Flag:
    """True or false."""

    @property
    def expected(self) -> str:
        """What is possible, in words."""
        return "true or false"

    def accepts(self, value: object) -> bool:
        """Return whether a value is possible."""
        return isinstance(value, bool)

    def parse(self, text: str) -> bool:
        """Read "true" or "false"."""
        if text not in ("true", "false"):
            raise ValueError(text)
        return text == "true"


@dataclass(frozen=True, init=False)
class Choice:
    """One of several names."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)

    @property
    def expected(self) -> str:
        """What is possible, in words."""
        return f"one of {', '.join(self.names)}" if self.names[1:] else self.names[0]

    def accepts(self, value: object) -> bool:
        """Return whether a value is possible."""
        return value in self.names

    def parse(self, text: str) -> str:
        """Return the text as it is."""
        return text


@dataclass(frozen=True)
class Number:
    """A number in a range, whose ends are named as in pydantic: > gt, ≥ ge, < lt, ≤ le."""

    kind: type[int] | type[float] = float
    gt: float | None = None
    ge: float | None = None
    lt: float | None = None
    le: float | None = None

    @property
    def range(self) -> str:
        """The range in words: "above 0 and at most 1"."""
        ends = ((self.gt, "above"), (self.ge, "of at least"), (self.lt, "below"), (self.le, "at most"))
        return " and ".join(f"{word} {end}" for end, word in ends if end is not None)

    @property
    def expected(self) -> str:
        """What is possible, in words."""
        return f"a {'whole ' if self.kind is int else ''}number {self.range}"

    def accepts(self, value: object) -> bool:
        """Return whether a value is possible; a bool is no number, and neither is NaN or infinity."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(value, int | self.kind):
            return False
        if self.kind is float and not abs(value) <= sys.float_info.max:  # also a whole number that no float can hold
            return False
        ends = {operator.gt: self.gt, operator.ge: self.ge, operator.lt: self.lt, operator.le: self.le}
        return all(compares(value, end) for compares, end in ends.items() if end is not None)

    def parse(self, text: str) -> float:
        """Read a number, plainly written; Python's own reading also takes 1_000 and the digits of other scripts."""
        if not _NUMBER.fullmatch(text):
            raise ValueError(text)
        return self.kind(text)


@dataclass(frozen=True)
class Numbers:
    """A tuple of at most so many numbers."""

    each: Number
    most: int

    @property
    def expected(self) -> str:
        """What is possible, in words."""
        return f"at most {self.most} {'whole ' if self.each.kind is int else ''}numbers {self.each.range}"

    def accepts(self, value: object) -> bool:
        """Return whether a value is possible."""
        return isinstance(value, tuple) and len(value) <= self.most and all(map(self.each.accepts, value))

    def parse(self, text: str) -> tuple[float, ...]:
        """Read numbers with commas between them: "128,64"; no number at all is fine too."""
        return tuple(self.each.parse(part.strip()) for part in text.split(",") if part.strip())


Kind = Flag | Choice | Number | Numbers


@dataclass(frozen=True)
class Setting:
    """The declaration of one setting.

    Attributes:
        default: its value in a recipe that doesn't say.
        kind: what it may be.
        help: what it does, a sentence for the command line.
        none: what None means; "" if the setting can't be None.
        only_with: other settings, and the values of theirs with any of which this one has an effect; empty: always.
        strict: whether it must keep its default where it has no effect.
        mutable: whether it may change while a training is under way.
    """

    default: Any
    kind: Kind
    help: str
    none: str = ""
    only_with: Mapping[str, Kind] = dataclasses.field(default_factory=dict)
    strict: bool = False
    mutable: bool = False

    @property
    def expected(self) -> str:
        """What is possible, in words."""
        return f"{self.kind.expected}, or none ({self.none})" if self.none else self.kind.expected

    @property
    def condition(self) -> str:
        """When it has an effect, in words; "" if always."""
        return " or ".join(f"{name} is {kind.expected}" for name, kind in self.only_with.items())

    def accepts(self, value: object) -> bool:
        """Return whether a value is possible."""
        return self.kind.accepts(value) or (value is None and bool(self.none))

    def has_effect(self, values: Mapping[str, object]) -> bool:
        """Return whether the setting changes anything, given the values of all: β₁ does not with plain SGD."""
        return not self.only_with or any(kind.accepts(values[name]) for name, kind in self.only_with.items())

    def parse(self, text: str) -> object:
        """Read what `spell` wrote; whether the setting `accepts` it is another question.

        Raises:
            ValueError: if it is nothing of this kind.
        """
        if text == NONE and (self.none or isinstance(self.kind, Numbers)):
            return None if self.none else ()
        return self.kind.parse(text)


def setting(default: Any, kind: Kind, help: str, **options: Any) -> Any:
    """Declare a field of a dataclass as a setting; see `Setting`."""
    return dataclasses.field(default=default, metadata={"setting": Setting(default, kind, help, **options)})


def spell(value: object) -> str:
    """Write a setting's value so that `Setting.parse` reads the very same one: "128,64", "true", "none"."""
    if value is None or value == ():
        return NONE
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(spell, value))
    return str(value)  # of a float as many digits as it takes to tell it from any other

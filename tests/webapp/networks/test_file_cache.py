"""What is computed from files: once for all, only of the newest version, and within a limit."""

import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from webapp.networks.file_cache import FileCache


class Value:
    """Something that takes a number of bytes, and that a weak reference can watch."""

    def __init__(self, nbytes: int = 1) -> None:
        self.nbytes = nbytes


@pytest.fixture
def cache() -> FileCache[Value]:
    return FileCache(100, lambda value: value.nbytes)


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    def write(name: str, content: str = "") -> Path:
        (tmp_path / name).write_text(content)
        return tmp_path / name

    return write


def test_a_file_is_computed_once_and_anew_when_it_changes(cache, write):
    path = write("a")
    first = cache.get(path, Value)
    assert cache.get(path, Value) is first
    assert cache.get(path, Value, "another detail") is not first
    write("a", "longer")
    assert cache.get(path, Value) is not first


def test_of_a_file_only_the_newest_version_is_kept(cache, write):
    kept = []
    for version in range(20):
        kept.append(weakref.ref(cache.get(write("a", "x" * version), Value)))
    assert [value() is not None for value in kept] == [False] * 19 + [True]


def test_what_was_not_asked_for_longest_makes_room(cache, write):
    paths = {name: write(name) for name in "abc"}
    held = {name: weakref.ref(cache.get(paths[name], lambda: Value(40))) for name in "ab"}
    assert cache.get(paths["a"], Value) is held["a"]()
    cache.get(paths["c"], lambda: Value(40))
    assert held["a"]() is not None
    assert held["b"]() is None


def test_one_that_is_larger_than_the_limit_is_kept_alone(cache, write):
    small, large = weakref.ref(cache.get(write("a"), Value)), write("large")
    assert cache.get(large, lambda: Value(1000)) is cache.get(large, Value)
    assert small() is None


def test_threads_that_ask_at_once_wait_for_one_computation(cache, write):
    path, begun, may_end, computed = write("a"), Event(), Event(), []

    def compute() -> Value:
        computed.append(1)
        begun.set()
        assert may_end.wait(10)
        return Value()

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(cache.get, path, compute) for _ in range(8)]
        assert begun.wait(10)
        other = cache.get(write("b"), Value)  # who asks for another file waits for nobody
        may_end.set()
        values = {id(future.result(10)) for future in asked}
    assert len(computed) == len(values) == 1
    assert id(other) not in values


def test_a_failure_is_raised_and_not_kept(cache, write, tmp_path):
    def fail() -> Value:
        raise ValueError("damaged")

    for path in (write("a"), tmp_path / "missing"):
        with pytest.raises(ValueError, match="damaged"):
            cache.get(path, fail)
        assert cache.get(path, lambda: Value(7)).nbytes == 7

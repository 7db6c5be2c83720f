"""The examples in docstrings say what really happens."""

import doctest
import importlib
import pkgutil

import pytest

import mnist_core
from tests.paths import ROOT

MODULES = [module.name for module in pkgutil.walk_packages(mnist_core.__path__, "mnist_core.")]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_examples(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert doctest.testmod(importlib.import_module(name)).failed == 0

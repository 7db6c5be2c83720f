"""The storeys of the program, read from its own import statements.

app.py stands on webapp, webapp on mnist_core, and nothing reaches up. Inside mnist_core imports run one way, nobody
imports from the package's front door, and nothing prints, starts threads or knows a widget.

Run alone: python -m pytest tests/test_imports.py
"""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "mnist_core"
WEBAPP = ROOT / "webapp"
APP = ROOT / "app.py"

# What the core may use besides Python itself, and what only one of its modules may use.
LIBRARIES = {"numpy", "PIL", "pooch"}
LIBRARIES_OF = {
    "command_line": {"click", "tqdm", "threadpoolctl"},
    "command_tools": {"click"},
    "predict_command": {"click"},
    "onnx_export": {"onnx"},
}
FORBIDDEN_IN_CORE = {"streamlit", "plotly", "webapp", "app", "tests", "bench"} | {
    "threading",
    "_thread",
    "multiprocessing",
    "concurrent",
    "asyncio",
    "importlib",
}
# Modules that stand on the ground: they know nothing of the rest of the package.
GROUND = {"errors", "files", "records", "layers", "initializers", "optimizers", "schedules", "normalization"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, module: str = "x", is_package: bool = False) -> Iterator[tuple[str, str | None]]:
    """Yield (module, name) for every import anywhere, in functions too; the name is None for `import x`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, None
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".")
                package = package[: len(package) - node.level + is_package]
                base = ".".join([*package, *([node.module] if node.module else [])])
            for alias in node.names:
                yield base, alias.name


def imports_of(path: Path) -> list[tuple[str, str | None]]:
    return list(imports(path.read_text(encoding="utf-8"), module_name(path), path.name == "__init__.py"))


def top_level(path: Path) -> set[str]:
    """The first parts of all that a file imports: {"numpy", "mnist_core"}."""
    return {module.split(".")[0] for module, _ in imports_of(path)}


def python_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


CORE_FILES = python_files(CORE)
# The front door and the entry file stand above all modules and are looked at by themselves.
CORE_MODULES = {path.stem: path for path in CORE_FILES if path.name not in ("__init__.py", "__main__.py")}


def core_graph() -> dict[str, set[str]]:
    """Which modules of the core each of them imports."""
    return {
        name: {module.split(".")[1] for module, _ in imports_of(path) if module.startswith("mnist_core.")}
        for name, path in CORE_MODULES.items()
    }


# The reader of imports itself


def test_the_reader_sees_every_kind_of_import():
    source = """
import a, b.c as d
from e.f import g, h
from . import i
from ..j import k
def function():
    import late
    if True:
        from later import *
"""
    assert list(imports(source, "p.q.r")) == [
        ("a", None),
        ("b.c", None),
        ("e.f", "g"),
        ("e.f", "h"),
        ("p.q", "i"),
        ("p.j", "k"),
        ("late", None),
        ("later", "*"),
    ]
    assert list(imports("from .r import s", "p.q", is_package=True)) == [("p.q.r", "s")]


def test_there_is_something_to_look_at():
    assert {"mlp", "training", "recognizer", "command_line"} <= set(CORE_MODULES)
    assert all(path.parent == CORE for path in CORE_FILES)  # names without folders are enough below


# Storeys


@pytest.mark.parametrize("path", CORE_FILES, ids=label)
def test_the_core_knows_no_app_no_widget_and_no_thread(path):
    assert not top_level(path) & FORBIDDEN_IN_CORE


@pytest.mark.parametrize("path", CORE_FILES, ids=label)
def test_the_core_uses_its_few_libraries_only(path):
    others = top_level(path) - set(sys.stdlib_module_names) - {"mnist_core"}
    assert others <= LIBRARIES | LIBRARIES_OF.get(path.stem, set())


@pytest.mark.parametrize("path", python_files(WEBAPP), ids=label)
def test_the_webapp_never_reaches_up(path):
    assert not top_level(path) & {"app", "tests", "bench"}


def test_app_stands_on_webapp_alone():
    if not APP.exists():
        pytest.skip("there is no app.py yet")
    assert top_level(APP) - set(sys.stdlib_module_names) <= {"webapp", "streamlit"}


@pytest.mark.parametrize("path", [*CORE_FILES, *python_files(WEBAPP), *python_files(ROOT / "bench")], ids=label)
def test_nothing_imports_app(path):
    assert "app" not in top_level(path)


@pytest.mark.parametrize("path", [*CORE_FILES, *python_files(WEBAPP)], ids=label)
def test_only_what_exists_is_imported_from_our_own_packages(path):
    for module, name in imports_of(path):
        if module.split(".")[0] in ("mnist_core", "webapp"):
            places = [ROOT / Path(*module.split(".")), ROOT / Path(*module.split("."), name or "")]
            assert any(place.with_suffix(".py").exists() or place.is_dir() for place in places), (module, name)


# Inside the core


@pytest.mark.parametrize("path", CORE_FILES, ids=label)
def test_nobody_imports_from_the_front_door(path):
    """`from mnist_core.layers import ReLU`, never `from mnist_core import ReLU` nor `import mnist_core`."""
    assert "mnist_core" not in {module for module, _ in imports_of(path)}


@pytest.mark.parametrize("path", CORE_FILES, ids=label)
def test_imports_are_written_in_full(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"line {node.lineno} is a relative import"


@pytest.mark.parametrize("path", CORE_FILES, ids=label)
def test_imports_stand_at_the_top_where_a_cycle_cannot_hide(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nested = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.If | ast.Try)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert nested == []


def test_imports_run_one_way():
    try:
        order = list(TopologicalSorter(core_graph()).static_order())
    except CycleError as error:
        pytest.fail(f"these modules import each other: {' -> '.join(error.args[1])}")
    assert set(order) == set(CORE_MODULES)


def test_a_cycle_would_be_found():
    graph = core_graph()
    graph["errors"] = {"training"}
    with pytest.raises(CycleError):
        list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("name", sorted(GROUND))
def test_what_stands_on_the_ground_imports_nothing_of_ours(name):
    assert core_graph()[name] == set()


def test_the_command_line_stands_on_top():
    graph = core_graph()
    assert [name for name, imported in graph.items() if "command_line" in imported] == []
    assert [module for module, _ in imports_of(CORE / "__main__.py")] == ["mnist_core.command_line"]


def test_layers_and_optimizers_know_no_model_and_training_no_file():
    graph = core_graph()
    assert graph["activations"] == graph["input_layer"] == {"layers"}
    assert graph["losses"] == {"activations"}
    assert graph["augment"] == {"preprocess"}
    assert graph["extras"] == {"losses", "synthetic"}
    assert graph["synthetic"] == {"preprocess"}
    assert graph["batches"] == {"augment", "normalization"}
    assert "extras" in graph["training"]
    assert not graph["training"] & {"npz", "weights", "checkpoint", "recognizer", "idx"}
    assert not graph["mlp"] - {"layers", "activations", "input_layer", "initializers"}


def calls(source: str) -> set[str]:
    """The plain names that a source calls."""
    return {
        node.func.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


@pytest.mark.parametrize("path", CORE_FILES, ids=label)
def test_the_core_never_prints_and_runs_no_text(path):
    assert not calls(path.read_text(encoding="utf-8")) & {"print", "input", "eval", "exec", "compile", "__import__"}


def test_a_print_would_be_found():
    assert "print" in calls("def f():\n    print('here')")


def test_the_front_door_hands_out_what_it_names():
    import mnist_core

    exported = {name for _, name in imports_of(CORE / "__init__.py")}
    assert set(mnist_core.__all__) == exported
    assert all(hasattr(mnist_core, name) for name in mnist_core.__all__)

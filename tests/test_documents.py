"""What the documents at the root say is true: files that they name exist, and code that they show runs."""

import re

import pytest
from threadpoolctl import threadpool_limits

from tests.paths import ROOT

FILES = [
    f"/{path.relative_to(ROOT).as_posix()}{'/' if path.is_dir() else ''}"
    for folder in ("mnist_core", "webapp", "tests", "bench", "weights")
    for path in (ROOT / folder, *(ROOT / folder).rglob("*"))
] + [f"/{path.name}" for path in ROOT.iterdir()]


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "weights/README.md"])
def test_files_that_a_document_names_exist(name):
    named = re.findall(
        r"`(?!NAME)((?:\w+/)*\w+(?:/|\.(?:py|js|css|md|txt|toml|po)))`", (ROOT / name).read_text(encoding="utf-8")
    )
    assert not [file for file in named if not any(path.endswith(f"/{file}") for path in FILES)]


@pytest.mark.slow
def test_the_code_in_the_readme_runs(real_mnist, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, object] = {}
    with threadpool_limits(1):
        for block in blocks:
            exec(block, names)  # noqa: S102 - our own code
    assert (tmp_path / "my.npz").exists()

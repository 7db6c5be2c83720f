"""What the README shows works."""

import re

import pytest

from tests.paths import ROOT


@pytest.mark.slow
def test_the_code_in_the_readme_runs(real_mnist, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)  # noqa: S102 - our own code
    assert (tmp_path / "my.npz").exists()

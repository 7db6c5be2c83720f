"""The wheel: installed elsewhere, it reads a digit from any folder."""

import re
import subprocess
import sys
import tomllib
import venv

import numpy as np
import pytest
from PIL import Image

from tests.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    """The packages among the lines of a requirements file, or of a list in pyproject.toml."""
    found = {re.split(r"[=<>\[ ]", line)[0] for line in requirements if re.match("[a-z]", line)}
    return found - {PROJECT["name"]}


def test_what_the_package_asks_for_is_what_was_tried():
    """Extras and pinned requirements name the same packages."""
    extras = PROJECT["optional-dependencies"]
    pinned = names((ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines())
    assert pinned == names(PROJECT["dependencies"]) | names(extras["onnx"]) | names(extras["app"])
    assert names((ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()) == names(extras["dev"])


@pytest.mark.slow
def test_an_installed_wheel_reads_a_picture_in_another_folder(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, ROOT], check=True, timeout=120
    )
    (wheel,) = tmp_path.glob("*.whl")
    venv.create(tmp_path / "venv")
    scripts = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    subprocess.run(
        [*pip, "--python", scripts / "python", "install", "-c", ROOT / "requirements.txt", wheel],
        check=True,
        timeout=300,
    )
    drawing = np.full((280, 280), 255, np.uint8)
    drawing[40:240, 130:150] = 0  # an upright stick
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Image.fromarray(drawing).save(elsewhere / "one.png")

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [scripts / "mnist-scratch", *arguments],
            cwd=elsewhere,
            env={"PATH": ""},
            capture_output=True,
            text=True,
            timeout=60,
        )

    assert call("predict", "one.png").stdout.startswith("one.png: 1   (")
    assert call("export", "--out", "network.py").returncode == 0
    without_onnx = call("export", "--out", "network.onnx")
    assert without_onnx.returncode == 1
    assert without_onnx.stderr.startswith("Error: found no package 'onnx'") and without_onnx.stderr.count("\n") == 1

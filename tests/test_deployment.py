"""What the app needs where it runs for others: a container, several servers behind nginx, a table of its settings."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
from typing import Any

import pytest

from tests.paths import ROOT


def read(name: str) -> str:
    """Return the text of a file of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


DOCKERFILE = read("Dockerfile")
COPIED = [name for line in re.findall(r"(?m)^COPY (.+) \S+$", DOCKERFILE) for name in line.split()]
PRODUCT = [ROOT / "app.py", *(path for room in ("mnist_core", "webapp") for path in (ROOT / room).rglob("*.py"))]


def variables_read() -> set[str]:
    """Return the environment variables that the product reads, by the names that stand there or in a constant."""
    found = set()
    for code in (path.read_text(encoding="utf-8") for path in PRODUCT):
        for text, constant in re.findall(r"(?:environ\.get\(|environ\[|getenv\(|_number\()(?:\"(\w+)\"|(\w+))", code):
            found |= {text} if text else set(re.findall(rf"(?m)^{constant} = \"(\w+)\"$", code))
    return found


def command_of(instruction: str) -> list[str]:
    """Return a command of the Dockerfile."""
    found = re.search(rf"(?m)^{instruction} [^\[]*(\[.*\])$", DOCKERFILE.replace("\\\n", ""))
    assert found
    command: list[str] = json.loads(found[1])
    return command


def test_the_dockerfile_has_no_fault_that_its_linter_knows():
    linter = shutil.which("hadolint", path=sysconfig.get_path("scripts"))
    assert linter
    done = subprocess.run([linter, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_compose_yaml_is_as_its_specification_says():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_container_gets_what_its_dockerfile_copies_and_nothing_else():
    assert [name for name in COPIED if not (ROOT / name).exists()] == []
    sent = [line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")]
    assert sorted(sent) == sorted(COPIED)


@pytest.mark.slow
def test_what_the_container_gets_is_enough_to_start_to_draw_and_to_stop(tmp_path):
    """Its own commands, on another port, in a folder that holds nothing else."""
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    programs = {"PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])}
    place: dict[str, Any] = {"cwd": tmp_path, "env": os.environ | programs, "stderr": subprocess.STDOUT}
    start, look = ([part.replace("8501", port) for part in command_of(name)] for name in ("CMD", "HEALTHCHECK"))
    with (tmp_path / "log").open("w") as log, subprocess.Popen(start, stdout=log, **place) as server:
        try:
            deadline = time.monotonic() + 60
            while subprocess.run(look, stdout=subprocess.DEVNULL, **place, check=False).returncode:
                assert server.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            drawing_page = (
                "from streamlit.testing.v1 import AppTest;"
                "page = AppTest.from_file('webapp/pages/menu.py', default_timeout=60).run();"
                "assert len(page.button) and not page.exception, page.exception"
            )
            done = subprocess.run([sys.executable, "-c", drawing_page], stdout=subprocess.PIPE, **place, check=False)
            assert done.returncode == 0, done.stdout.decode()
            server.terminate()
            assert server.wait(30) in (0, -signal.SIGTERM)  # as long as compose.yaml waits
        finally:
            server.kill()


def test_what_can_be_set_for_the_app_can_be_set_for_its_container_and_nothing_else():
    compose = read("compose.yaml")
    passed_on = re.findall(r"(?m)^ {6}(\w+):$", compose)
    folders = re.findall(r"(?m)^ +- \$\{(\w+):-", compose)
    assert sorted([*passed_on, *folders]) == sorted(variables_read())


def test_the_readme_lists_every_variable_that_the_app_or_make_reads():
    listed = re.findall(r"(?m)^\| `(\w+)` \|", read("README.md"))
    assert variables_read() | set(re.findall(r"(?m)^(\w+) \?= ", read("Makefile"))) <= set(listed)


def test_nginx_lets_every_upload_through_that_the_app_allows():
    allowed = tomllib.loads(read(".streamlit/config.toml"))["server"]["maxUploadSize"]
    through = re.search(r"client_max_body_size (\d+)m;", read("docs/nginx.conf"))
    assert through and int(through[1]) > allowed  # the file, and what an upload puts around it


def test_nginx_knows_each_server_by_its_own_letter_and_has_another_one_for_when_it_is_gone():
    """Wanted, first tried and noted are the same server, in every list of the file."""
    conf = read("docs/nginx.conf")
    noted = dict(re.findall(r"~(:\d+)\$ (\w);", conf))
    everyone = re.search(r"upstream mnist_any \{(.*?)\}", conf, re.DOTALL)
    assert everyone and sorted(re.findall(r"server 127\.0\.0\.1(:\d+)", everyone[1])) == sorted(noted)
    for port, letter in noted.items():
        assert re.search(rf"(?m)^ +{letter} +mnist_{letter};$", conf)
        first = re.search(
            rf"upstream mnist_{letter} \{{\s+server 127\.0\.0\.1{port} max_fails=0;(.*?)\}}", conf, re.DOTALL
        )
        assert first and sorted(re.findall(r"1(:\d+) backup;", first[1])) == sorted({*noted} - {port})

"""The port before the start: free, or a sentence that says what to type."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.paths import ROOT
from webapp.server.port import complaint, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of 127.0.0.1 at which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def ask(host: str, port: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "webapp.server.port", host, str(port)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_free_port_is_passed_in_silence(taken):
    free = next(port for port in range(taken + 1, 65_536) if is_free("localhost", port))
    answer = ask("localhost", free)

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_a_taken_port_is_said_in_one_sentence_with_a_free_one(taken):
    answer = ask("localhost", taken)

    assert answer.returncode == 1 and answer.stdout == "" and len(answer.stderr.splitlines()) == 1
    assert answer.stderr.startswith(f"Port {taken} is taken by another program")
    found = re.search(r"make run PORT=(\d+)$", answer.stderr.strip())
    assert found and is_free("localhost", int(found[1]))


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])  # noqa: S104
def test_the_command_keeps_the_host(taken, host):
    assert re.search(rf"make run PORT=\d+ HOST={host}$", complaint(host, str(taken)) or "")


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
def test_all_addresses_of_both_kinds_are_asked_for(taken):
    assert not is_free("::", taken)


def test_a_port_just_left_is_free_again():
    """Its last connections linger for a minute; a restart need not wait for them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            pass
    assert is_free("127.0.0.1", port)


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "²", ""])
def test_what_is_no_port_is_said(port):
    assert "expected a number from 1 to 65535" in (complaint("localhost", port) or "")


@pytest.mark.parametrize("host", ["203.0.113.9", "no-such-host.invalid"])
def test_a_host_that_is_not_this_computer_is_said(host):
    assert (complaint(host, "8501") or "").startswith(f"The app cannot listen on {host}, port 8501: ")

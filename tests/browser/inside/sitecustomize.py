"""Notes every call of the app's processes that would leave this computer.

Python runs this file first where `PYTHONPATH` names its folder; the calls are appended to the file that `CALLS` names.
"""

import os
import socket
import sys
from pathlib import Path
from typing import Any

LOCAL = ("localhost", "127.", "::1", "0.0.0.0", "::")  # noqa: S104
OWN = (socket.gethostname(), None, "")


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    match event, arguments:
        case ("socket.getaddrinfo" | "socket.gethostbyname", (host, *_)):
            pass
        case ("socket.connect" | "socket.sendto", (socket.socket(type=socket.SOCK_STREAM), (host, *_))):
            pass  # a datagram's connect sends nothing: so a computer asks itself for its address
        case _:
            return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in OWN and not str(host).startswith(LOCAL):
        with Path(os.environ["CALLS"]).open("a") as calls:
            calls.write(f"{event} {host}\n")


sys.addaudithook(_note)

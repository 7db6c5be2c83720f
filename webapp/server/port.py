"""Ask before the start whether the app's port is free: python -m webapp.server.port HOST PORT.

Exits with 0 if so, else with 1 and a sentence that says what to type.
"""

import errno
import socket
import sys

LOCAL = "localhost"
LAST = 65_535


def is_free(host: str, port: int) -> bool:
    """Return whether a server can listen at a host's port, on each of its addresses.

    Args:
        host: name or address; `0.0.0.0` and `::` are all of this computer's addresses.
        port: number.

    Raises:
        OSError: if it cannot for another reason: an unknown host, a port that only administrators may use.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    absent = 0
    for family, *_, address in found:
        both = address[0] == "::" and socket.has_dualstack_ipv6()  # as Streamlit does it
        try:
            socket.create_server(address[:2], family=family, dualstack_ipv6=both).close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            # `localhost` often has an address of a kind that the computer does not use.
            absent += 1
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT) or absent == len(found):
                raise
    return True


def complaint(host: str, port: str) -> str | None:
    """Return what is wrong with a host and port as they were typed, and what to type instead; None if nothing is."""
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= LAST):
        return f"PORT is {port!r}, expected a number from 1 to {LAST}: make run PORT=8501"
    try:
        if is_free(host, int(port)):
            return None
        free = next((other for other in range(int(port) + 1, LAST + 1) if is_free(host, other)), None)
    except OSError as error:
        return f"The app cannot listen on {host}, port {port}: {error.strerror}. Choose others: make run HOST=… PORT=…"
    command = f"make run PORT={free or '…'}" + ("" if host == LOCAL else f" HOST={host}")
    return f"Port {port} is taken by another program, perhaps by the app itself: stop that one, or type {command}"


if __name__ == "__main__":
    sys.exit(complaint(*sys.argv[1:]))

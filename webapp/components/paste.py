"""Pictures from the clipboard: whatever is pasted while the page shows this component."""

import base64
import binascii

from mnist_core.imaging.image_file import MAX_BYTES
from webapp.components.register import component

PREFIXES = ("data:image/png;base64,", "data:image/jpeg;base64,")

_paste = component("paste_picture", __file__)


def pasted_picture(key: str) -> bytes | None:
    """Listen for pictures that are pasted.

    Args:
        key: names the listener on its page.

    Returns:
        What was pasted just now, as bytes that claim to be a picture (b"" if they are none for sure); else None.
    """
    address = _paste(key=key, on_picture_change=lambda: None).get("picture")
    return None if address is None else read_address(address)


def read_address(address: object) -> bytes:
    """Read the bytes from a picture's address, which comes from a browser and may be anything.

    Returns:
        The bytes; b"" if the message is anything else, or too long.
    """
    if not isinstance(address, str) or len(address) > MAX_BYTES * 4 // 3:
        return b""
    kind, _, content = address.partition(",")
    if f"{kind}," not in PREFIXES:
        return b""
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return b""

"""Pictures from the clipboard: whatever is pasted while the page shows this component."""

from mnist_core.imaging.image_file import MAX_BYTES
from webapp.components.register import component
from webapp.components.sent_picture import read_address

PREFIXES = ("data:image/png;base64,", "data:image/jpeg;base64,")
LONGEST = MAX_BYTES * 4 // 3  # characters

_paste = component("paste_picture", __file__)


def pasted_picture(key: str) -> bytes | None:
    """Listen for pictures that are pasted.

    Args:
        key: names the listener on its page.

    Returns:
        What was pasted just now, as bytes that claim to be a picture (b"" if they are none for sure); else None.
    """
    address = _paste(key=key, on_picture_change=lambda: None).get("picture")
    return None if address is None else read_address(address, PREFIXES, LONGEST)

"""Pictures that a browser sends as addresses which hold all their content."""

import base64


def read_address(address: object, prefixes: str | tuple[str, ...], longest: int) -> bytes:
    """Read the bytes from a picture's address, which comes from a browser and may be anything.

    Args:
        address: what the browser sent.
        prefixes: what an address may begin with, up to its comma.
        longest: how many characters it may have.

    Returns:
        The bytes; b"" if the message is anything else, or too long.
    """
    if not isinstance(address, str) or len(address) > longest or not address.startswith(prefixes):
        return b""
    try:
        return base64.b64decode(address.partition(",")[2], validate=True)
    except ValueError:
        return b""

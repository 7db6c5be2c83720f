"""Changes valid samples a little: bytes, values of JSON, queries, and what lies in archives, with right checksums.

Each function takes a source of chance and valid samples, and returns one of them, changed.
"""

import base64
import contextlib
import copy
import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.mnist_core.tampering import npy_with_header

TOKENS = (b"", b"\0" * 64, b"\xff" * 9, b"\xed\xa0\x80", b"[" * 100_000, b'{"a":' * 2000, b"NaN", b"1e999", b"9" * 5000)
INTEGERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
FLOATS = (float("nan"), float("inf"), -1.0, -0.0, 3e38, 1e-45, 65504.0)
NESTED: Any = []
for _ in range(60):
    NESTED = [NESTED]
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 2, -1, 7, 1000, 2**31, 2**53, 2**63, 2**64, 10**400, -(10**400)),
    *(0.0, -0.0, 0.5, 1.5, 1e-320, 1e308, float("nan"), float("inf"), float("-inf")),
    *("", "none", "true", "1", "adam", "mnist", "../../etc", "\ud800", "\0", "a`![x](http://x.y)<b>", "三" * 300),
    *([], {}, [[]], [1, "a", None], [0.5] * 500, {"a": {"b": []}}, NESTED),
)
SPELLED = (
    *map(str, INTEGERS),
    "none",
    "nan",
    "inf",
    "1e999",
    "1,2,3",
    "1," * 500,
    "true",
    "",
    " ",
    "٣",
    "1_0",
    "%",
    "a`b",
)
NPY_HEADERS = (
    "{'descr': '<f4', 'fortran_order': False, 'shape': (784, 4096)}",
    "{'descr': '|O', 'fortran_order': False, 'shape': (4,)}",
    "{'descr': '>f4', 'fortran_order': True, 'shape': (4, 10)}",
    "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}",
    "{'descr': ('<f4', (3,)), 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
    "(" * 300,
)


def change_bytes(chance: Random, samples: Sequence[bytes]) -> bytes:
    """Flip, set, insert, delete, repeat, cut, splice with another sample, or write a number at an edge of its range."""
    content = bytearray(chance.choice(samples))
    for _ in range(_times(chance)):
        start = chance.randrange(len(content) + 1)
        end = min(len(content), start + 1 + int(chance.expovariate(0.2)))
        match chance.choice(("flip", "set", "insert", "delete", "repeat", "cut", "splice", "number")):
            case "flip":
                content[start:end] = bytes(byte ^ (1 << chance.randrange(8)) for byte in content[start:end])
            case "set":
                content[start:end] = chance.randbytes(end - start)
            case "insert":
                content[start:start] = chance.choice((*TOKENS, chance.randbytes(4)))
            case "delete":
                del content[start:end]
            case "repeat":
                content[start:start] = content[start:end] * chance.choice((1, 2, 1000))
            case "cut":
                del content[start:]
            case "splice":
                other = chance.choice(samples)
                content[start:] = other[chance.randrange(len(other) + 1) :]
            case "number":
                size, number = chance.choice((1, 2, 4, 8)), chance.choice(INTEGERS)
                order = chance.choice(("little", "big"))
                content[start : start + size] = (number & (256**size - 1)).to_bytes(size, order)
    return bytes(content)


def change_value(chance: Random, value: Any) -> Any:
    """Change something in a value of JSON: replace, leave out, rename, repeat, alter or swap a part of it."""
    root = [copy.deepcopy(value)]
    for _ in range(_times(chance)):
        places = list(_places(root))
        parent, key = chance.choice(places)
        match chance.choice(("replace", "replace", "leave out", "rename", "alter", "alter", "swap")):
            case "replace":
                parent[key] = _any_value(chance)
            case "leave out" if parent is not root:
                del parent[key]
            case "rename" if isinstance(parent, dict):
                parent[chance.choice(("x", "record", "__class__", key + "s"))] = parent.pop(key)
            case "swap":
                other, there = chance.choice(places)
                parent[key] = copy.deepcopy(other[there])
            case _:
                parent[key] = _altered(chance, parent[key])
    return root[0]


def change_json(chance: Random, samples: Sequence[bytes]) -> bytes:
    """Change a JSON text: mostly its value, else its bytes."""
    sample = chance.choice(samples)
    try:
        value = json.loads(sample)
    except (ValueError, RecursionError):  # it was changed before
        return change_bytes(chance, samples)
    if chance.random() < 0.2:
        return change_bytes(chance, samples)
    return json.dumps(change_value(chance, value)).encode()


def change_lines(chance: Random, samples: Sequence[bytes]) -> bytes:
    """Change lines of JSON: leave some out, double and swap them, change their values, tear them."""
    lines = chance.choice(samples).splitlines()
    for _ in range(_times(chance)):
        place, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.choice(("value", "value", "value", "bytes", "leave out", "double", "swap")):
            case "value":
                lines[place] = change_json(chance, [line for line in lines if line.startswith(b'{"record"')] or [b"{}"])
            case "bytes":
                lines[place] = change_bytes(chance, lines)
            case "leave out" if len(lines) > 1:
                del lines[place]
            case "double":
                lines.insert(place, lines[other])
            case _:
                lines[place], lines[other] = lines[other], lines[place]
    return b"\n".join(lines) + b"\n"


def change_query(chance: Random, samples: Sequence[bytes]) -> bytes:
    """Change the query of an address: its names and values, or its bytes."""
    if chance.random() < 0.2:
        return change_bytes(chance, samples)
    pairs, more = ([*parse_qsl(chance.choice(samples).decode(), True)] for _ in range(2))
    for _ in range(_times(chance)):
        place = chance.randrange(len(pairs))
        name, text = pairs[place]
        match chance.choice(("value", "characters", "another", "leave out", "add")):
            case "value":
                pairs[place] = name, chance.choice(SPELLED)
            case "characters":
                pairs[place] = name, change_bytes(chance, [text.encode()]).decode("utf-8", "replace")
            case "another":
                pairs[place] = name, chance.choice(more)[1]
            case "leave out" if len(pairs) > 1:
                del pairs[place]
            case _:
                pairs.append(chance.choice((*more, ("x", "1"), ("name", "mine"))))
    return urlencode(pairs, errors="replace").encode()


def change_gzip(chance: Random, samples: Sequence[bytes]) -> bytes:
    """Change what is packed, and pack it again; or the packed bytes."""
    if chance.random() < 0.3:
        return change_bytes(chance, samples)
    return gzip.compress(change_bytes(chance, [gzip.decompress(sample) for sample in samples]), 1, mtime=0)


def change_npz(chance: Random, samples: Sequence[bytes]) -> bytes:
    """Change an archive's description, or headers, numbers and names of its arrays; or its own bytes."""
    if chance.random() < 0.2:
        return change_bytes(chance, samples)
    entries, more = (_unzipped(chance.choice(samples)) for _ in range(2))
    for _ in range(_times(chance)):
        name = chance.choice((*entries, *["meta.json"] * len(entries)))
        content = bytearray(entries.get(name, b""))
        match chance.choice(("inside", "inside", "number", "header", "leave out", "other")):
            case _ if name == "meta.json" and content:
                entries[name] = change_json(chance, [bytes(content)])
            case "inside":
                entries[name] = change_bytes(chance, [bytes(content[:128])]) + content[128:]
            case "number" if len(content) > 132:
                at = chance.randrange(128, len(content) - 3, 4)
                content[at : at + 4] = struct.pack("<f", chance.choice(FLOATS))
                entries[name] = bytes(content)
            case "header":
                entries[name] = npy_with_header(chance.choice(NPY_HEADERS), bytes(content[128:]))
            case "leave out":
                entries.pop(name, None)
            case _:
                entries[name] = more[chance.choice([*more])]
    file = io.BytesIO()
    packing = zipfile.ZIP_DEFLATED if chance.random() < 0.05 else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, entry in entries.items():
            archive.writestr(zipfile.ZipInfo(name), entry, packing)
    return file.getvalue()


def change_picture(chance: Random, samples: Sequence[bytes]) -> bytes:
    """Change the parts of a PNG, with right checksums and well packed; of other pictures the bytes."""
    content = chance.choice(samples)
    if not content.startswith(b"\x89PNG") or chance.random() < 0.2:
        return change_bytes(chance, [content, *samples])
    parts, at = [], 8
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        parts.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += length + 12
    for _ in range(_times(chance)):
        place = chance.randrange(len(parts))
        kind, body = parts[place]
        match chance.choice(("body", "body", "kind", "leave out", "double", "cut")):
            case "body" if kind == b"IDAT":
                with contextlib.suppress(zlib.error):  # it was changed before
                    body = zlib.decompressobj().decompress(body)
                parts[place] = kind, zlib.compress(change_bytes(chance, [body]), 1)
            case "kind":
                parts[place] = (
                    chance.choice((b"tEXt", b"zTXt", b"iCCP", b"tRNS", b"PLTE", b"eXIf", b"acTL", b"IHDR")),
                    body,
                )
            case "leave out" if len(parts) > 1:
                del parts[place]
            case "double":
                parts.insert(place, (kind, body))
            case "cut":
                del parts[place + 1 :]
            case _:
                parts[place] = kind, change_bytes(chance, [body])
    checked = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return content[:8] + b"".join(checked)


def change_address(chance: Random, samples: Sequence[bytes]) -> bytes:
    """Change the picture in an address that holds all its content, or the address itself."""
    if chance.random() < 0.2:
        return change_bytes(chance, samples)
    pictures = [base64.b64decode(sample.partition(b",")[2]) for sample in samples]
    return b"data:image/png;base64," + base64.b64encode(change_picture(chance, pictures))


def _any_value(chance: Random) -> Any:
    return copy.deepcopy(chance.choice(VALUES))


def _times(chance: Random) -> int:
    return chance.choice((1, 1, 1, 2, 2, 3, 5))


def _places(parent: Any) -> Iterator[tuple[Any, Any]]:
    """Yield all parts of a value of JSON, each as what holds it and its place there."""
    for key in range(len(parent)) if isinstance(parent, list) else [*parent]:
        yield parent, key
        if isinstance(parent[key], list | dict) and parent[key] != NESTED:
            yield from _places(parent[key])


def _altered(chance: Random, value: Any) -> Any:
    match value:
        case bool() | None:
            return not value
        case int() | float():
            return chance.choice(
                (value + 1, value - 1, -value, value * 10, float(min(max(value, -9), 2**60)), str(value)[:99])
            )
        case str():
            return change_bytes(chance, [value.encode("utf-8", "replace")]).decode("utf-8", "replace")
        case list():
            return chance.choice((value * 2, value[::-1], value[:-1], [value], [*value, _any_value(chance)]))
        case _:
            return {**value, "x": _any_value(chance)}


def _unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}

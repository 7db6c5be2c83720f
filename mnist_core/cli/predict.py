"""The command `predict`: what the drawing page does, for scripts."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mnist_core.cli.options import json_option, weights_option
from mnist_core.errors import ImageError
from mnist_core.explain.attribution import gradient_times_input
from mnist_core.imaging.image_file import read_picture
from mnist_core.imaging.preprocess import PreprocessOptions
from mnist_core.io.atomic_file import atomic_write
from mnist_core.network import Network
from mnist_core.recognizer import NumberPart, Recognition, Recognizer

MOST_CERTAIN_FIRST = ("sure", "unsure", "no digit")
"""From no doubt to the greatest."""
STAGES = ("ink", "crop", "evened", "fitted", "centred")
"""The fields of `preprocess.PreprocessTrace`, as they follow each other."""
FOR, AGAINST = np.array([0.90, 0.62, 0.0]), np.array([0.34, 0.71, 0.91])
"""Orange and sky blue, as on the pages, which those who see fewer colours can tell apart as well (Okabe and Ito 2008,
Color universal design, https://jfly.uni-koeln.de/color/)."""
ENLARGED = 10
"""In the picture of what spoke for a digit, each pixel is so many by so many."""


@click.command("predict")
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@weights_option
@click.option("--one", is_flag=True, help="Read each picture as a single digit, whatever is in it.")
@click.option(
    "--without", multiple=True, type=click.Choice(["crop", "stroke-width", "centre"]), help="Leave this step out."
)
@click.option("--with", "extra", multiple=True, type=click.Choice(["slant"]), help="Take this step, too.")
@click.option(
    "--stages",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for pictures: of each digit every stage on its way (NAME-1-ink.png, NAME-1-crop.png …), and "
    "NAME-boxes.png, which shows where the digits are.",
)
@click.option(
    "--why",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for pictures of which ink spoke for each digit (orange) and against it (blue): NAME-1-why.png.",
)
@json_option
def predict_command(
    images: tuple[Path, ...],
    weights: Path,
    one: bool,
    without: tuple[str, ...],
    extra: tuple[str, ...],
    stages: Path | None,
    why: Path | None,
    as_json: bool,
) -> None:
    """Read the digits in each picture (PNG, JPEG or WebP): drawings, scans, photographs of paper.

    With --json, one object a picture: "text" is what stands there ("?" for what is no digit), "digits" has for each its
    digit, certainty, probabilities, evidence, and its box: top, left, bottom and right, in pixels of the upright
    picture. "digit" and "probabilities" beside them are those of a single digit, and null if there are none or several;
    "certainty" is the least of all.
    """
    steps = PreprocessOptions(
        crop="crop" not in without,
        stroke_width="stroke-width" not in without,
        slant="slant" in extra,
        centre="centre" not in without,
    )
    if stages or why:
        stem, count = Counter(path.stem for path in images).most_common(1)[0]
        if count > 1:
            raise click.UsageError(f"{count} pictures are called '{stem}', and theirs would replace each other's")
    reader = Recognizer(Network.load(weights), steps)
    for folder in (stages, why):
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
    failed = False
    for path in images:
        try:
            pixels = read_picture(path)
            parts = _read_as_one(reader, pixels) if one else reader.recognize_picture(pixels)
        except ImageError as error:
            click.echo(f"Error: {error}", err=True)
            failed = True
            continue
        if stages is not None:
            _write_stages(stages, path.stem, pixels, parts)
        if why is not None:
            _write_why(why, path.stem, reader.network, parts)
        click.echo(json.dumps(to_json(path, parts)) if as_json else in_words(path, parts))
    if failed:
        raise click.exceptions.Exit(1)


def to_json(path: Path, parts: list[NumberPart]) -> dict[str, Any]:
    """Return everything that was read in a picture as plain values for JSON, see `predict_command`."""
    digits = [
        {
            "digit": part.recognition.digit,
            "certainty": part.recognition.certainty,
            "probabilities": _probabilities(part.recognition),
            "evidence": part.recognition.logsumexp,
            "box": list(part.box),
        }
        for part in parts
    ]
    only = digits[0] if len(digits) == 1 else {}
    return {
        "image": str(path),
        "digit": only.get("digit"),
        "certainty": max(
            (part.recognition.certainty for part in parts), key=MOST_CERTAIN_FIRST.index, default="no digit"
        ),
        "probabilities": only.get("probabilities"),
        "text": _text(parts),
        "digits": digits,
    }


def in_words(path: Path, parts: list[NumberPart]) -> str:
    """Return what was read in a picture as a line; several digits have a line each below it."""
    if not parts:
        return f"{path}: nothing drawn"
    if len(parts) == 1:
        return f"{path}: {_answer(parts[0].recognition)}"
    lines = [f"{path}: {_text(parts)}"]
    for place, part in enumerate(parts, start=1):
        top, left, bottom, right = part.box
        where = f"rows {top}-{bottom - 1}, columns {left}-{right - 1}"
        lines.append(f"  digit {place}, {where}: {_answer(part.recognition)}")
    return "\n".join(lines)


def draw_boxes(pixels: np.ndarray, parts: list[NumberPart]) -> Image.Image:
    """Draw the box of each digit into its picture, with what was read there.

    Args:
        pixels: uint8 (H, W), (H, W, 3) or (H, W, 4); not changed.
        parts: what was read in it.
    """
    picture = Image.fromarray(pixels).convert("RGBA")
    draw = ImageDraw.Draw(picture)
    line = max(1, round(max(picture.size) / 300))
    height = max(10, max(picture.size) // 30)
    font = ImageFont.load_default(height)
    for part in parts:
        top, left, bottom, right = part.box
        colour = {"sure": "#0072b2", "unsure": "#d55e00", "no digit": "#808080"}[part.recognition.certainty]
        # The line is drawn inwards: this frame touches no ink.
        frame = left - 2 * line, top - 2 * line, right - 1 + 2 * line, bottom - 1 + 2 * line
        draw.rectangle(frame, outline=colour, width=line)
        draw.text(frame[:2], _text([part]), fill=colour, font=font, anchor="ls" if top > height + 2 * line else "lt")
    return picture


def draw_why(network: Network, read: Recognition) -> Image.Image:
    """Draw which ink spoke for a digit, orange, and which against it, blue, on a shadow of the drawing.

    Args:
        network: that has read it.
        read: what it read, not nothing.

    Raises:
        ValueError: if nothing was read.
    """
    if read.digit is None:
        raise ValueError("found no digit to explain")
    spoke = gradient_times_input(network, read.image, read.digit)[..., None]  # (28, 28, 1)
    shares = spoke / max(float(np.abs(spoke).max()), 1e-12)
    colours = np.where(shares > 0, FOR, AGAINST) * np.abs(shares) + 0.25 * read.image[..., None] * (1 - np.abs(shares))
    small = (colours * 255).round().astype(np.uint8)
    return Image.fromarray(small.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1))


def _read_as_one(reader: Recognizer, pixels: np.ndarray) -> list[NumberPart]:
    read = reader.recognize(pixels)
    if read.stages.empty:
        return []
    ink = read.stages.ink
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return [NumberPart((int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1), read)]


def _write_stages(folder: Path, name: str, pixels: np.ndarray, parts: list[NumberPart]) -> None:
    for place, part in enumerate(parts, start=1):
        for stage in STAGES:
            grey = (getattr(part.recognition.stages, stage) * 255).round().astype(np.uint8)
            _write_picture(folder / f"{name}-{place}-{stage}.png", Image.fromarray(grey))
    _write_picture(folder / f"{name}-boxes.png", draw_boxes(pixels, parts))


def _write_why(folder: Path, name: str, network: Network, parts: list[NumberPart]) -> None:
    for place, part in enumerate(parts, start=1):
        _write_picture(folder / f"{name}-{place}-why.png", draw_why(network, part.recognition))


def _write_picture(path: Path, picture: Image.Image) -> None:
    with atomic_write(path) as file:
        picture.save(file, "PNG")


def _probabilities(read: Recognition) -> list[float] | None:
    return None if read.probabilities is None else read.probabilities.tolist()


def _text(parts: list[NumberPart]) -> str:
    reads = [part.recognition for part in parts]
    return "".join("?" if read.certainty == "no digit" else str(read.digit) for read in reads)


def _answer(read: Recognition) -> str:
    digit = read.digit
    answer = {"sure": f"{digit}", "unsure": f"{digit}, unsure", "no digit": f"no digit, at best {digit}"}
    others = "  ".join(f"{digit}: {p:.1%}" for digit, p in enumerate(_probabilities(read) or []))
    return f"{answer[read.certainty]}   ({others})"

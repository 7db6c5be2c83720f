"""Measure how well drawings are read: real pen strokes, drawn anywhere with any pen, and drawings that are no digits.

    python -m bench.handwriting --strokes FILE [--weights FILE]… [--count N] [--sheets FOLDER] [--ablations]

Every digit is drawn once, by `strokes.draw_somewhere`, white on black or black on white, and goes through `Recognizer`
as a drawing on the page does. A digit is drawn alike in every run with the same seed, so networks can be compared.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported

import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.optimize import minimize_scalar

from bench.not_digits import not_digits
from bench.strokes import CANVAS, PENS, SIZES, Strokes, draw_somewhere, load_strokes
from mnist_core.constants import SIDE
from mnist_core.imaging.preprocess import PreprocessOptions
from mnist_core.network import DEFAULT_WEIGHTS
from mnist_core.recognizer import Recognizer

CHUNK = 250
"""Drawings that are read at once."""
NOT_DIGITS = 504
"""How many drawings of other things; twelve rounds of all kinds."""
BINS = 15
"""Of the top probability, for the calibration error."""
HALVINGS = 5
"""Random ways to divide the writers, for the calibration error of a temperature that was fitted elsewhere."""
FEW = 10
"""Writers with fewer digits are not listed among the worst: their figures say nothing."""
ABLATIONS = {
    "the whole canvas, shrunk": PreprocessOptions(crop=False, centre=False, stroke_width=False, slant=False),
    "+ cut out and scaled into the box": PreprocessOptions(crop=True, centre=False, stroke_width=False, slant=False),
    "+ centre of mass": PreprocessOptions(crop=True, centre=True, stroke_width=False, slant=False),
    "+ stroke width": PreprocessOptions(crop=True, centre=True, stroke_width=True, slant=False),
    "+ slant": PreprocessOptions(crop=True, centre=True, stroke_width=True, slant=True),
}


@dataclass(frozen=True, eq=False)
class Drawings:
    """Digits, drawn.

    Attributes:
        pixels: uint8 (N, 280, 280).
        labels: uint8 (N,).
        writers: int32 (N,).
        on_white: bool (N,), whether black on white.
        sizes: float64 (N,), the longer extent of the pen's path, as a share of the canvas.
        pens: float64 (N,), the pen's width as a share of that extent.
    """

    pixels: np.ndarray
    labels: np.ndarray
    writers: np.ndarray
    on_white: np.ndarray
    sizes: np.ndarray
    pens: np.ndarray


@dataclass(frozen=True, eq=False)
class Readings:
    """What a network read in N drawings.

    Attributes:
        digits: int64 (N,); -1 where nothing was read.
        probabilities: float64 (N, 10); all alike where nothing was read.
        evidence: float64 (N,), as in `Recognition`; −∞ where nothing was read.
        images: float32 (N, 28, 28), what the network saw.
        certainty: str (N,).
    """

    digits: np.ndarray
    probabilities: np.ndarray
    evidence: np.ndarray
    images: np.ndarray
    certainty: np.ndarray

    @property
    def top(self) -> np.ndarray:
        """The probability of what was read, float64 (N,)."""
        return self.probabilities.max(axis=1)


@click.command()
@click.option("--strokes", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--weights",
    "files",
    multiple=True,
    default=[DEFAULT_WEIGHTS],
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A network; may be repeated.  [default: what ships]",
)
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn at random.")
@click.option("--count", type=click.IntRange(min=500), help="Take only so many of the digits, at random.")
@click.option("--sheets", type=click.Path(file_okay=False, path_type=Path), help="Folder for pictures of what fails.")
@click.option("--ablations", is_flag=True, help="Add the steps of the preprocessing one after the other.")
def main(
    strokes: Path, files: tuple[Path, ...], seed: int, count: int | None, sheets: Path | None, ablations: bool
) -> None:
    """Measure how well drawings are read, and print tables in Markdown."""
    drawings = _draw(load_strokes(strokes), seed, count)
    others, kinds = not_digits(NOT_DIGITS, np.random.default_rng(seed))
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, NumPy {np.__version__}, seed {seed}.")
    print(f"{len(drawings.labels):,} digits of {len(np.unique(drawings.writers))} writers.")
    for file in files:
        recognizer = Recognizer.load(file)
        print(f"\n## {file.name}, {recognizer.network.recipe.name}")
        readings = _read(recognizer, drawings.pixels)
        _report_accuracy(drawings, readings)
        _report_calibration(drawings, readings, recognizer.network.temperature, seed)
        readings_of_others = _read(recognizer, others)
        _report_refusals(drawings, readings, readings_of_others, np.array(kinds))
        if sheets is not None:
            sheets.mkdir(parents=True, exist_ok=True)
            _save_misread(sheets / f"{file.stem}-misread", drawings, readings)
            _save_taken_for_digits(sheets / f"{file.stem}-taken-for-digits", others, kinds, readings_of_others)
    if ablations:
        _report_ablations(drawings, files)


# --- Drawing and reading.


def _draw(strokes: Strokes, seed: int, count: int | None) -> Drawings:
    """Draw all the digits, or a random sample of them."""
    chosen = np.arange(len(strokes.labels))
    if count is not None and count < len(chosen):
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, count, replace=False))
    pixels = np.empty((len(chosen), CANVAS, CANVAS), np.uint8)
    sizes, pens, on_white = np.empty(len(chosen)), np.empty(len(chosen)), np.empty(len(chosen), bool)
    for row, index in enumerate(chosen.tolist()):
        rng = np.random.default_rng((seed, index))  # one for each digit: no sample changes how it is drawn
        pixels[row] = draw_somewhere(strokes.digits[index], rng)
        on_white[row] = rng.random() < 0.5
        again = np.random.default_rng((seed, index))
        size, pen = again.uniform(*SIZES) * CANVAS, again.uniform(*PENS)  # as `draw_somewhere` draws them
        size = min(size, CANVAS - pen - 2)
        sizes[row], pens[row] = size / CANVAS, pen / size
    pixels[on_white] = 255 - pixels[on_white]
    return Drawings(pixels, strokes.labels[chosen], strokes.writers[chosen], on_white, sizes, pens)


def _read(recognizer: Recognizer, pixels: Sequence[np.ndarray] | np.ndarray) -> Readings:
    count = len(pixels)
    digits, probabilities, evidence = np.full(count, -1), np.full((count, 10), 0.1), np.full(count, -np.inf)
    images, certainty = np.empty((count, SIDE, SIDE), np.float32), np.empty(count, "U16")
    for start in range(0, count, CHUNK):  # a recognition holds all stages of its drawing: few are kept at a time
        for row, found in enumerate(recognizer.recognize_many(list(pixels[start : start + CHUNK])), start):
            images[row], certainty[row] = found.image, found.certainty
            if found.digit is not None:
                digits[row], probabilities[row], evidence[row] = found.digit, found.probabilities, found.logsumexp
    return Readings(digits, probabilities, evidence, images, certainty)


# --- Accuracy.


def _report_accuracy(drawings: Drawings, readings: Readings) -> None:
    right = readings.digits == drawings.labels
    _print_table(
        "| accuracy | |",
        f"| all | **{right.mean():.2%}** ({np.sum(~right)} misread) |",
        f"| mean over writers | **{_mean_over_writers(drawings, right):.2%}** |",
        f"| white on black | {right[~drawings.on_white].mean():.2%} |",
        f"| black on white | {right[drawings.on_white].mean():.2%} |",
        *_by_group("size", drawings.sizes, np.linspace(*SIZES, 4), right),
        *_by_group("pen / size", drawings.pens, np.quantile(drawings.pens, np.linspace(0, 1, 5)), right),
    )
    present = np.unique(drawings.labels)
    _print_table(
        "| digit | " + " | ".join(map(str, present)) + " |",
        "| how many | " + " | ".join(str(np.sum(drawings.labels == digit)) for digit in present) + " |",
        "| accuracy | " + " | ".join(f"{right[drawings.labels == digit].mean():.1%}" for digit in present) + " |",
    )
    confusions = Counter(zip(drawings.labels[~right].tolist(), readings.digits[~right].tolist(), strict=True))
    names = [
        f"{true} read as {read if read >= 0 else 'nothing'}: {times}"
        for (true, read), times in confusions.most_common(10)
    ]
    print(f"\nWorst confusions: {', '.join(names)}.")
    writers, totals = np.unique(drawings.writers, return_counts=True)
    shares = sorted((right[drawings.writers == writer].mean(), writer) for writer in writers[totals >= FEW])
    lowest = [f"{share:.1%} (writer {writer}, {np.sum(drawings.writers == writer)})" for share, writer in shares[:5]]
    print(f"\nWorst writers of those with at least {FEW} digits: {', '.join(lowest)}.")


def _mean_over_writers(drawings: Drawings, right: np.ndarray) -> float:
    return float(np.mean([right[drawings.writers == writer].mean() for writer in np.unique(drawings.writers)]))


def _by_group(name: str, values: np.ndarray, edges: np.ndarray, right: np.ndarray) -> list[str]:
    """Return table rows: the accuracy between each two edges."""
    groups = np.digitize(values, edges[1:-1])
    return [
        f"| {name} {edges[i]:.0%} to {edges[i + 1]:.0%} | {right[groups == i].mean():.2%} |"
        for i in range(len(edges) - 1)
    ]


# --- Calibration. The logarithms of softmax probabilities are as good as logits: both differ by a constant in each row.


def _report_calibration(drawings: Drawings, readings: Readings, shipped: float, seed: int) -> None:
    labels, writers = drawings.labels, np.unique(drawings.writers)
    logits = np.log(np.maximum(readings.probabilities, np.finfo(np.float32).tiny)) * shipped
    rng, errors, fitted = np.random.default_rng(seed), [], []
    for _ in range(HALVINGS):
        chosen = rng.permutation(writers)[: len(writers) // 2]
        half = np.isin(drawings.writers, chosen)
        for here, there in ((half, ~half), (~half, half)):
            fitted.append(_best_temperature(logits[here], labels[here]))
            errors.append(_calibration_error(_tempered(logits[there], fitted[-1]), labels[there]))
    best = _best_temperature(logits, labels)
    _print_table(
        "| calibration | temperature | ECE |",
        f"| as shipped | {shipped:.2f} | {_calibration_error(readings.probabilities, labels):.4f} |",
        f"| fitted on half of the writers, measured on the others, mean of {len(errors)} | {np.mean(fitted):.2f} "
        f"({min(fitted):.2f} to {max(fitted):.2f}) | {np.mean(errors):.4f} ({min(errors):.4f} to {max(errors):.4f}) |",
        f"| fitted on all, measured on the same | {best:.2f} | "
        f"{_calibration_error(_tempered(logits, best), labels):.4f} |",
    )


def _tempered(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Compute softmax(z / T) for every row."""
    powers = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def _best_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Find the temperature with the smallest mean −log p[label], which has one minimum only.

    Source: Guo et al. 2017, On Calibration of Modern Neural Networks, section 4.2, https://arxiv.org/abs/1706.04599.
    """

    def loss(exponent: float) -> float:
        chosen = _tempered(logits, np.exp(exponent))[np.arange(len(labels)), labels]
        return -float(np.log(np.maximum(chosen, np.finfo(np.float64).tiny)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded").x))


def _calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Compute the expected calibration error: Σ over bins of (share of digits) · |accuracy − mean top probability|.

    Source: Guo et al. 2017, equation 3.
    """
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((top * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, weights=right - top, minlength=BINS)).sum() / len(labels))


# --- Refusal.


def _report_refusals(drawings: Drawings, digits: Readings, others: Readings, kinds: np.ndarray) -> None:
    right = digits.digits == drawings.labels
    rows = [
        _refused("**digits**", digits.certainty),
        _refused("digits read right", digits.certainty[right]),
        _refused("digits misread", digits.certainty[~right]),
        _refused("**what is no digit**", others.certainty),
        *(_refused(kind, others.certainty[kinds == kind]) for kind in dict.fromkeys(kinds.tolist())),
    ]
    _print_table("| refusal | how many | unsure | no digit | not sure in all |", *rows)
    table = ["| digits refused | by | limit | non-digits refused | accuracy of the other digits |"]
    for share in (0.005, 0.01, 0.02):
        for name, of_digits, of_others in (
            ("probability", digits.top, others.top),
            ("evidence", digits.evidence, others.evidence),
        ):
            limit = float(np.quantile(of_digits, share))
            caught, kept = np.mean(of_others < limit), of_digits >= limit
            table.append(f"| {share:.1%} | {name} | {limit:.3f} | {caught:.1%} | {right[kept].mean():.2%} |")
    _print_table(*table)


def _refused(name: str, certainty: np.ndarray) -> str:
    unsure, no_digit = (np.mean(certainty == word) if len(certainty) else 0.0 for word in ("unsure", "no digit"))
    return f"| {name} | {len(certainty)} | {unsure:.1%} | {no_digit:.1%} | {unsure + no_digit:.1%} |"


# --- Ablations.


def _report_ablations(drawings: Drawings, files: Sequence[Path]) -> None:
    print("\n## The steps of the preprocessing\n\nAccuracy over all digits / mean over writers.")
    networks = [Recognizer.load(file).network for file in files]
    table = ["| | " + " | ".join(file.name for file in files) + " |"]
    for name, steps in ABLATIONS.items():
        cells = []
        for network in networks:
            right = _read(Recognizer(network, steps), drawings.pixels).digits == drawings.labels
            cells.append(f"{right.mean():.2%} / {_mean_over_writers(drawings, right):.2%}")
        table.append(f"| {name} | " + " | ".join(cells) + " |")
    _print_table(*table)


# --- Sheets.


def _save_misread(path: Path, drawings: Drawings, readings: Readings) -> None:
    misread = np.flatnonzero(readings.digits != drawings.labels)
    misread = misread[np.lexsort((readings.digits[misread], drawings.labels[misread]))]

    def title(i: int) -> str:
        read = readings.digits[i] if readings.digits[i] >= 0 else "nothing"
        return f"{drawings.labels[i]} read {read}, {readings.top[i]:.0%}, writer {drawings.writers[i]}"

    _save_sheets(path, [_tile(drawings.pixels[i], readings.images[i], title(i)) for i in misread.tolist()])


def _save_taken_for_digits(path: Path, others: Sequence[np.ndarray], kinds: Sequence[str], readings: Readings) -> None:
    sure = np.flatnonzero(readings.certainty == "sure")
    order = sure[np.argsort(readings.digits[sure], kind="stable")]
    titles = [f"{kinds[i]} read {readings.digits[i]}, {readings.top[i]:.0%}" for i in order]
    tiles = [_tile(others[i], readings.images[i], title) for i, title in zip(order, titles, strict=True)]
    _save_sheets(path, tiles)


TILE = 174, 102  # width and height: two pictures side by side, a title below


def _tile(drawing: np.ndarray, image: np.ndarray, title: str) -> Image.Image:
    """Put a drawing and what the network saw of it side by side."""
    side = 3 * SIDE
    tile = Image.new("L", TILE, 90)
    tile.paste(Image.fromarray(drawing).resize((side, side), Image.Resampling.BOX), (0, 0))
    seen = Image.fromarray(np.rint(image * 255).astype(np.uint8))
    tile.paste(seen.resize((side, side), Image.Resampling.NEAREST), (side + 2, 0))
    ImageDraw.Draw(tile).text((1, side + 1), title, fill=255, font=ImageFont.load_default(11))
    return tile


def _save_sheets(path: Path, tiles: Sequence[Image.Image], columns: int = 10, rows: int = 15) -> None:
    """Write path-1.png, path-2.png and so on; none if there are no tiles."""
    for page, first in enumerate(range(0, len(tiles), columns * rows), 1):
        shown = tiles[first : first + columns * rows]
        height = -(-len(shown) // columns)
        sheet = Image.new("L", (columns * (TILE[0] + 4), height * (TILE[1] + 4)))
        for i, tile in enumerate(shown):
            sheet.paste(tile, (i % columns * (TILE[0] + 4), i // columns * (TILE[1] + 4)))
        sheet.save(path.with_name(f"{path.name}-{page}.png"))


def _print_table(head: str, *rows: str) -> None:
    print(f"\n{head}\n|{'---|' * (head.count('|') - 1)}", *rows, sep="\n", flush=True)


if __name__ == "__main__":
    main()

"""Find the digits on a photograph of paper: uneven light, pencil, ruled or squared paper, several rows of writing.

In a photograph the paper is grey in one place and white in another, so no single level separates ink from paper. But
paper changes slowly and ink suddenly: ink is what is darker than the paper around it, by a share of the paper's own
brightness, since light multiplies. (Bradley and Roth 2007, Adaptive thresholding using the integral image, Journal of
Graphics Tools 12, https://doi.org/10.1080/2151237X.2007.10129236; the paper's brightness is measured a second time
without the ink that the first look found, so that bold strokes have no pale halo and no hollow middle.)

Ruled lines are removed (`ruled_lines`), and what is left is read row by row.
"""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageFilter

from mnist_core.imaging.ruled_lines import without_lines
from mnist_core.imaging.segmentation import Box, DigitInk, cut_out, label_components, split_digits

WORK_SIDE = 1200
"""Longer side of the picture that is searched, in pixels; larger pictures are shrunk to it first."""
SMALLEST_PHOTO = 100
"""A picture whose longer side is shorter than this is no photograph, but an image like those of MNIST."""
EVEN, EVEN_SHARE = 2, 0.98
"""A drawing has one background: at least `EVEN_SHARE` of its border is within `EVEN` grey levels of the border's
median. A camera's noise alone spreads further, and so do light from one side and ruled lines."""
AROUND = 0.06
"""The paper around a pixel reaches this far in each direction, as a share of the longer side."""
FAINTEST = 0.12
"""Ink is darker than the paper around it by at least this share; 0.15 in the paper of Bradley and Roth."""
NOISE = 5
"""And by at least this many standard deviations of the paper's grain."""
SOFT = 0.6
"""Ink that touches such ink counts from this share of that limit: the soft edge and the pale end of a stroke."""
SMALLEST = 16
"""Height of the smallest digit in pixels of the picture that is searched; strokes may be half as long."""
MAX_COMPONENTS = 300
"""Only this many components of ink are looked at, the tallest: it bounds the time, whatever the photograph shows."""
MAX_DIGITS = 40
"""Only this many digits are read, the tallest."""


def is_photo(grey: np.ndarray) -> bool:
    """Return whether a picture is a photograph, not a drawing on an even background; its border decides.

    Args:
        grey: uint8 (H, W).
    """
    if max(grey.shape) < SMALLEST_PHOTO:
        return False
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.int16)
    return bool((abs(border - np.median(border)) <= EVEN).mean() < EVEN_SHARE)


def find_digits(grey: np.ndarray) -> list[DigitInk]:
    """Find the digits on a photograph.

    Args:
        grey: uint8 (H, W), dark ink on light paper or chalk on a board.

    Returns:
        The digits, at most `MAX_DIGITS`, row by row, each row from left to right. Ink that touches the border of the
        photograph is ignored. Boxes are in pixels of the photograph; ink is cut from the smaller picture that was
        searched, so its shape differs from the box's.

    Example:
        >>> light = np.linspace(120, 240, 300)[None].repeat(200, axis=0)  # twice as bright on the right
        >>> light[50:150, 40:50] *= 0.4  # a stick in the dark corner, one in the bright one
        >>> light[50:150, 240:250] *= 0.4
        >>> [digit.ink.shape for digit in find_digits(light.astype(np.uint8))]
        [(102, 12), (102, 12)]
    """
    height, width = grey.shape
    scale = min(1.0, WORK_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    contrast, limit = _contrast(Image.fromarray(grey).resize(size, Image.Resampling.BOX, reducing_gap=2))
    mask = without_lines(contrast > SOFT * limit)
    labels, boxes = label_components(mask)
    at_edge = (boxes[:, :2].min(axis=1) == 0) | (boxes[:, 2:] == mask.shape).any(axis=1)
    mask &= ~np.append(False, at_edge)[labels]  # the table beside the paper, a shadow, a digit that is cut off
    found = [digit for row in _rows(contrast, mask, limit) for digit in row]
    tallest = sorted(found, key=lambda digit: digit.box[0] - digit.box[2])[:MAX_DIGITS]
    scales = height / size[1], width / size[0]
    return [DigitInk(_enlarged(digit.box, *scales), digit.ink) for digit in found if digit in tallest]


def find_rows(ink: np.ndarray) -> list[DigitInk]:
    """Find the digits of a drawing that has several rows.

    Args:
        ink: float32 (H, W) in [0, 1], background 0; see `preprocess.find_ink`.

    Returns:
        The digits, at most `MAX_DIGITS`, row by row; none unless at least two rows have two digits or more. So strokes
        of one digit above each other are never taken for rows, and a single row is left to `split_digits`.
    """
    rows = list(_rows(ink, ink > 0, 0))
    return [digit for row in rows for digit in row][:MAX_DIGITS] if sum(len(row) > 1 for row in rows) > 1 else []


def box_mean(values: np.ndarray, reach: int) -> np.ndarray:
    """Compute the mean over a square around each pixel, (2 · reach + 1) wide, smaller where the picture ends.

    A sum over any rectangle is a difference of four entries in a table of sums (Crow 1984, Summed-area tables for
    texture mapping); here it is taken along one axis, then along the other.

    Args:
        values: float32 (H, W).
        reach: in pixels, >= 0.

    Returns:
        float32 (H, W).
    """
    for _ in range(2):  # down the columns, then, turned over, along the rows
        place = np.arange(len(values))
        low, high = np.maximum(place - reach, 0), np.minimum(place + reach + 1, len(values))
        sums = np.pad(np.cumsum(values, axis=0, dtype=np.float64), ((1, 0), (0, 0)))
        values = ((sums[high] - sums[low]) / (high - low)[:, None]).astype(np.float32).T
    return values


def _contrast(grey: Image.Image) -> tuple[np.ndarray, float]:
    """Compute by how much each pixel differs from the paper around it, in the direction in which ink does.

    Args:
        grey: of mode "L".

    Returns:
        The contrast, float32 (H, W), 0 for paper, up to 1; and the contrast above which a pixel is ink.
    """
    grey = grey.filter(ImageFilter.BoxBlur(1))  # removes two thirds of the noise and keeps strokes
    # Paper changes slowly: a picture a quarter as wide and high shows it as well, in a sixteenth of the time.
    coarse = np.asarray(grey.reduce(4), np.float32)
    reach = max(1, round(AROUND * max(coarse.shape)))
    paper = box_mean(coarse, reach)
    plain = (abs(coarse - paper) <= FAINTEST * paper).astype(np.float32)
    share = box_mean(plain, reach)
    paper = np.where(share > 0.05, box_mean(coarse * plain, reach) / np.maximum(share, 0.05), paper)
    paper = np.asarray(Image.fromarray(paper).resize(grey.size, Image.Resampling.BILINEAR))

    smooth = np.asarray(grey, np.float32)
    darker = (paper - smooth) / np.maximum(paper, 1)
    lighter = (smooth - paper) / np.maximum(255 - paper, paper)  # on white paper noise is no chalk
    strong = [float(side[side > FAINTEST].sum()) for side in (darker, lighter)]
    contrast = darker if strong[0] >= strong[1] else lighter
    contrast = contrast - np.median(contrast[::2, ::2])  # squared paper's lines make its mean darker than the paper is
    grain = 1.4826 * float(np.median(abs(contrast[::2, ::2])))  # of normal noise, this is the standard deviation
    return np.maximum(contrast, 0), max(FAINTEST, NOISE * grain)


def _rows(contrast: np.ndarray, mask: np.ndarray, limit: float) -> Iterator[list[DigitInk]]:
    """Split the ink into rows of writing, from top to bottom, and each row into digits."""
    labels, boxes = label_components(mask)
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    strong = np.bincount(labels[contrast > limit], minlength=len(boxes) + 1)[1:] > 0
    strokes = strong & (np.maximum(heights, widths) >= SMALLEST // 2)
    chosen = np.flatnonzero(strokes)
    chosen = chosen[np.argsort(-heights[chosen], kind="stable")][:MAX_COMPONENTS]
    for row in _lines_of_writing(boxes[chosen]):
        line = cut_out(contrast, labels, boxes, chosen[row], np.ones(len(boxes) + 1, bool))
        top, left = line.box[:2]
        yield [
            DigitInk(_moved(digit.box, top, left), _full_ink(digit.ink))
            for digit in split_digits(line.ink)
            if max(digit.ink.shape) >= SMALLEST
        ]


def _lines_of_writing(boxes: np.ndarray) -> list[list[int]]:
    """Group the components that stand in the same row of writing, even if it climbs or falls.

    From left to right, each tall component continues the row whose last one overlaps most with its height, by at least
    half of the lower of the two. Small ones, like the hat of a 5, join the nearest tall one.

    Args:
        boxes: int (N, 4), top, left, bottom, right, the tallest first.

    Returns:
        Lists of indices into `boxes`, from the highest row to the lowest.
    """
    if len(boxes) == 0:
        return []
    heights = boxes[:, 2] - boxes[:, 0]
    typical = np.median(heights[heights >= 0.5 * np.quantile(heights, 0.9)])
    tall = np.flatnonzero(heights >= 0.5 * typical)
    rows: list[list[int]] = []
    for component in tall[np.argsort(boxes[tall, 1], kind="stable")].tolist():
        lasts = np.array([row[-1] for row in rows], int)
        shared = np.minimum(boxes[lasts, 2], boxes[component, 2]) - np.maximum(boxes[lasts, 0], boxes[component, 0])
        shares = shared / np.minimum(heights[lasts], heights[component])
        if rows and shares.max() >= 0.5:
            rows[int(shares.argmax())].append(component)
        else:
            rows.append([component])
    row_of = {component: row for row in rows for component in row}
    for component in np.setdiff1d(np.arange(len(boxes)), tall).tolist():
        box = boxes[component]
        gaps = np.maximum(boxes[tall, :2] - box[2:], box[:2] - boxes[tall, 2:]).clip(0)  # (T, 2)
        row_of[int(tall[(gaps**2).sum(axis=1).argmin()])].append(component)
    return sorted(rows, key=lambda row: float((boxes[row, 0] + boxes[row, 2]).mean()))


def _full_ink(ink: np.ndarray) -> np.ndarray:
    """Scale the ink so that its darker half becomes 1: pencil turns into full black."""
    return np.minimum(ink / np.median(ink[ink > 0]), 1)


def _moved(box: Box, down: int, right: int) -> Box:
    return box[0] + down, box[1] + right, box[2] + down, box[3] + right


def _enlarged(box: Box, down: float, right: float) -> Box:
    """Convert a box from the picture that was searched to pixels of the photograph."""
    top, left, bottom, after = box
    return int(top * down), int(left * right), int(np.ceil(bottom * down)), int(np.ceil(after * right))

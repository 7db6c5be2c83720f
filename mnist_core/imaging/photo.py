"""Find the digits on a photograph of paper: uneven light, pencil, ruled or squared paper, several rows of writing.

A photograph is no drawing: its paper is grey here and white there, so no one level tells ink from paper. But paper
changes slowly and ink suddenly: ink is what is darker than the paper around it, by a share of the paper's own
brightness, since light multiplies. (Bradley and Roth 2007, Adaptive thresholding using the integral image, Journal of
Graphics Tools 12, https://doi.org/10.1080/2151237X.2007.10129236; the paper's brightness is measured a second time
without the ink that the first look found, so that bold strokes have no pale halo and no hollow middle.)

Ruled lines are thin, long and straight, which digits aren't. They are taken away column by column and stay where ink
crosses them. What is left is read row by row.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from PIL import Image, ImageFilter

from mnist_core.imaging.segmentation import Box, Part, label_pieces, split_digits

WORK_SIDE = 1200
"""Longer side of the picture that is searched, in pixels: larger ones are shrunk to it first."""
SMALLEST_PHOTO = 100
"""A picture with a shorter longer side is no photograph, but an image like those of MNIST."""
EVEN, EVEN_SHARE = 2, 0.98
"""A drawing has one background: so large a share of its border is within so many grey levels of the border's median.
A camera's noise alone spreads further, and so do light that falls from one side and ruled lines."""
AROUND = 0.06
"""The paper around a pixel reaches this far in each direction, as a share of the longer side."""
FAINTEST = 0.12
"""Ink is darker than the paper around it by at least this share; 0.15 in the paper of Bradley and Roth."""
NOISE = 5
"""And it differs by so many standard deviations of the paper's grain."""
SOFT = 0.6
"""Ink that touches such ink counts from this share of that limit on: the soft edge and the pale end of a stroke."""
STRIPS = 1, 4
"""Ruled lines are looked for in so many strips: in the whole picture, where a digit hides only a small part of a line,
and in quarters of it, where a line that is bent or seen aslant is nearly straight."""
SLOPES = np.linspace(-0.14, 0.14, 57)
"""How much a ruled line may rise per pixel: 8 degrees to either side."""
THIN = 0.01
"""A ruled line is at most this thick, as a share of the longer side."""
COVERED = 0.55
"""And it covers at least this share of its strip."""
SMALLEST = 16
"""Digits are at least so many pixels high in the picture that is searched, strokes half as long."""
MOST_PIECES = 300
"""More pieces of ink are not looked at, the tallest count; the time on a photograph of anything stays bounded."""
MOST_DIGITS = 40
"""More are not read, the tallest count."""


def is_photo(grey: np.ndarray) -> bool:
    """Tell a photograph from a drawing on even ground, by the border of the picture.

    Args:
        grey: uint8 (H, W).
    """
    if max(grey.shape) < SMALLEST_PHOTO:
        return False
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.int16)
    return bool((abs(border - np.median(border)) <= EVEN).mean() < EVEN_SHARE)


def find_digits(grey: np.ndarray) -> list[Part]:
    """Find the digits on a photograph.

    Args:
        grey: uint8 (H, W), dark ink on light paper or chalk on a board.

    Returns:
        The digits, at most `MOST_DIGITS`, row by row, each from left to right; ink that touches the border of the
        photograph is none. Their boxes are in pixels of the
        photograph. Their ink is that of the smaller picture that was searched, so its shape is another.

    Example:
        >>> light = np.linspace(120, 240, 300)[None].repeat(200, axis=0)  # twice as bright on the right
        >>> light[50:150, 40:50] *= 0.4  # a stick in the dark corner, one in the bright one
        >>> light[50:150, 240:250] *= 0.4
        >>> [part.ink.shape for part in find_digits(light.astype(np.uint8))]
        [(102, 12), (102, 12)]
    """
    height, width = grey.shape
    scale = min(1.0, WORK_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    contrast, limit = _contrast(Image.fromarray(grey).resize(size, Image.Resampling.BOX, reducing_gap=2))
    mask = without_lines(contrast > SOFT * limit)
    labels, boxes = label_pieces(mask)
    at_edge = (boxes[:, :2].min(axis=1) == 0) | (boxes[:, 2:] == mask.shape).any(axis=1)
    mask &= ~np.append(False, at_edge)[labels]  # the table beside the paper, a shadow, a digit that is cut off
    found = [part for row in _rows(contrast, mask, limit) for part in row]
    tallest = sorted(found, key=lambda part: part.box[0] - part.box[2])[:MOST_DIGITS]
    kept = {id(part) for part in tallest}
    steps = height / size[1], width / size[0]
    return [Part(_enlarged(part.box, *steps), part.ink) for part in found if id(part) in kept]


def find_rows(ink: np.ndarray) -> list[Part]:
    """Find the digits of a drawing that is written in several rows.

    Args:
        ink: float32 (H, W) in [0, 1], background 0; see `preprocess.find_ink`.

    Returns:
        The digits, at most `MOST_DIGITS`, row by row; none unless two rows have two digits or more. So strokes of one
        digit that stand above each other are never taken for rows, and one line is left to `segment.split_digits`.
    """
    rows = list(_rows(ink, ink > 0, 0))
    return [part for row in rows for part in row][:MOST_DIGITS] if sum(len(row) > 1 for row in rows) > 1 else []


def box_mean(values: np.ndarray, reach: int) -> np.ndarray:
    """Average over a square around each pixel, (2 · reach + 1) wide, less where the picture ends.

    A sum over any rectangle is a difference of four entries in a table of sums (Crow 1984, Summed-area tables for
    texture mapping); here it is taken along one axis, then along the other.

    Args:
        values: float32 (H, W).
        reach: in pixels, >= 0.

    Returns:
        float32 (H, W).
    """
    for axis in (0, 1):
        length = values.shape[axis]
        sums = np.cumsum(values, axis=axis, dtype=np.float64)
        sums = np.concatenate([np.zeros_like(np.take(sums, [0], axis)), sums], axis)
        place = np.arange(length)
        low, high = np.maximum(place - reach, 0), np.minimum(place + reach + 1, length)
        counts = np.expand_dims(high - low, 1 - axis)
        values = ((np.take(sums, high, axis) - np.take(sums, low, axis)) / counts).astype(np.float32)
    return values


def _contrast(grey: Image.Image) -> tuple[np.ndarray, float]:
    """Say how much each pixel differs from the paper around it, as ink does.

    Args:
        grey: of mode "L".

    Returns:
        float32 (H, W), 0 for paper, up to 1; and from where on it is ink.
    """
    grey = grey.filter(ImageFilter.BoxBlur(1))  # takes two thirds of the noise away and leaves strokes
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


def without_lines(mask: np.ndarray) -> np.ndarray:
    """Take ruled lines out of a picture's ink, across and down, and leave the ink that crosses them.

    A line across is a thin run of ink in each column. The slope at which the runs' middles pile up most is the lines';
    where they fill most of a strip is a line. A run that is much longer than the line is thick holds other ink and
    stays, and so does one between ink above and ink below: there a thin stroke crosses.

    Args:
        mask: bool (H, W), True for ink.

    Returns:
        bool (H, W).
    """
    left = mask.copy()
    lines = [(view, _line_runs(original)) for view, original in ((left, mask), (left.T, mask.T))]
    for view, runs in lines:
        view[_pixels(*runs)] = False
    for view, (columns, tops, ends) in lines:
        if columns.size:
            # Ink beside the column counts as well: a slanting stroke leaves the line elsewhere than it entered.
            reach = int(np.median(ends - tops)) + 1
            near = np.zeros((view.shape[0] + 2, view.shape[1]), bool)
            for shift in range(-reach, reach + 1):
                to, since = max(shift, 0), max(-shift, 0)
                near[1:-1, to : view.shape[1] - since] |= view[:, since : view.shape[1] - to]
            crossed = near[tops, columns] & near[ends + 1, columns]
            view[_pixels(columns[crossed], tops[crossed], ends[crossed])] = True
    return left


def _line_runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the pieces of ruled lines that run across.

    Returns:
        Their columns, first rows, and last rows + 1, int (N,) each; none if they are too few for ruled paper.
    """
    height, width = mask.shape
    rows = np.arange(height, dtype=np.int32)[:, None]
    tops = np.maximum.accumulate(np.where(mask, -1, rows), axis=0) + 1  # (H, W): where each pixel's run begins
    ends = np.minimum.accumulate(np.where(mask, height, rows)[::-1], axis=0)[::-1]  # and the row after it
    thin = mask & (ends - tops <= THIN * max(mask.shape)) & (rows == (tops + ends) // 2)
    y, x = np.nonzero(thin)  # one point for each run
    on_line = np.zeros(y.size, bool)
    for strips in STRIPS:
        for low, high in pairwise(np.linspace(0, width, strips + 1).astype(int).tolist()):
            inside = np.flatnonzero((x >= low) & (x < high))
            on_line[inside] |= _on_lines(y[inside], x[inside] - low, high - low, height)
    if np.count_nonzero(on_line) < 1.5 * width:
        on_line[:] = False
    y, x = y[on_line], x[on_line]
    lengths = ends[y, x] - tops[y, x]
    mere = lengths <= 2 * np.median(lengths) if lengths.size else lengths > 0
    return x[mere], tops[y, x][mere], ends[y, x][mere]


def _pixels(columns: np.ndarray, tops: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the rows and the columns of all pixels of some runs."""
    lengths = ends - tops
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)  # 0, 1, ... in each run
    return np.repeat(tops, lengths) + within, np.repeat(columns, lengths)


def _on_lines(y: np.ndarray, x: np.ndarray, width: int, height: int) -> np.ndarray:
    """Say which points, int (N,) each, lie on straight lines across a strip; bool (N,)."""
    room = int(width * SLOPES.max()) + 2
    best, best_counts, best_levels = 0.0, np.zeros(0, int), np.zeros(0, int)
    for slope in SLOPES:
        levels = np.rint(y - slope * x).astype(int) + room  # where the line through the point began
        counts = np.bincount(levels, minlength=height + 2 * room)
        piled = float((counts.astype(float) ** 2).sum())
        if piled > best:
            best, best_counts, best_levels = piled, counts, levels
    if best == 0:
        return np.zeros(y.size, bool)
    lines = np.convolve(best_counts, np.ones(3), "same") >= COVERED * width
    return np.convolve(lines, np.ones(3), "same")[best_levels] > 0


def _rows(contrast: np.ndarray, mask: np.ndarray, limit: float) -> Iterator[list[Part]]:
    """Split the ink into rows of writing, from top to bottom, and those into digits."""
    labels, boxes = label_pieces(mask)
    if len(boxes) == 0:
        return
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    strong = np.bincount(labels[contrast > limit], minlength=len(boxes) + 1)[1:] > 0
    strokes = strong & (np.maximum(heights, widths) >= SMALLEST // 2)
    chosen = np.flatnonzero(strokes)
    chosen = chosen[np.argsort(-heights[chosen], kind="stable")][:MOST_PIECES]
    for row in _lines_of_writing(boxes[chosen]):
        own = chosen[row]
        top, left = boxes[own, :2].min(axis=0)
        bottom, right = boxes[own, 2:].max(axis=0)
        belongs = np.zeros(len(boxes) + 1, bool)  # by label
        belongs[own + 1] = True
        inside = slice(top, bottom), slice(left, right)
        ink = np.where(belongs[labels[inside]], contrast[inside], np.float32(0))
        parts = split_digits(ink)
        yield [
            Part(_moved(part.box, int(top), int(left)), _full_ink(part.ink))
            for part in parts
            if max(part.ink.shape) >= SMALLEST
        ]


def _lines_of_writing(boxes: np.ndarray) -> list[list[int]]:
    """Tell which pieces stand in the same row of writing, also where it climbs or falls.

    From left to right, each tall piece goes on with the row whose last piece shares most of its height, if it shares
    half of the lower one's. What is small, like the hat of a 5, belongs to the tall piece that is nearest.

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
    for piece in tall[np.argsort(boxes[tall, 1], kind="stable")].tolist():
        lasts = np.array([row[-1] for row in rows], int)
        shared = np.minimum(boxes[lasts, 2], boxes[piece, 2]) - np.maximum(boxes[lasts, 0], boxes[piece, 0])
        shares = shared / np.minimum(heights[lasts], heights[piece])
        if rows and shares.max() >= 0.5:
            rows[int(shares.argmax())].append(piece)
        else:
            rows.append([piece])
    row_of = {piece: row for row in rows for piece in row}
    for piece in np.setdiff1d(np.arange(len(boxes)), tall).tolist():
        gaps = np.maximum(boxes[tall, :2] - boxes[piece, 2:], boxes[piece, :2] - boxes[tall, 2:]).clip(0)  # (T, 2)
        row_of[int(tall[(gaps**2).sum(axis=1).argmin()])].append(piece)
    return sorted(rows, key=lambda row: float((boxes[row, 0] + boxes[row, 2]).mean()))


def _full_ink(ink: np.ndarray) -> np.ndarray:
    """Bring pencil to full black: what the darker half of a digit's ink has becomes 1."""
    return np.minimum(ink / np.median(ink[ink > 0]), 1)


def _moved(box: Box, down: int, right: int) -> Box:
    return box[0] + down, box[1] + right, box[2] + down, box[3] + right


def _enlarged(box: Box, down: float, right: float) -> Box:
    """Give a box in pixels of the photograph, from one in the picture that was searched."""
    top, left, bottom, after = box
    return int(top * down), int(left * right), int(np.ceil(bottom * down)), int(np.ceil(after * right))

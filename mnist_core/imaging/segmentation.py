"""Find the digits of a drawn number: which ink belongs together, and where each digit stands.

Ink that touches is one component. Most digits have one, but the hat of a 5, the bar of a 7 or the foot of a 1 may stand
apart from the rest. Where a component stands shows what it is: two digits of a number stand side by side, so they share
most of their rows and few of their columns, while two strokes of one digit stand above or inside each other, or one
hangs beside the other. No network is asked: these rules alone keep 999 of 1,000 real digits whole and apart
(`bench/multi_digit.py`). Digits that touch are not taken apart, and a number is one row: what stands above each other
is joined.

The figures beside the constants are from real digits, drawn with pens of 7% to 14% of their height: 8,939 of them
alone, 152 of which have two components, and 8,100 pairs of neighbours in numbers, half of them close together.
"""

from dataclasses import dataclass

import numpy as np

SPECK = 0.2
"""A component is a speck if its longer side is below this share of the tallest component's height. A tap of the pen is
as long as the pen is wide; of the 152 digits, 4 have a stroke this short, with a seventh of their ink at most."""
SIDE_BY_SIDE = 0.5
"""Two components stand side by side if they have at least this share of the taller one's rows in common. Neighbours,
some larger, some smaller, on sloping lines, all have 0.55 or more; of the 152 digits' strokes, 147 have less than
0.5."""
INSIDE = 0.9
"""Side by side, they are one digit if they have this share of the narrower one's columns in common: a slash inside a 0.
Of the close neighbours, 99 in 100 have 0.51 at most, and 2 of 4,500 as much as this: a slim 1 under the roof of a 7."""
HANG = 0.22
"""They are not side by side if the right one is this much taller, as a share of its height, and reaches this much
further down: the left one hangs in the air, like the cup of a 4 beside its leg. The other 5 of the 152 digits are such
4s, and 3 of them reach 0.25 or more; close neighbours reach 0.20."""
GAP = 0.1
"""Components of one digit that are not side by side may be this far apart sideways, as a share of the taller one's
height: the hat of a 5. Of the 152 digits, 2 have a wider gap; with no gap allowed, 3 more digits in 4,800 of numbers
were split."""
MAX_COMPONENTS = 64
"""Only this many are looked at, the tallest: a photograph may have thousands."""

Box = tuple[int, int, int, int]
"""First row, first column, last row + 1, last column + 1."""


@dataclass(frozen=True, eq=False)
class DigitInk:
    """The ink of one digit.

    Attributes:
        box: the smallest box that holds its strokes, in pixels of the drawing: top, left, bottom, right, so that
            `drawing[top:bottom, left:right]` cuts it out.
        ink: float32 (bottom - top, right - left) in [0, 1], the ink in that box without that of other digits.
    """

    box: Box
    ink: np.ndarray


def split_digits(ink: np.ndarray) -> list[DigitInk]:
    """Split the ink of a number into its digits.

    Specks are kept only where they lie in the box of a digit.

    Args:
        ink: float32 (H, W) in [0, 1], background 0; see `preprocess.find_ink`.

    Returns:
        The digits from left to right; none if there is no ink.

    Example:
        >>> ink = np.zeros((100, 100), np.float32)
        >>> ink[10:90, 20:30] = ink[10:90, 60:70] = 1  # two sticks
        >>> [digit.box for digit in split_digits(ink)]
        [(10, 20, 90, 30), (10, 60, 90, 70)]
    """
    labels, boxes = label_components(ink > 0)
    if len(boxes) == 0:
        return []
    heights, widths = _sides(boxes)
    strokes = np.flatnonzero(np.maximum(heights, widths) >= SPECK * heights.max())
    strokes = strokes[np.argsort(-heights[strokes], kind="stable")][:MAX_COMPONENTS]
    others = np.isin(np.arange(len(boxes) + 1), strokes + 1)
    digits = [cut_out(ink, labels, boxes, strokes[group], others) for group in group_components(boxes[strokes])]
    return sorted(digits, key=lambda digit: digit.box[1] + digit.box[3])


def cut_out(ink: np.ndarray, labels: np.ndarray, boxes: np.ndarray, own: np.ndarray, others: np.ndarray) -> DigitInk:
    """Cut the box of some components, int (n,), out of the ink, and clear in it the others, bool (N + 1,) by label."""
    top, left = boxes[own, :2].min(axis=0).tolist()
    bottom, right = boxes[own, 2:].max(axis=0).tolist()
    inside = slice(top, bottom), slice(left, right)
    cleared = others.copy()
    cleared[own + 1] = False
    return DigitInk((top, left, bottom, right), np.where(cleared[labels[inside]], np.float32(0), ink[inside]))


def group_components(boxes: np.ndarray) -> list[list[int]]:
    """Group the components of ink that are strokes of the same digit.

    Again and again the two that belong together most are joined, and count as one from then on, until no two belong
    together. So the hat of a 5 joins the body below it before it can reach the next digit, and the whole 5 then stands
    beside that digit.

    Args:
        boxes: int (N, 4), N >= 1: top, left, bottom, right of each component.

    Returns:
        Lists of indices into `boxes`; each index is in one of them.
    """
    groups = [[i] for i in range(len(boxes))]
    while True:
        belonging = _belonging(boxes)
        i, j = divmod(int(belonging.argmax()), len(boxes))  # the first of two equal ones: i < j
        if belonging[i, j] == -np.inf:
            return groups
        boxes = boxes.copy()
        boxes[i, :2] = np.minimum(boxes[i, :2], boxes[j, :2])
        boxes[i, 2:] = np.maximum(boxes[i, 2:], boxes[j, 2:])
        boxes = np.delete(boxes, j, axis=0)
        groups[i] += groups.pop(j)


def _belonging(boxes: np.ndarray) -> np.ndarray:
    """Compute which share of the narrower one's columns two components have in common, (N, N); -inf for two digits."""
    heights, widths = _sides(boxes)
    ends = np.minimum(boxes[:, None, 2:], boxes[:, 2:])
    rows, columns = np.moveaxis(ends - np.maximum(boxes[:, None, :2], boxes[:, :2]), 2, 0)  # shared; a gap is negative
    taller = np.maximum(heights[:, None], heights)
    share = columns / np.minimum(widths[:, None], widths)

    middles, bottoms = boxes[:, 1] + boxes[:, 3], boxes[:, 2]
    lower = np.minimum(bottoms - bottoms[:, None], heights - heights[:, None])  # by how much the other is, and taller
    hangs = (middles[:, None] < middles) & (lower >= HANG * taller)
    beside = (rows >= SIDE_BY_SIDE * taller) & ~hangs & ~hangs.T

    together = np.where(beside, share >= INSIDE, columns >= -GAP * taller)
    np.fill_diagonal(together, False)
    return np.where(together, share, -np.inf)


def _sides(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return heights and widths, int (N,)."""
    return boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]


def label_components(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the connected components of a picture: pixels that touch, even by a corner, are in the same one.

    A row of neighbouring pixels is a run. Only runs are looked at, about one for each row of a stroke, not pixels.
    Each run points to an earlier one that touches it, or to itself; following the pointers leads to the first run of
    its component. (Union-find in array form: Shiloach and Vishkin, An O(log n) parallel connectivity algorithm, 1982.)

    Args:
        mask: bool (H, W).

    Returns:
        The labels, int32 (H, W): 0 where the mask is False, else 1 ... N, the number of the component, in the order of
        their first pixels, row by row; and the boxes, int64 (N, 4): top, left, bottom, right.
    """
    # A blank column before each row and a blank row at the end: in one line of pixels, every run has both its ends.
    blank_edged = np.pad(mask, ((0, 1), (1, 0)))
    stride = blank_edged.shape[1]
    line = blank_edged.reshape(-1)
    changes = np.flatnonzero(line[1:] != line[:-1]) + 1
    begins, ends = changes[::2], changes[1::2]  # (R,)

    # The runs of the next row that touch a run are neighbours in the list; one column further on each side counts.
    first = np.searchsorted(ends, begins + stride - 1, side="right")
    last = np.searchsorted(begins, ends + stride + 1, side="left")
    counts = last - first
    above = np.repeat(np.arange(begins.size), counts)  # (T,), one for each pair of runs that touch
    below = np.arange(above.size) + np.repeat(first - (np.cumsum(counts) - counts), counts)

    roots = np.arange(begins.size)
    while (roots[above] != roots[below]).any():
        one, other = roots[above], roots[below]
        np.minimum.at(roots, np.maximum(one, other), np.minimum(one, other))
        while (roots != roots[roots]).any():
            roots = roots[roots]
    first_runs, components = np.unique(roots, return_inverse=True)

    labels = np.zeros(line.size, np.int32)
    labels[line] = np.repeat(components + 1, ends - begins)
    rows = begins // stride
    boxes = np.zeros((first_runs.size, 4), np.int64)
    boxes[:, :2] = max(mask.shape)
    np.minimum.at(boxes[:, :2], components, np.stack([rows, begins % stride - 1], axis=1))
    np.maximum.at(boxes[:, 2:], components, np.stack([rows + 1, (ends - 1) % stride], axis=1))
    return labels.reshape(blank_edged.shape)[:-1, 1:], boxes

"""Remove the lines of ruled or squared paper from a picture's ink.

Ruled lines are thin, long and straight, which digits aren't. They are removed column by column, and kept where ink
crosses them.
"""

from itertools import pairwise

import numpy as np

STRIPS = 1, 4
"""Numbers of strips in which lines are looked for: in the whole picture, where a digit hides only a small part of a
line, and in quarters of it, where a line that is bent or seen at an angle is nearly straight."""
SLOPES = np.linspace(-0.14, 0.14, 57)
"""The slopes that are tried, in pixels per pixel: 8 degrees to either side."""
THIN = 0.01
"""A ruled line is at most this thick, as a share of the longer side."""
COVERED = 0.55
"""And covers at least this share of its strip."""


def without_lines(mask: np.ndarray) -> np.ndarray:
    """Remove ruled lines, across and down, from a picture's ink, and keep the ink that crosses them.

    A line across is a thin run of ink in each column. The lines' slope is the one along which most of the runs' middles
    line up; there is a line where they fill most of a strip. A run that is much longer than the line is thick belongs
    to other ink too and stays, and so does one with ink right above and below: there a thin stroke crosses.

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
            # Ink in columns beside it counts as well: a slanting stroke leaves the line elsewhere than it entered.
            reach = min(int(np.median(ends - tops)) + 1, view.shape[1] - 1)
            near = np.zeros((view.shape[0] + 2, view.shape[1]), bool)
            for shift in range(-reach, reach + 1):
                to, since = max(shift, 0), max(-shift, 0)
                near[1:-1, to : view.shape[1] - since] |= view[:, since : view.shape[1] - to]
            crossed = near[tops, columns] & near[ends + 1, columns]
            view[_pixels(columns[crossed], tops[crossed], ends[crossed])] = True
    return left


def _line_runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the runs of ink that ruled lines across consist of.

    Returns:
        Their columns, first rows, and last rows + 1, int (N,) each; none if there are too few for ruled paper.
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
    """Return the rows and the columns of all pixels of some runs."""
    lengths = ends - tops
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)  # 0, 1, ... in each run
    return np.repeat(tops, lengths) + within, np.repeat(columns, lengths)


def _on_lines(y: np.ndarray, x: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return which points, int (N,) each, lie on straight lines across a strip; bool (N,)."""
    room = int(width * SLOPES.max()) + 2

    def along(slope: float) -> tuple[np.ndarray, np.ndarray]:
        levels = np.rint(y - slope * x).astype(int) + room  # where the line through each point began
        return levels, np.bincount(levels, minlength=height + 2 * room)

    levels, counts = max(map(along, SLOPES), key=lambda found: (found[1].astype(float) ** 2).sum())
    lines = np.convolve(counts, np.ones(3), "same") >= COVERED * width
    return np.convolve(lines, np.ones(3), "same")[levels] > 0

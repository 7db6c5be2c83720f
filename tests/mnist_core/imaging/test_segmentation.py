"""The digits of a number: no ink lost, strokes of one digit together, neighbours apart, from left to right."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw
from scipy import ndimage

from mnist_core.imaging.segmentation import MAX_COMPONENTS, group_components, label_components, split_digits

Strokes = list[list[tuple[float, float]]]

RING = [(0.3 + 0.3 * np.sin(a), 0.5 - 0.5 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 24)]
BOWL = [(0.0, 0.45), (0.35, 0.4), (0.55, 0.6), (0.5, 0.85), (0.25, 1.0), (0.0, 0.9)]

# Ways to write a digit whose strokes do not all touch, in a box that is 1 high; y points down.
ONE_DIGIT: dict[str, Strokes] = {
    "1": [[(0.1, 0.0), (0.1, 1.0)]],
    "1, its foot apart": [[(0.0, 0.2), (0.2, 0.0), (0.2, 0.85)], [(0.0, 1.0), (0.4, 1.0)]],
    "1, its flag apart": [[(0.0, 0.3), (0.15, 0.1)], [(0.3, 0.0), (0.3, 1.0)]],
    "i": [[(0.1, 0.0), (0.1, 0.15)], [(0.1, 0.35), (0.1, 1.0)]],
    "0, slashed": [RING, [(0.0, 1.0), (0.6, 0.0)]],
    "0, a short slash inside": [RING, [(0.2, 0.75), (0.4, 0.25)]],
    "0, open at the top": [[(0.25, 0.02), *[point for point in RING if point[1] > 0.1][::-1], (0.4, 0.05)]],
    "3 in two bows": [[(0, 0), (0.5, 0.1), (0.4, 0.35), (0.2, 0.42)], [(0.2, 0.55), (0.55, 0.7), (0.3, 1), (0, 0.9)]],
    "4, closed": [[(0.5, 1.0), (0.5, 0.0), (0.0, 0.65), (0.7, 0.65)]],
    "4, open": [[(0.1, 0.0), (0.0, 0.6), (0.7, 0.6)], [(0.5, 0.2), (0.5, 1.0)]],
    "4, open, in two strokes apart": [[(0.1, 0.0), (0.0, 0.45), (0.4, 0.45)], [(0.52, 0.0), (0.52, 1.0)]],
    "4, open, its leg beside": [[(0.1, 0.0), (0.0, 0.6), (0.4, 0.6)], [(0.54, -0.1), (0.54, 1.0)]],
    "5": [[(0.5, 0.0), (0.05, 0.0), *BOWL]],
    "5, its hat above": [[(0.0, 0.15), *BOWL], [(0.0, 0.0), (0.6, 0.0)]],
    "5, its hat beside": [[(0.0, 0.0), *BOWL], [(0.2, 0.0), (0.8, -0.05)]],
    "5, its hat quite apart": [[(0.1, 0.0), *BOWL], [(0.68, 0.0), (1.0, -0.05)]],
    "7, crossed": [[(0.0, 0.0), (0.6, 0.0), (0.2, 1.0)], [(0.15, 0.5), (0.6, 0.5)]],
    "7, its bar beside the leg": [[(0.0, 0.0), (0.6, 0.0), (0.2, 1.0)], [(0.54, 0.5), (0.8, 0.5)]],
    "7, its roof apart": [[(0.0, 0.0), (0.5, 0.0)], [(0.6, 0.12), (0.25, 1.0)]],
    "8 of two rings": [
        [(0.1 + x * 0.7, y * 0.45) for x, y in RING],
        [(x, 0.55 + y * 0.45) for x, y in RING],
    ],
}

# Digits that stand so close that their boxes overlap; each with how far right it begins.
CLOSE_NEIGHBOURS: dict[str, list[tuple[float, Strokes]]] = {
    "7 and 4": [
        (0.0, [[(0.0, 0.0), (0.6, 0.0), (0.2, 1.0)]]),
        (0.5, [[(0.3, 0.2), (0.0, 0.75), (0.7, 0.75)], [(0.5, 0.5), (0.5, 1)]]),
    ],
    "the hat of a 5 above a 6": [
        (0.0, [[(0.0, 0.1), *BOWL], [(0.0, 0.0), (0.95, -0.1)]]),
        (0.75, [[(0.3, 0.08), (0.0, 0.6), (0.2, 1.0), (0.4, 0.75), (0.05, 0.7)]]),
    ],
    "a slanting 1 and 1": [(0.0, [[(0.3, 0.0), (0.0, 1.0)]]), (0.2, [[(0.3, 0.0), (0.0, 1.0)]])],
    "a large 1 and two small 0": [
        (0.0, ONE_DIGIT["1"]),
        (0.35, [[(x * 0.55, 0.45 + y * 0.55) for x, y in RING]]),
        (0.85, [[(x * 0.55, 0.45 + y * 0.55) for x, y in RING]]),
    ],
}


def drawn(
    digits: list[tuple[float, Strokes]], height: float = 100, pen: int = 8, left: int = 30, top: int = 30
) -> np.ndarray:
    """The ink of digits that begin this many heights right of `left`, float32 (170, 600)."""
    picture = Image.new("L", (600, 170))
    draw = ImageDraw.Draw(picture)
    for begin, strokes in digits:
        for stroke in strokes:
            points = [(left + (begin + x) * height, top + y * height) for x, y in stroke]
            draw.line(points, fill=255, width=pen, joint="curve")
            for x, y in points:
                draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return np.asarray(picture, np.float32) / 255


def box_of(ink: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(ink)
    return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1


def assert_same_parts(ink: np.ndarray, alone: list[np.ndarray]) -> None:
    """There is one part for each of these drawings, in this order, and it has all its ink and no other."""
    parts = split_digits(ink)
    assert [part.box for part in parts] == [box_of(one) for one in alone]
    for part, one in zip(parts, alone, strict=True):
        top, left, bottom, right = part.box
        np.testing.assert_array_equal(part.ink, one[top:bottom, left:right])


# Pieces of ink


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
@example(np.ones((1, 1), bool))
@example(np.zeros((3, 4), bool))
@example(np.ones((5, 7), bool))
@settings(max_examples=100, deadline=None)
def test_pieces_are_those_of_scipy(mask):
    """An independent implementation; it counts in the same order."""
    expected, count = ndimage.label(mask, np.ones((3, 3)))
    labels, boxes = label_components(mask)
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_array_equal(labels > 0, mask)
    corners = [(rows.start, columns.start, rows.stop, columns.stop) for rows, columns in ndimage.find_objects(expected)]
    assert len(boxes) == count and list(map(tuple, boxes.tolist())) == corners


def test_a_long_way_round_is_still_one_piece():
    """A snake and a comb: what belongs together meets only many rows later."""
    snake = np.zeros((41, 30), bool)
    snake[::2] = snake[1::4, -1] = snake[3::4, 0] = True
    comb = np.zeros((41, 59), bool)
    comb[:, ::2] = comb[-1] = True
    labels, boxes = label_components(np.hstack([snake, np.zeros((41, 1), bool), comb]))
    np.testing.assert_array_equal(labels, np.hstack([snake * 1, np.zeros((41, 1)), comb * 2]))
    assert boxes.tolist() == [[0, 0, 41, 30], [0, 31, 41, 90]]


def test_the_end_of_a_row_does_not_touch_the_beginning_of_the_next():
    mask = np.zeros((4, 5), bool)
    mask[0, 4] = mask[1, 0] = mask[2, 4] = mask[3, 0] = True
    assert len(label_components(mask)[1]) == 4


# Which pieces belong together


@pytest.mark.parametrize(
    ("boxes", "groups"),
    [
        ([(0, 0, 100, 60)], [[0]]),
        ([(0, 0, 100, 60), (0, 70, 100, 130)], [[0], [1]]),  # side by side
        ([(0, 0, 100, 60), (0, 40, 100, 100)], [[0], [1]]),  # a third of the columns shared
        ([(0, 0, 100, 60), (30, 10, 85, 55)], [[0, 1]]),  # one inside the other
        ([(0, 0, 40, 60), (50, 5, 100, 55)], [[0, 1]]),  # one above the other
        ([(20, 0, 100, 60), (0, 65, 30, 90)], [[0, 1]]),  # a hat close by
        ([(20, 0, 100, 60), (0, 75, 30, 90)], [[0], [1]]),  # a hat too far away
        ([(50, 0, 100, 40), (50, 45, 100, 85)], [[0], [1]]),  # both small, so both are digits
        ([(0, 0, 70, 50), (0, 45, 100, 60)], [[0, 1]]),  # a cup and a leg
        ([(30, 0, 100, 50), (0, 45, 100, 60)], [[0], [1]]),  # a small digit on the line
        ([(0, 0, 100, 50), (30, 45, 130, 60)], [[0], [1]]),  # as large, on a falling line
        ([(0, 0, 100, 15), (0, 10, 70, 60)], [[0], [1]]),  # a cup that hangs to the right
        ([(15, 0, 100, 55), (0, 30, 10, 95), (5, 70, 100, 130)], [[0, 1], [2]]),  # a hat above two digits
    ],
)
def test_groups_by_hand(boxes, groups):
    assert sorted(map(sorted, group_components(np.array(boxes)))) == groups


@pytest.mark.parametrize("pen", [6, 12])
@pytest.mark.parametrize("name", ONE_DIGIT)
def test_strokes_of_one_digit_stay_together(name, pen):
    ink = drawn([(0, ONE_DIGIT[name])], pen=pen)
    assert_same_parts(ink, [ink])


@pytest.mark.parametrize("name", ONE_DIGIT)
def test_and_in_a_number_too(name):
    one, nine = (
        (0.0, ONE_DIGIT["1"]),
        (1.75, [[(0.5, 0.1), (0.1, 0.1), (0.1, 0.5), (0.5, 0.4), (0.5, 0.1), (0.4, 1.0)]]),
    )
    between = (0.45, ONE_DIGIT[name])
    assert_same_parts(drawn([one, between, nine]), [drawn([digit]) for digit in (one, between, nine)])


@pytest.mark.parametrize("name", CLOSE_NEIGHBOURS)
def test_close_neighbours_stay_apart(name):
    digits = CLOSE_NEIGHBOURS[name]
    assert_same_parts(drawn(digits), [drawn([digit]) for digit in digits])


def test_from_left_to_right_on_a_rising_line():
    digits = [ONE_DIGIT[name] for name in ("5, its hat above", "0, slashed", "4, open", "7, crossed")]
    risen = [[[(x, y + 0.5 - 0.15 * i) for x, y in stroke] for stroke in strokes] for i, strokes in enumerate(digits)]
    placed = [(0.95 * i, strokes) for i, strokes in enumerate(risen)]
    rng = np.random.default_rng(0)
    for _ in range(3):
        mixed = [placed[i] for i in rng.permutation(4)]  # whatever was drawn first
        assert_same_parts(drawn(mixed, height=80), [drawn([digit], height=80) for digit in placed])


def test_touching_digits_are_one_part():
    ink = drawn([(0, ONE_DIGIT["1"]), (0.12, ONE_DIGIT["0, slashed"])])
    assert_same_parts(ink, [ink])


# Specks


def test_a_speck_away_from_the_digits_is_left_out():
    ink = drawn([(0, ONE_DIGIT["0, slashed"])])
    spotted = ink.copy()
    spotted[80:90, 150:160] = spotted[3:8, 50:58] = 1
    assert_same_parts(spotted, [ink])


def test_a_speck_within_a_digit_stays():
    """So a digit that the paper swallowed bits of keeps its crumbs."""
    ink = drawn([(0, ONE_DIGIT["0, slashed"])])
    assert ink[60, 82] == 0
    ink[58:62, 80:84] = 1
    assert_same_parts(ink, [ink])


def test_a_dot_alone_is_no_speck():
    for side in (1, 6):
        ink = np.zeros((50, 40), np.float32)
        ink[20 : 20 + side, 7 : 7 + side] = 0.5
        assert_same_parts(ink, [ink])


def test_no_ink_no_parts():
    assert split_digits(np.zeros((9, 5), np.float32)) == []


def test_thousands_of_pieces_are_not_all_looked_at():
    ink = np.zeros((200, 600), np.float32)
    ink[::4, ::4] = ink[1::4, ::4] = 1  # 7,500 sticks
    ink[100:150, ::8] = 1  # 75 higher ones
    parts = split_digits(ink)
    assert len(parts) == MAX_COMPONENTS
    assert {part.box[2] - part.box[0] for part in parts} == {50}


# Any drawing


@given(
    hnp.arrays(np.bool_, st.tuples(st.integers(1, 16), st.integers(1, 24))),
    st.tuples(st.integers(0, 9), st.integers(0, 9)),
)
@settings(max_examples=100, deadline=None)
def test_any_ink_anywhere(mask, place):
    ink = np.kron(mask, np.ones((2, 2))).astype(np.float32)
    height, width = ink.shape
    moved = np.zeros((height + 10, width + 10), np.float32)
    moved[place[0] : place[0] + height, place[1] : place[1] + width] = ink

    parts, moved_parts = split_digits(ink), split_digits(moved)
    assert len(parts) == len(moved_parts) and bool(parts) == mask.any()
    for part, other in zip(parts, moved_parts, strict=True):
        assert other.box == tuple(np.add(part.box, place * 2))
        np.testing.assert_array_equal(part.ink, other.ink)

    middles = [part.box[1] + part.box[3] for part in parts]
    assert middles == sorted(middles)
    for part in parts:
        top, left, bottom, right = part.box
        cut = ink[top:bottom, left:right]
        assert part.ink.shape == cut.shape and part.ink.dtype == np.float32
        assert ((part.ink == 0) | (part.ink == cut)).all()
        assert box_of(part.ink) == (0, 0, *cut.shape)


def test_splitting_changes_nothing():
    ink = drawn([(0, ONE_DIGIT["5, its hat above"]), (0.8, ONE_DIGIT["1"])])
    before = ink.copy()
    ink.flags.writeable = False
    split_digits(ink)
    np.testing.assert_array_equal(ink, before)

"""The parts of the pad that need no browser: its history, its distrust of messages, its session record."""

import base64
import io
import itertools
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.webapp.components.events import data_of
from webapp.components.drawing_board import (
    BARE,
    LIVE_SIDE,
    SIDE,
    Board,
    History,
    Stroke,
    drawing_of,
    read_ink,
    read_png,
    read_report,
    read_strokes,
)
from webapp.components.drawing_pad import CANVAS_KEY, HELPER_KEY, SESSION_KEY

STAMP = "lockScalingFlip"


def stroke(number: int) -> dict[str, Any]:
    return {"type": "Path", "path": [["M", number, 10], ["L", number, 90]], "strokeWidth": 20}


def strokes(*numbers: int) -> tuple[Stroke, ...]:
    return read_strokes([stroke(number) for number in numbers])


def picture(size: tuple[int, int] = (SIDE, SIDE), mode: str = "RGBA", ink: int = 255, form: str = "PNG") -> bytes:
    image = Image.new(mode, size)
    if mode == "RGBA":
        image.paste((255, 255, 255, ink), (100, 50, 120, 60))
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def with_empty_profile(png: bytes) -> bytes:
    """A picture whose colour profile, just before the end, is empty: Pillow answers with an IndexError."""
    profile = b"\0\0\0\0iCCP" + zlib.crc32(b"iCCP").to_bytes(4, "big")
    return png[:-12] + profile + png[-12:]


def address(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


def message(*numbers: int, stamp: int = 1) -> dict[str, Any]:
    return {"raw": {"version": "7", STAMP: stamp, "objects": [stroke(number) for number in numbers]}}


def drawn(*numbers: int, png: bytes | None = b"picture") -> Board:
    return Board(strokes(*numbers), png)


# ---- history


def test_undo_goes_back_stroke_by_stroke_and_redo_returns():
    history = History().report(drawn(1)).report(drawn(1, 2)).report(drawn(1, 2, 3))

    back = history.undo().undo()

    assert back.present == drawn(1)
    assert back.redo().present == drawn(1, 2)
    assert back.redo().redo() == history


def test_strokes_that_arrive_together_are_undone_one_by_one():
    history = History().report(drawn(1)).report(drawn(1, 2, 3))

    assert [history.undo().present.strokes, history.undo().undo().present.strokes] == [strokes(1, 2), strokes(1)]


def test_a_board_that_was_never_pictured_borrows_the_picture_until_its_own_comes():
    history = History().report(drawn(1, 2, png=b"both")).undo()
    assert history.present == Board(strokes(1), b"both", borrowed=True)
    assert history.present.unpictured

    reported = history.report(drawn(1, png=b"one"))

    assert reported.present == drawn(1, png=b"one")
    assert reported.future == history.future


def test_the_empty_board_never_borrows_a_picture():
    assert History().report(drawn(1)).undo().present == Board()


def test_clear_empties_at_once_and_can_be_undone():
    history = History().report(drawn(1, 2))

    assert history.clear().present == Board()
    assert history.clear().undo().present == drawn(1, 2)


def test_a_stroke_after_clear_is_undone_before_the_clear():
    history = History().report(drawn(1)).clear().report(drawn(2))

    assert history.undo().present == Board()
    assert history.undo().undo().present == drawn(1)


def test_clearing_the_empty_board_changes_nothing():
    history = History().report(drawn(1)).undo()

    assert history.clear() is history
    assert history.redo().present == drawn(1)


def test_undo_and_redo_at_their_ends_change_nothing():
    history = History().report(drawn(1))

    assert history.redo() is history
    assert History().undo() == History()


def test_a_new_stroke_ends_redo():
    history = History().report(drawn(1)).report(drawn(1, 2)).undo().report(drawn(1, 3))

    assert history.future == ()
    assert history.undo().present == drawn(1)


def test_the_answer_to_an_undo_keeps_redo_even_if_the_canvas_rounds_its_numbers():
    history = History().report(drawn(1)).report(drawn(1, 2)).undo()
    rounded = Board(read_strokes([{**stroke(1), "left": 9.9999}]), b"new")

    assert history.report(rounded).future == history.future


def test_a_board_that_is_no_continuation_becomes_one_step():
    history = History().report(drawn(1, 2)).report(drawn(3))

    assert history.present == drawn(3)
    assert history.undo().present.strokes == strokes(1, 2)


def test_the_past_is_limited():
    history = History()
    for count in range(1, 200):
        history = history.report(Board(strokes(*range(count)), b"picture"))

    assert 20 < len(history.past) < 100


def test_the_past_holds_no_more_than_a_few_megabytes_whatever_is_sent():
    history = History()
    for number in range(60):
        (big,) = read_strokes([{**stroke(number), "fill": "x" * 900_000}])
        history = history.report(Board((big,), b"picture"))

    assert sum(board.nbytes for board in history.past) <= 4_000_000
    assert history.undo().present.strokes


# ---- pictures and messages


def test_white_is_ink_as_far_as_it_is_opaque():
    ink = read_ink(picture(ink=200))

    assert ink is not None
    assert ink.shape == (SIDE, SIDE)
    assert ink.dtype == np.uint8
    assert ink[55, 110] == 200
    assert np.count_nonzero(ink) == 200


def test_what_was_erased_is_no_ink():
    image = Image.new("RGBA", (SIDE, SIDE))
    image.paste("white", (100, 50, 120, 60))
    image.paste(BARE, (110, 0, 130, 100))  # over half of the ink, and beside it
    file = io.BytesIO()
    image.save(file, "PNG")

    ink = read_ink(file.getvalue())

    assert ink is not None
    assert np.count_nonzero(ink) == 100
    assert ink[50:60, 100:110].min() == 255


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"not a picture",
        picture()[:40],
        picture()[: len(picture()) // 2],
        picture(size=(SIDE, SIDE + 1)),
        picture(size=(3000, 3000)),
        picture(mode="L"),
        picture(mode="RGB", form="JPEG"),
        picture().replace(b"IDAT", b"IDAX"),
        with_empty_profile(picture()),
    ],
    ids=["nothing", "text", "cut", "half", "size", "huge", "grey", "jpeg", "chunk", "profile"],
)
def test_bytes_that_are_no_picture_of_the_canvas_are_refused(forged: bytes):
    assert read_ink(forged) is None


def test_damaged_pictures_never_raise():
    rng = np.random.default_rng(0)
    good = np.frombuffer(picture(), np.uint8)
    for _ in range(300):
        bad = good.copy()
        bad[rng.integers(0, len(bad), 3)] = rng.integers(0, 256, 3)
        ink = read_ink(bad.tobytes())
        assert ink is None or ink.shape == (SIDE, SIDE)


def test_a_report_becomes_a_board():
    assert read_report(message(1, 2), address(picture()), stamp=1) == Board(strokes(1, 2), picture())


def test_a_report_without_a_picture_waits_for_one():
    for other in (None, 3, "data:image/png;base64,***", "data:image/jpeg;base64,AAAA", address(picture(size=(10, 10)))):
        assert read_report(message(1), other, stamp=1) == Board(strokes(1))


def test_a_report_of_an_empty_board_is_the_empty_board():
    assert read_report(message(), address(picture()), stamp=1) == Board()


def test_a_report_from_before_an_undo_or_clear_is_void():
    assert read_report(message(1, 2, stamp=4), address(picture()), stamp=5) is None


def test_a_report_without_a_number_counts():
    report = message(1)
    del report["raw"][STAMP]

    assert read_report(report, address(picture()), stamp=5) == Board(strokes(1), picture())


def test_before_the_first_report_there_is_nothing_new():
    assert read_report(None, None, stamp=1) is None
    mounted = read_report({"raw": drawing_of(drawn(1), 1), "data": None}, None, stamp=1)
    assert mounted is not None
    assert History(drawn(1)).report(mounted) == History(drawn(1))


FORGED: list[object] = [
    3,
    "text",
    [],
    {},
    {"raw": None},
    {"raw": []},
    {"raw": {"objects": 3}},
    {"raw": {"objects": [3]}},
    {"raw": {"objects": [{"type": "Path"}]}},
    {"raw": {"objects": [stroke(1)] * 5_000}},
    {"raw": {"objects": [{**stroke(1), "fill": "x" * 1_000_000}]}},
    {"raw": {"objects": [{**stroke(1), "left": float("nan")}]}},
    {"raw": {"objects": None}},
]


@pytest.mark.parametrize("forged", FORGED, ids=lambda report: repr(report)[:40])
def test_a_forged_report_is_an_empty_board(forged: object):
    assert read_report(forged, address(picture()), stamp=1) == Board()


@pytest.mark.parametrize("field", ["path", "fill"])
def test_a_report_that_is_nested_too_deeply_is_an_empty_board(field: str):
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    assert read_report({"raw": {"objects": [{**stroke(1), field: nested}]}}, None, stamp=1) == Board()


def test_the_picture_under_the_pen_is_read_from_its_address():
    small = picture(size=(LIVE_SIDE, LIVE_SIDE))
    assert read_png(address(small)) == small
    for forged in (None, 3, "", "data:image/png;base64," + "A" * 500_000, address(b"text"), address(picture())[5:]):
        assert read_png(forged) is None


def test_strokes_that_come_back_are_checked():
    assert read_strokes([stroke(1)]) == strokes(1)
    assert read_strokes([stroke(1), 3]) == read_strokes("text") == read_strokes([stroke(1)] * 5_000) == ()


def test_the_drawing_handed_to_the_canvas_carries_strokes_and_number():
    assert drawing_of(drawn(1, 2), 7) == {"objects": [stroke(1), stroke(2)], STAMP: 7}


# ---- in a session

CLOCK = itertools.count()


def page() -> None:
    import streamlit as st

    from webapp.components import drawing_pad as pad

    pad.pad("Draw here", 20)
    ink = pad.current_ink()
    st.button("undo", on_click=pad.undo, disabled=not pad.history().past)
    st.button("redo", on_click=pad.redo, disabled=not pad.history().future)
    st.button("clear", on_click=pad.clear)
    st.text("empty" if ink is None else f"ink {int((ink > 0).sum())}")


def app() -> AppTest:
    return AppTest.from_function(page, default_timeout=20).run()


def arrive(at: AppTest, drawing: object, png: bytes | None = None) -> None:
    """Have a report arrive, with its picture."""
    at.session_state[CANVAS_KEY] = {"drawing": drawing, "backgroundFit": None}
    sent = {"at": next(CLOCK), "address": address(png or picture())}
    at.session_state[HELPER_KEY] = {"picture": sent, "kept": None}


def send(at: AppTest, drawing: object, png: bytes | None = None) -> AppTest:
    arrive(at, drawing, png)
    return at.run()


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def disabled(at: AppTest) -> list[str]:
    return [button.label for button in at.button if button.disabled]


def test_an_untouched_pad_is_empty_and_hands_out_one_drawing():
    at = app().run().run()

    assert at.text[0].value == "empty"
    assert disabled(at) == ["undo", "redo"]
    assert at.session_state[SESSION_KEY].stamp == 1


def test_a_stroke_does_not_change_the_drawing_handed_out():
    at = app()
    before = at.session_state[SESSION_KEY].handed_out

    send(at, message(1))

    assert at.text[0].value == "ink 200"
    assert at.session_state[SESSION_KEY].handed_out is before


def test_clear_is_empty_at_once_although_the_old_value_is_still_there():
    at = send(app(), message(1))

    press(at, "clear")
    assert at.text[0].value == "empty"

    send(at, message(1, 2))  # was under way when the button was pressed
    assert at.text[0].value == "empty"

    press(at, "undo")
    assert at.text[0].value == "ink 200"
    assert at.session_state[SESSION_KEY].handed_out == drawing_of(drawn(1), 3)


def test_undo_then_redo():
    at = press(send(send(app(), message(1)), message(1, 2), picture(ink=100)), "undo")
    assert at.session_state[SESSION_KEY].history.present == Board(strokes(1), picture())

    press(at, "redo")

    assert disabled(at) == ["redo"]
    assert at.session_state[SESSION_KEY].history.present == Board(strokes(1, 2), picture(ink=100))


def test_undo_that_arrives_together_with_a_stroke_removes_that_stroke_only():
    at = send(app(), message(1))

    arrive(at, message(1, 2))
    press(at, "undo")

    assert at.session_state[SESSION_KEY].history.present.strokes == strokes(1)


def test_a_canvas_mounted_anew_gets_the_strokes_back():
    at = send(app(), message(1))

    del at.session_state[CANVAS_KEY]  # what a visit to another page does
    at.run()

    assert at.text[0].value == "ink 200"
    assert at.session_state[SESSION_KEY].handed_out == drawing_of(drawn(1), 2)


def test_no_forged_value_breaks_the_page():
    at = app()
    for forged in FORGED:
        send(at, message(1))
        assert at.text[0].value == "ink 200"

        send(at, forged)
        assert not at.exception
        assert at.text[0].value == "empty"


def test_a_forged_background_fit_does_not_break_the_page():
    at = app()
    arrive(at, message(1))
    at.session_state[CANVAS_KEY] = {"drawing": message(1), "backgroundFit": {"naturalWidth": 3}}

    assert not at.run().exception
    assert at.text[0].value == "ink 200"


def helper(at: AppTest, kept: object) -> AppTest:
    at.session_state[HELPER_KEY] = {"picture": None, "kept": kept}
    return at.run()


@pytest.mark.parametrize("forged", [3, {}, {"address": 3}, {"address": address(b"text")}])
def test_a_stroke_with_a_forged_picture_shows_the_one_before_until_its_own_comes(forged):
    at = send(app(), message(1))
    arrive(at, message(1, 2))
    at.session_state[HELPER_KEY] = {"picture": forged, "kept": None}

    assert not at.run().exception
    assert at.text[0].value == "ink 200"
    assert at.session_state[SESSION_KEY].history.present.unpictured


def test_the_picture_of_a_stroke_before_is_none_of_this_one():
    at = send(app(), message(1))

    at.session_state[CANVAS_KEY] = {"drawing": message(1, 2), "backgroundFit": None}
    at.run()

    assert at.session_state[SESSION_KEY].history.present.unpictured


def test_the_browser_learns_that_a_report_has_arrived_even_if_it_says_nothing_new():
    at = send(app(), message(1))
    before = data_of(at, HELPER_KEY)["heard"]

    send(at, message(1))

    assert data_of(at, HELPER_KEY)["heard"] not in (None, before)


def test_a_drawing_from_before_a_reload_comes_back_once():
    before = [stroke(1), stroke(2)]
    at = helper(app(), before)
    record = at.session_state[SESSION_KEY]
    assert record.handed_out == drawing_of(Board(strokes(1, 2)), 2)
    assert record.history.present.unpictured

    send(at, message(1, 2, stamp=2), picture(ink=100))
    assert record.history.present == Board(strokes(1, 2), picture(ink=100))

    press(at, "clear")
    helper(at, before)
    assert record.history.present == Board()


def test_a_drawing_from_before_a_reload_does_not_replace_what_was_drawn_since():
    at = helper(send(app(), message(3)), kept=[stroke(1), stroke(2)])

    assert at.session_state[SESSION_KEY].history.present.strokes == strokes(3)


def test_a_drawing_from_before_a_reload_does_not_come_back_on_a_board_that_was_wiped():
    at = app()
    press(at, "clear")
    assert helper(at, kept=[stroke(1)]).session_state[SESSION_KEY].history.present == Board()


@pytest.mark.parametrize(
    "kept", [3, [], [3], [{"path": [["L", 1, 1]] * 100_000}]], ids=["number", "none", "bad", "huge"]
)
def test_a_forged_drawing_from_before_a_reload_leaves_the_board_empty(kept: object):
    at = helper(app(), kept)

    assert not at.exception
    assert at.text[0].value == "empty"
    assert at.session_state[SESSION_KEY].history == History()

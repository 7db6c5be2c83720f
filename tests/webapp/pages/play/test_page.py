"""The page to play on: what counts in both games, and the page itself without a browser."""

import io
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from mnist_core.recognizer import Recognizer
from tests.paths import ROOT
from tests.webapp.written_networks import write_run
from webapp.components.drawing_board import SIDE, Board, History, read_strokes
from webapp.components.drawing_pad import SESSION_KEY, PadState
from webapp.networks.evaluation import Reading
from webapp.pages.play.both_games import mark
from webapp.pages.play.class_view import share_figure
from webapp.pages.play.games import DrawGame, Duel, duel_rows
from webapp.runs.folder import Label
from webapp.visitors.class_results import Round, add_game, class_results


@pytest.fixture(autouse=True)
def bare_server(tmp_path, monkeypatch):
    """Nothing has been played, and MNIST is not there."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path / "visitors"))
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr("mnist_core.data.dataset.cache_folder", lambda: tmp_path / "empty")
    monkeypatch.setattr("mnist_core.data.dataset.LOCAL_FOLDER", tmp_path / "empty")
    monkeypatch.chdir(ROOT)


def page() -> None:
    """Show the page; it runs as a script of its own."""
    from pathlib import Path

    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    import webapp

    # Links lead to pages that the app lists, by their paths as seen from its entry file: here, this script.
    context, folder = get_script_run_ctx(), Path(webapp.__file__).parent
    assert context is not None
    seen = Path(context.main_script_path).with_name("draw")
    if not seen.exists():
        seen.symlink_to(folder / "pages" / "draw")
    play = st.Page(folder / "pages" / "play" / "page.py", default=True)
    st.navigation([play, st.Page(folder / "pages" / "draw" / "page.py", url_path="draw")], position="hidden").run()


def open_page(part: str = "draw") -> AppTest:
    app = AppTest.from_function(page, default_timeout=30)
    app.query_params["game"] = part
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def pictures(app: AppTest) -> str:
    return " ".join(html.proto.body for html in app.get("html"))


def draw_stick(app: AppTest) -> None:
    """Put an upright stick, which every network reads as 1, on the board."""
    picture = Image.new("RGBA", (SIDE, SIDE))
    picture.paste((255, 255, 255, 255), (185, 80, 215, 320))
    content = io.BytesIO()
    picture.save(content, "PNG")
    board = Board(read_strokes([{"path": [["M", 200, 80], ["L", 200, 320]]}]), content.getvalue())
    app.session_state[SESSION_KEY] = PadState(History(board))
    app.run()


def short_draw_game() -> DrawGame:
    """A game that asks for a 7 and a 1."""
    game = DrawGame((7, 1))
    game.watch.start()
    return game


def play_to_the_end(app: AppTest) -> None:
    app.session_state["play_draw"] = short_draw_game()
    app.run()
    for _ in range(2):
        draw_stick(app)
        press(press(app, "play-done"), "play-next")


def reading_of(confidence: np.ndarray) -> Reading:
    """A reading in which every image is a 3, read with this probability, and image n is filled with n."""
    count = len(confidence)
    probabilities = np.zeros((count, 10), np.float32)
    probabilities[:, 3] = confidence
    images = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None], (count, 28, 28))
    labels = np.full(count, 3, np.uint8)
    return Reading(np.arange(count) * 2, images, labels, labels.astype(int), probabilities, count * 2, "test", False)


def test_every_digit_is_asked_once_and_the_order_differs():
    games = [DrawGame.begin(np.random.default_rng(seed)) for seed in range(3)]
    assert all(sorted(game.questions) == list(range(10)) for game in games)
    assert len({game.questions for game in games}) == 3


def test_what_looks_like_no_digit_counts_as_not_read():
    recognizer = Recognizer.load()
    game = DrawGame.begin(np.random.default_rng(0))
    game.judge(recognizer.recognize(np.zeros((SIDE, SIDE), np.uint8)))
    assert game.rounds[0].read is None and game.network_score == 0
    game.judge(recognizer.recognize(np.zeros((SIDE, SIDE), np.uint8)))
    assert len(game.rounds) == 1  # a second click on the same question


def test_the_watch_stands_while_a_verdict_is_shown(monkeypatch):
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    game = Duel.begin(reading_of(np.linspace(0.5, 1, 200)), "mnist", np.random.default_rng(0))
    now = 103.0
    game.take_answer(3)
    now = 500.0
    assert game.judged and game.place == 0 and game.watch.seconds == 3
    game.go_on()
    now = 502.0
    game.go_on()  # a second click
    assert not game.judged and game.place == 1 and game.watch.seconds == 5


def test_a_duel_has_ten_different_images_half_of_them_hard():
    reading = reading_of(np.random.default_rng(0).permutation(np.linspace(0.3, 1, 1000)))
    hard = set(np.argsort(reading.probabilities.max(axis=1))[:20].tolist())
    for seed in range(20):
        rows = duel_rows(reading, np.random.default_rng(seed)).tolist()
        assert len(set(rows)) == 10
        assert 5 <= len(hard & set(rows)) <= 7
    assert rows != duel_rows(reading, np.random.default_rng(0)).tolist()


def test_a_duel_keeps_with_each_image_what_belongs_to_it():
    reading = reading_of(np.linspace(0.3, 1, 100))
    duel = Duel.begin(reading, "mnist", np.random.default_rng(1))
    for image, sure, place in zip(duel.images, duel.sure, duel.places, strict=True):
        assert place == 2 * image[0, 0]
        assert sure == pytest.approx(reading.probabilities[image[0, 0], 3])


def test_the_bars_leave_out_what_was_never_drawn():
    asked, read = (4, 0, 2, *[0] * 7), (3, 0, 0, *[0] * 7)
    bars = share_figure(asked, read)["data"][0]
    assert (bars["x"], bars["y"], bars["text"]) == ([0, 2], [0.75, 0.0], ["3/4", "0/2"])


def test_drawings_are_judged_up_to_the_result_and_count_for_the_class():
    app = open_page()
    app.session_state["play_draw"] = short_draw_game()
    app.run()
    for place, asked in enumerate((7, 1), 1):
        assert f"Draw the digit {asked}" in pictures(app) and f"{place} of 2" in pictures(app)
        assert app.button(key="play-done").disabled  # the board is fresh
        draw_stick(app)
        assert "The network reads" not in pictures(app)
        press(app, "play-done")
        assert "The network reads 1" in pictures(app)
        assert app.get("page_link")[0].proto.label == "Show me why"
        press(app, "play-next")
    assert "The network read 1 of 2" in pictures(app)
    assert pictures(app).count("read as 1") == 1
    results = class_results()
    assert (results.draw_games, sum(results.asked), results.read[1], sum(results.read)) == (1, 2, 1, 1)
    press(app, "play-again")
    assert "1 of 10<" in pictures(app)


def test_a_duel_to_the_result():
    app = open_page("duel")
    app.session_state["play_duel"] = Duel.begin(reading_of(np.linspace(0.3, 1, 100)), "mnist", np.random.default_rng(0))
    app.run()
    assert app.button(key="play-next").disabled
    for digit in (3, 3, 3, 5, 5, 5, 5, 5, 5, 5):
        press(app, f"play-digit-{digit}")
        assert f"You <strong>{digit}</strong>" in pictures(app) and "Network <strong>3</strong>" in pictures(app)
        assert app.button(key="play-digit-3").disabled
        press(app, "play-next")
    assert "<h2>You 3, network 10</h2>" in pictures(app) and "The network wins." in pictures(app)
    results = class_results()
    assert (results.duels, results.human, results.network) == (1, 3, 10)


@pytest.mark.parametrize(("mine", "words"), [(0, "The network wins."), (10, "A draw.")])
def test_the_result_names_the_winner_and_the_time(mine, words):
    app = open_page("duel")
    duel = Duel.begin(reading_of(np.linspace(0.3, 1, 100)), "mnist", np.random.default_rng(0))
    for digit in [3] * mine + [5] * (10 - mine):
        duel.take_answer(digit)
        duel.go_on()
    duel.counted = "no"
    app.session_state["play_duel"] = duel
    app.run()
    assert not app.exception
    assert f"<span>{words}</span><span>0 s</span>" in pictures(app)


def test_a_single_game_is_told_as_one():
    add_game("duel", "b", 20.0, [Round(4, 9, 4)])
    assert "<strong>1</strong><span>game, by one player</span>" in pictures(open_page("class"))


def test_verdicts_have_words_for_those_who_hear_them():
    assert 'aria-label="right">✓' in mark(True) and 'aria-label="wrong">✗' in mark(False)


def test_without_mnist_it_is_said_that_code_drew_the_images():
    assert "drawn by code" in open_page("duel").info[0].value


def test_whoever_does_not_take_part_leaves_nothing():
    app = open_page()
    app.toggle(key="play_counted").set_value(False).run()
    play_to_the_end(app)
    assert "not counted" in " ".join(caption.value for caption in app.caption)
    assert class_results().draw_games == 0


def test_a_game_outlives_a_visit_to_another_part():
    app = press(open_page(), "play-start")
    asked = app.session_state["play_draw"].asked
    app.segmented_control(key="play_open").set_value("class").run()
    assert "No game has been finished yet" in [header.value for header in app.header]
    app.segmented_control(key="play_open").set_value("draw").run()
    assert f"Draw the digit {asked}" in pictures(app)


def test_the_class():
    image = np.zeros((28, 28), np.uint8)
    add_game("draw", "a", 40.0, [Round(7, 1, image=image), Round(1, 1, image=image)])
    add_game("duel", "b", 20.0, [Round(4, 9, 4), Round(5, 5, 5)])
    app = open_page("class")
    for text in ("games, by 2 players", "50%", "the network read 1 of 2 drawings", "2.0 : 1.0", "40 s"):
        assert text in pictures(app)


def damage(folder: Path) -> None:
    folder.mkdir()
    (folder / "class.sqlite").write_bytes(b"this is no database" * 100)


@pytest.mark.parametrize(
    ("harm", "words"),
    [(damage, "class.sqlite: it is damaged"), (Path.touch, "class.sqlite: its folder cannot be used")],
)
def test_an_unusable_file_stops_no_game_and_is_named(tmp_path, harm, words):
    harm(tmp_path / "visitors")
    app = open_page("class")
    assert words in app.error[0].value
    app = open_page()
    play_to_the_end(app)
    assert "could not be counted" in " ".join(caption.value for caption in app.caption)


def test_a_file_that_is_held_stops_no_game_and_is_named(tmp_path, monkeypatch):
    add_game("duel", "b", 20.0, [Round(4, 9, 4)])
    monkeypatch.setattr("webapp.visitors.folder.WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(tmp_path / "visitors" / "class.sqlite")) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "kept it busy" in open_page("class").error[0].value
        app = open_page()
        play_to_the_end(app)
    assert "could not be counted" in " ".join(caption.value for caption in app.caption)
    assert class_results().duels == 1


@pytest.mark.parametrize("damaged", [b"", b"no network"])
def test_a_duel_with_a_network_that_is_damaged_meanwhile_says_so(tmp_path, monkeypatch, small_network, damaged):
    monkeypatch.setattr("webapp.networks.recognizers.DEFAULT_WEIGHTS", tmp_path / "default.npz")
    small_network.save(tmp_path / "default.npz")
    app = open_page("duel")
    (tmp_path / "default.npz").write_bytes(damaged)
    assert "default.npz" in press(app, "play-start").error[0].value


@pytest.mark.parametrize("part", ["class", "nonsense"])
def test_every_part_opens_by_its_link(part):
    app = open_page(part)
    assert app.segmented_control(key="play_open").value == (part if part != "nonsense" else "draw")


@pytest.mark.parametrize("part", ["draw", "duel", "class"])
def test_what_a_visitor_calls_a_run_is_no_markup(tmp_path, small_dataset, small_split, part):
    write_run(tmp_path / "runs" / "hostile", small_dataset, small_split).write_label(
        Label("![x](http://evil/)<img src=//evil>")
    )
    app = AppTest.from_function(page, default_timeout=30)
    app.query_params["game"], app.query_params["network"] = part, "hostile"
    app.run()
    assert not app.exception
    if part != "class":
        assert app.session_state["network"] == "hostile"
    if part == "draw":
        press(app, "play-start")
    assert "evil" not in pictures(app) + " ".join(str(element) for element in (*app.markdown, *app.caption, *app.error))

"""The visitor's digit, read with the network of every epoch: the numbers, the words, and the tab itself."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from mnist_core.imaging.preprocess import to_network_input
from mnist_core.network import Network
from mnist_core.nn.losses import softmax
from mnist_core.nn.normalization import normalize
from tests.webapp.written_networks import snapshot_of, write_run
from webapp.components.drawing_board import SIDE, Board, History, read_ink, read_strokes
from webapp.components.drawing_pad import SESSION_KEY, PadState
from webapp.pages.train.views.your_digit import MAX_EPOCHS, example, readings, spread, story


@pytest.fixture(scope="module")
def run(tmp_path_factory, small_dataset, small_split) -> Path:
    """The folder of a run of three epochs."""
    return write_run(tmp_path_factory.mktemp("runs") / "tiny", small_dataset, small_split).path


def page(folder: str, state: str, steps: int) -> None:
    """Show the tab; it runs as a script of its own."""
    from pathlib import Path

    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    import webapp
    from tests.webapp.written_networks import snapshot_of
    from webapp.pages.train.views.your_digit import show

    # Links lead to pages that the app lists, by their paths as seen from its entry file: here, this script.
    context, pages = get_script_run_ctx(), Path(webapp.__file__).parent / "pages"
    assert context is not None
    seen = Path(context.main_script_path).with_name("draw")
    if not seen.exists():
        seen.symlink_to(pages / "draw")
    st.navigation([st.Page(pages / "draw" / "page.py")], position="hidden")
    show(snapshot_of(Path(folder), steps, state))  # type: ignore[arg-type]


def open_view(folder: Path, state: str = "finished", steps: int = 12, board: Board | None = None) -> AppTest:
    app = AppTest.from_function(page, args=(str(folder), state, steps), default_timeout=30)
    if board is not None:
        app.session_state[SESSION_KEY] = PadState(History(board))
    app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return " ".join(text.value for text in app.markdown)


def pictures(app: AppTest) -> str:
    return " ".join(html.proto.body for html in app.get("html"))


def drawing() -> Board:
    """An upright stick, as the browser would have sent it."""
    picture = Image.new("RGBA", (SIDE, SIDE))
    picture.paste((255, 255, 255, 255), (190, 80, 220, 320))
    content = io.BytesIO()
    picture.save(content, "PNG")
    return Board(read_strokes([{"path": [["M", 200, 80], ["L", 200, 320]]}]), content.getvalue())


def test_every_epochs_network_is_asked(run):
    image = example()
    epochs, probabilities = readings(snapshot_of(run), image)
    assert epochs == [0, 1, 2, 3]
    for epoch, row in zip((0, 1, 2, 3), probabilities, strict=True):
        model = Network.load(run / "epochs" / f"{epoch:05d}.npz").model
        np.testing.assert_allclose(row, softmax(model(normalize(image[None], "unit")))[0], rtol=1e-6)
    assert len(np.unique(probabilities, axis=0)) == 4  # it has learned in between


def test_while_it_trains_the_newest_weights_are_asked_as_well(run):
    image = example()
    epochs, probabilities = readings(snapshot_of(run, steps=14, state="running"), image)
    assert epochs == [0, 1, 2, 3, 3.5]
    newest = Network.load(run / "weights.npz").model(normalize(image[None], "unit"))
    np.testing.assert_allclose(probabilities[-1], softmax(newest)[0], rtol=1e-6)
    # At an epoch's end its checkpoint is the newest, and later the weights are the best, not the last.
    assert readings(snapshot_of(run, steps=12, state="running"), image)[0] == [0, 1, 2, 3]
    assert readings(snapshot_of(run, steps=14, state="stopped"), image)[0] == [0, 1, 2, 3]


def test_a_file_that_has_just_gone_or_is_damaged_is_left_out(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    (copy / "epochs" / "00001.npz").write_bytes(b"half a file")
    assert readings(snapshot_of(copy), example())[0] == [0, 2, 3]


def test_another_network_under_the_same_name_is_read_anew(run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    before = readings(snapshot_of(copy), example())[1]
    shutil.copyfile(run / "epochs" / "00000.npz", copy / "epochs" / "00003.npz")
    after = readings(snapshot_of(copy), example())[1]
    np.testing.assert_array_equal(after[3], before[0])
    np.testing.assert_array_equal(after[:3], before[:3])


def test_a_long_run_keeps_the_epochs_that_were_chosen_while_it_grows():
    chosen = spread(range(1))
    for epochs in range(2, 1000):
        before, chosen = chosen, spread(range(epochs))
        assert len(chosen) <= MAX_EPOCHS + 2
        assert chosen[0] == 0 and chosen[-1] == epochs - 1
        assert set(chosen[:-1]) <= set(before)


def test_the_kept_epochs_of_a_forked_run_begin_later():
    assert spread((7, 8, 9), limit=2) == [7, 8, 9]
    assert spread((7, 8, 9, 10), limit=2) == [7, 8, 10]


def probabilities_of(*rows: tuple[int, float]) -> np.ndarray:
    """A row for each (digit, probability); the others share the rest."""
    found = np.array([[(1 - share) / 9] * 10 for _, share in rows])
    for row, (digit, share) in zip(found, rows, strict=True):
        row[digit] = share
    return found


@pytest.mark.parametrize(
    ("epochs", "rows", "told"),
    [
        (
            [0, 1, 2, 2.53],
            [(3, 0.12), (9, 0.6), (4, 0.7), (4, 0.984)],
            "Before the first step it could only guess: 3 (12%). Since epoch 2 it says **4**, now with 98%.",
        ),
        (
            [0, 1],
            [(4, 0.2), (4, 0.999)],
            "could only guess: 4 (20%). It has stayed with **4**, now with more than 99%.",
        ),
        ([0, 1], [(4, 0.2), (1, 0.3)], "could only guess: 4 (20%). Now it is not sure: perhaps **1** (30%)."),
        ([3, 4], [(4, 0.8), (1, 0.9)], "In epoch 3 it said 4 (80%). Since epoch 4 it says **1**, now with 90%."),
        ([0.24], [(4, 0.3)], "In epoch 0.2 it could only guess: 4 (30%)."),
    ],
)
def test_the_story_in_words(epochs, rows, told):
    assert told in story(epochs, probabilities_of(*rows))


def test_without_a_drawing_there_is_an_example_and_the_way_to_the_pad(run):
    app = open_view(run)
    assert "An example, drawn by code: a 2" in words(app)
    assert "Before the first step it could only guess" in words(app)
    assert app.get("page_link")[0].proto.label == "Draw your own"
    assert "Each band is one digit" in app.caption[0].value


def test_the_visitors_own_drawing_is_read(run):
    board = drawing()
    app = open_view(run, board=board)
    assert "An example" not in words(app)
    assert app.get("page_link")[0].proto.label == "Draw another one"
    assert pictures(app) != pictures(open_view(run))
    ink = read_ink(board.png or b"")
    assert ink is not None
    epochs, probabilities = readings(snapshot_of(run), to_network_input(ink).centred)
    assert story(epochs, probabilities) in words(app)


def test_an_empty_board_counts_as_no_drawing(run):
    assert "An example" in words(open_view(run, board=Board()))


def test_before_there_is_a_network(run, tmp_path):
    folder = tmp_path / "fresh"
    folder.mkdir()
    shutil.copyfile(run / "job.json", folder / "job.json")
    assert "The network is not there yet" in words(open_view(folder, "queued", 0))

"""Teach it, the learning: a copy of the network learns the visitor's drawings, and what that has cost is shown."""

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mnist_core.data.dataset import Dataset
from mnist_core.errors import MnistCoreError
from mnist_core.training.fine_tuning import FineTuneResult, Progress, fine_tune
from webapp.components.turn import fragment, out_of_turn
from webapp.datasets import data_name, dataset, default_data
from webapp.i18n import error_text
from webapp.i18n import gettext as _
from webapp.networks.choice import HAND, Choice, choices, choose, chosen
from webapp.networks.recognizers import recognizer
from webapp.visitors.collection import Drawing, drawings_of
from webapp.visitors.folder import StorageError
from webapp.visitors.handwriting_networks import Hand, forget_hand, hand_of, keep_hand

LEARN_FROM = 3
"""Drawings; from fewer there is little to learn."""
MAX_PARAMETERS = 5_000_000
"""Of a network that learns: a few times the largest that ships. It then takes 20 seconds, and 10 MB on the disk."""
NOTICEABLE_LOSS = 0.002
"""Share of the test images; what forgets more is marked."""
LEARNING_TURN = Lock()
"""The turn to learn, one for the server: thirty at once would take everybody's time. It isn't in Streamlit's cache,
which any browser can have cleared."""


def tried(action: Callable[..., object], *args: object) -> None:
    """Do what a press asks for; why the server cannot, the view says then."""
    st.session_state["teach_failure"] = None
    try:
        action(*args)
    except StorageError as error:
        st.session_state["teach_failure"] = str(error)


def offer_learning(visitor: str, count: int) -> DeltaGenerator:
    """Show the button that lets a copy learn, and what came of it.

    Args:
        visitor: who teaches.
        count: how many drawings there are to learn from.

    Returns:
        The place for the progress, see `learn`.
    """
    hand = hand_of(visitor)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Learn my handwriting") if hand is None else _("Learn again"),
            type="primary",
            icon=":material/school:",
            key="teach-go",
            disabled=count < LEARN_FROM,
            on_click=lambda: st.session_state.update(teach_learning="asked"),
        )
        if hand is not None and chosen().key != HAND:
            st.button(_("Read with it"), icon=":material/draw:", key="teach-use", on_click=choose, args=(HAND,))
        if hand is not None:
            st.button(
                _("Undo the learning"),
                icon=":material/undo:",
                key="teach-unlearn",
                on_click=tried,
                args=(_unlearn, visitor),
            )
    place = st.empty()
    missing = LEARN_FROM - count
    if st.session_state.get("teach_learning") == "begun":  # and this run is another
        del st.session_state["teach_learning"]
        place.info(_("The learning was interrupted, and nothing has changed. Press the button again, then wait."))
    elif missing > 0:
        place.caption(_("Keep {count} more to begin; ten or twenty are better.").format(count=missing))
    elif hand is None:
        place.caption(
            _("It takes a few seconds. A copy of the network learns; the network itself stays as it is for all others.")
        )
    elif hand.drawings != count:
        place.caption(
            _("It has learnt {learnt} drawings; now you have {count}.").format(learnt=hand.drawings, count=count)
        )
    else:
        place.caption(_("It has learnt all {count} drawings.").format(count=count))
    if hand is not None:
        _scores(hand)
    return place


def _scores(hand: Hand) -> None:
    """Show how well both networks read the drawings, and what the learning has cost."""
    name = data_name(hand.data_name, hand.synthetic)
    figures = (
        (_("Your {count} drawings").format(count=hand.drawings), hand.before.own, hand.after.own, 0),
        (_("Test images of {data}").format(data=name), hand.before.test, hand.after.test, 2),
    )
    cells = "".join(
        f"<div><p>{title}</p><strong>{before:.{places}%} → {after:.{places}%}</strong>"
        f'<small class="{_direction(after - before)}">{_points(after - before)}</small></div>'
        for title, before, after, places in figures
    )
    st.html(f'<div class="teach-scores">{cells}</div>')
    st.caption(
        _(
            "While it learnt your drawings it kept reading training images of {data}: without that it would forget "
            "them. The first figure flatters it, since it has just learnt these very drawings: draw new ones to see."
        ).format(data=name)
    )


def _direction(change: float) -> str:
    return "better" if change > 0 else "worse" if change < -NOTICEABLE_LOSS else ""


def _points(change: float) -> str:
    return _("{change:+.2f} points").format(change=100 * change).replace("-", "−")


def base_of(hand: Hand | None) -> Choice:
    """Return the network that learns: the chosen one, or the one that the taught one was before."""
    now = chosen()
    if now.key != HAND:
        return now
    available = choices()
    return next((choice for choice in available if hand is not None and choice.key == hand.base), available[0])


@fragment(run_every=1.0)
def _wait() -> None:
    """Show that it is another visitor's turn, until it no longer is; the pad goes on meanwhile."""
    st.info(
        _("Another visitor's network is learning. Yours begins by itself when it is its turn."),
        icon=":material/hourglass_top:",
    )
    if not LEARNING_TURN.locked():
        st.rerun()


def learn(place: DeltaGenerator, visitor: str, count: int) -> None:
    """If the visitor has asked for it, let a copy learn, and read with it from now on.

    Whoever leaves or reloads the page meanwhile ends it, and nothing has changed; clicks beside it wait for its end.

    Args:
        place: where `offer_learning` leaves room for the progress.
        visitor: who teaches.
        count: how many drawings there are to learn from.
    """
    if st.session_state.get("teach_learning") != "asked" or count < LEARN_FROM:
        return
    if not LEARNING_TURN.acquire(blocking=False):
        with place:
            _wait()
        return
    try:
        st.session_state["teach_learning"] = "begun"
        bar = place.progress(0.0, _("Reading the test images"))  # the first visitor's data set is loaded for seconds
        with out_of_turn():
            base, drawings, data = base_of(hand_of(visitor)), drawings_of(visitor), dataset(default_data())
            lesson = _lesson(bar, base, drawings, data)
        bar.progress(1.0, _("Reading the test images"))  # if the page was left meanwhile, the script ends here
        hand = Hand(base.key, len(drawings), lesson.before, lesson.after, data.name, data.synthetic)
        keep_hand(visitor, lesson.network, hand)
    except (MnistCoreError, StorageError) as error:
        del st.session_state["teach_learning"]
        place.error(_("It could not be learnt: {reason}").format(reason=error_text(error)))
        return
    finally:
        LEARNING_TURN.release()
    del st.session_state["teach_learning"]
    choose(HAND)
    st.rerun()


def _lesson(bar: DeltaGenerator, base: Choice, drawings: Sequence[Drawing], data: Dataset) -> FineTuneResult:
    """Fine-tune, show the progress, and return the result."""
    network = recognizer(base.path).network
    if network.recipe.parameters > MAX_PARAMETERS:
        text = _("This network has {count:,} parameters, and at most {most:,} can learn here. Choose a smaller one.")
        raise MnistCoreError(text.format(count=network.recipe.parameters, most=MAX_PARAMETERS))
    missing = LEARN_FROM - len(drawings)
    if missing > 0:  # some were deleted meanwhile, in another tab
        raise MnistCoreError(_("Keep {count} more to begin; ten or twenty are better.").format(count=missing))
    images = np.stack([drawing.image for drawing in drawings])
    labels = np.array([drawing.label for drawing in drawings], np.uint8)
    events = fine_tune(network, images, labels, data)
    while isinstance(event := next(events), Progress):
        text = _("Learning: step {step} of {steps}") if event.step < event.steps else _("Reading the test images")
        bar.progress(event.step / event.steps, text.format(step=event.step, steps=event.steps))
    return event


def _unlearn(visitor: str) -> None:
    base = base_of(hand_of(visitor))
    forget_hand(visitor)
    choose(base.key)

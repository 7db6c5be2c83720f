"""The class's drawings as a data set: to train on, and to take home."""

from datetime import UTC, datetime

import streamlit as st

from mnist_core.data.dataset import holds_dataset
from webapp.components.live_chart import live_words
from webapp.components.save_file import save_file
from webapp.components.turn import out_of_turn
from webapp.datasets import class_folder
from webapp.i18n import gettext as _
from webapp.pages.wall.figures import enough_html
from webapp.pages.wall.tiles import source
from webapp.visitors.folder import StorageError
from webapp.visitors.rights import is_teacher
from webapp.visitors.wall import ENOUGH, class_drawings, export, write_dataset

QUERY = {"recipe": "quick", "data": "class", "batch_size": "8", "epochs": "20"}
"""Few drawings are few batches: with small ones and more epochs there are steps enough to learn something."""


def training() -> None:
    """Show the way to a training on the class's drawings, and for the teacher how they become a data set."""
    drawings = class_drawings()
    st.markdown(
        _(
            "A network that has seen only your class's digits: does it read them better than one that has learned "
            "from 60,000 digits of strangers? Guess first."
        )
    )
    live_words(enough_html(drawings), "wall-enough", source())
    if is_teacher():
        _for_the_teacher(len(drawings.labels))
    elif holds_dataset(class_folder()):
        if st.button(_("Train on the class's drawings"), icon=":material/model_training:", key="wall-train"):
            _open_training()
    else:
        st.caption(_("The teacher makes a data set of them; then everybody can train on it here."))
        st.page_link(
            "play/page.py", label=_("I am the teacher"), icon=":material/school:", query_params={"game": "class"}
        )


def _for_the_teacher(count: int) -> None:
    """Show what only the teacher may do; whether there are drawings enough is looked at when that is pressed."""
    with st.container(horizontal=True, key="wall-data"):
        make = st.button(
            _("Train on the class's drawings"),
            icon=":material/model_training:",
            type="primary",
            key="wall-train",
            help=_("Makes them the data set “class”, as they are now, for everybody, and opens the training page."),
        )
        st.button(
            _("Download as IDX (ZIP)"),
            icon=":material/download:",
            key="wall-take",
            on_click=lambda: st.session_state.update(wall_take=True),  # outlives a run that the page breaks off
        )
    today = datetime.now(UTC).date()
    taken = st.session_state.pop("wall_take", False)
    if taken and not count:
        st.info(_("Nothing is on the wall yet. What the class sends appears here by itself."))
    save_file(export() if taken and count else None, f"class-digits-{today}.zip", "wall-file")
    if make and count >= ENOUGH:
        try:
            with out_of_turn():
                write_dataset()
        except StorageError as error:
            st.error(str(error), icon=":material/error:")
            return
        _open_training()
    elif make:
        text = _("For a data set it takes at least {enough} drawings; there are {count}.")
        st.info(text.format(enough=ENOUGH, count=count), icon=":material/info:")


def _open_training() -> None:
    """Open the training page as if nothing had been trained yet: not with this visitor's last run."""
    st.session_state.pop("run", None)
    st.switch_page("train/page.py", query_params=QUERY)

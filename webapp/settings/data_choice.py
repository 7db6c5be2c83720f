"""The choice of a data set, and the download of MNIST where it is missing."""

import logging

import streamlit as st

from mnist_core.data.dataset import LOCAL_FOLDER, find_mnist
from mnist_core.data.download import fetch_mnist
from mnist_core.errors import DataError
from webapp.components.kept import kept, values
from webapp.datasets import MNIST, SYNTHETIC, data_folders
from webapp.i18n import error_text
from webapp.i18n import gettext as _
from webapp.settings.names import setting_name, setting_value


def data_choice() -> str:
    """Show the choice of a data set, and fetch MNIST if it is not there; return what `load_dataset` takes."""
    try:
        has_mnist = find_mnist() is not None
    except DataError as error:
        has_mnist = False
        st.error(error_text(error))
    options = [MNIST] * has_mnist + [SYNTHETIC, *map(str, data_folders())]
    for remembered in (values(), st.session_state):
        if remembered.get("data", options[0]) not in options:
            del remembered["data"]
    data: str = kept(
        st.selectbox,
        setting_name("data"),
        "data",
        options[0],
        options=options,
        format_func={key: setting_value("data", key) for key in options}.__getitem__,
    )
    if not has_mnist:
        st.info(_("MNIST is not on this computer. Synthetic digits need no download."), icon=":material/info:")
        if st.button(_("Download MNIST (11 MB)"), icon=":material/download:"):
            _download_mnist()
    return data


def _download_mnist() -> None:
    bar = st.progress(0.0)

    def show(file_name: str, done: int, total: int) -> None:
        bar.progress(done / total if total else 0.0, file_name)

    try:
        fetch_mnist(show)
    except DataError as error:
        logging.getLogger(__name__).warning("%s", error)
        bar.empty()
        st.error(
            _(
                "The download failed: is this computer on the internet? The four files can also be put into the "
                "folder {folder}."
            ).format(folder=LOCAL_FOLDER)
        )
        return
    values()["data"] = MNIST
    st.session_state.pop("data", None)
    st.rerun()

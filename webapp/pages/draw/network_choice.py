"""The choice of the network that reads."""

import streamlit as st

from mnist_core.errors import WeightsError
from mnist_core.recognizer import Recognizer
from webapp.datasets import data_name
from webapp.i18n import gettext as _
from webapp.networks.choice import Choice, choices, choose, chosen, chosen_reader
from webapp.networks.recognizers import recognizer
from webapp.pages.draw import stages


def network_choice() -> None:
    """Show the networks that can read, and keep the choice."""
    names = {choice.key: _network_name(choice) for choice in choices()}
    st.session_state["network_choice"] = chosen().key  # which teaching may have changed
    key = st.selectbox(
        _("Network"),
        list(names),
        format_func=names.__getitem__,
        key="network_choice",
        on_change=lambda: choose(st.session_state["network_choice"]),
    )
    if key == "default":
        st.query_params.pop("network", None)
    else:
        st.query_params["network"] = key


def _network_name(choice: Choice) -> str:
    """Return a network's name, with how well it reads which test images."""
    if choice.trains:
        return _("{name} — in training").format(name=choice.name)
    try:
        network = recognizer(choice.path).network
    except WeightsError:
        return choice.name
    if network.test_accuracy is None:
        return choice.name
    data = data_name(network.data_name, network.synthetic)
    return _("{name} — reads {accuracy:.2%} of the {data} test images").format(
        name=choice.name, accuracy=network.test_accuracy, data=data
    )


def chosen_recognizer() -> Recognizer | None:
    """Return the chosen network with the steps that are switched on; None, with a word on the page, if it is broken."""
    reader = chosen_reader()
    return None if reader is None else Recognizer(reader.network, stages.chosen_steps())

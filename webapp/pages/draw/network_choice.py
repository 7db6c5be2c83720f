"""The choice of the network that reads."""

import streamlit as st

from mnist_core.errors import WeightsError
from webapp.datasets import data_name
from webapp.i18n import gettext as _
from webapp.networks.choice import Choice, choices, choose
from webapp.networks.recognizers import recognizer


def network_choice(now: Choice) -> None:
    """Show the networks that can read, and keep the choice; `now` is the one that is chosen."""
    names = {choice.key: _network_name(choice) for choice in choices()}
    st.session_state["network_choice"] = now.key  # which teaching may have changed
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
    return _("{name} — reads {accuracy:.2%} of {data}").format(
        name=choice.name, accuracy=network.test_accuracy, data=data
    )

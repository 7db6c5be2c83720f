"""Hands a file to the browser, which saves it.

`st.download_button` can make a file on demand too, but Streamlit forgets such a file after the next two script runs of
anybody. Thirty pages that look at a run twice a second are sixty script runs a second: measured at a round trip of
50 ms, every download then ended in "404 Not Found". Here the file travels with the answer to the click.
"""

import json
import time
from collections.abc import Mapping

import streamlit as st

from webapp.components.register import component

_save = component("save_file", __file__)


def save_file(content: bytes | None, name: str, key: str) -> None:
    """Hand a file to the browser to save; call it in every script run, so that the component is there.

    The next run of the page may overtake this one on the way to the browser, so a file goes out until it is saved.

    Args:
        content: of the file; None in a run in which nothing new is to be saved.
        name: what the file is called.
        key: names the place on its page.
    """
    waiting = f"{key}.waiting"
    if content is not None:
        number = time.time_ns() // 1000  # tells one click from the next
        about = json.dumps({"name": name, "number": number})
        st.session_state[waiting] = number, about.encode("utf-8") + b"\n" + content
    number, data = st.session_state.get(waiting, (None, b""))
    found = st.session_state.get(key)
    if isinstance(found, Mapping) and found.get("saved") == number:
        st.session_state.pop(waiting, None)
        data = b""
    _save(key=key, data=data, on_saved_change=lambda: None)

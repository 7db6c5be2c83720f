"""Hands a file to the browser, which saves it.

`st.download_button` can make a file on demand too, but Streamlit forgets such a file after the next two script runs of
anybody. Thirty pages that look at a run twice a second are sixty script runs a second: measured at a round trip of
50 ms, every download then ended in "404 Not Found". Here the file travels with the answer to the click.
"""

import json
import time
from pathlib import Path

import streamlit as st

_save = st.components.v2.component(
    "save_file",
    html="<span hidden></span>",
    js=Path(__file__).with_name("save_file.js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def save_file(content: bytes | None, name: str, key: str) -> None:
    """Let the browser save a file; call it in every script run, so that it stands ready.

    Not in a fragment that runs by a timer: its next run could overtake the file before the browser has looked at it.

    Args:
        content: of the file; None in a run in which nothing is to be saved.
        name: what the file is called.
        key: names the place on its page.
    """
    if content is None:
        _save(key=key, data=b"")
        return
    about = {"name": name, "saved": time.time_ns() // 1000}  # tells one click from the next
    _save(key=key, data=json.dumps(about).encode("utf-8") + b"\n" + content)

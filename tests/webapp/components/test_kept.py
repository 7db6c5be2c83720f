"""Widgets whose values outlive a change of pages."""

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    """Show one of each kind, after a value was kept for each; it runs as a script of its own."""
    import streamlit as st

    from webapp.components.kept import kept, kept_choice, values

    values().update(rate=0.3, name="Mia", log=True, way="b", guess=1, view="y")
    kept(st.number_input, "rate", "rate", 0.1, min_value=0.000001, max_value=10.0)
    kept(st.text_input, "name", "name", "")
    kept(st.toggle, "log", "log", False)
    kept(st.selectbox, "way", "way", "a", options=["a", "b"])
    kept(st.radio, "guess", "guess", None, options=[0, 1])
    kept_choice("view", "view", {"x": "X", "y": "Y"})


@pytest.mark.parametrize("runs", [1, 2])
def test_what_was_kept_is_told_in_every_run_since_a_browser_may_miss_the_first(runs):
    app = AppTest.from_function(page)
    for _ in range(runs):
        app.run()
    assert not app.exception
    for widget in (app.number_input[0], app.text_input[0], app.toggle[0], app.selectbox[0], app.radio[0]):
        assert widget.proto.default == {"rate": 0.3, "name": "Mia", "log": True, "way": 1, "guess": 1}[str(widget.key)]
    assert list(app.button_group[0].proto.default) == [1]
    assert app.button_group[0].value == "y"


def test_what_the_visitor_chooses_is_what_counts():
    app = AppTest.from_function(page).run()
    app.number_input[0].set_value(0.5).run()
    assert app.number_input[0].value == 0.5 and app.session_state["settings"]["rate"] == 0.5

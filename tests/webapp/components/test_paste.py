"""The listener for pictures that are pasted."""

from streamlit.testing.v1 import AppTest


def test_nothing_was_pasted_at_first():
    def page() -> None:
        import streamlit as st

        from webapp.components.paste import pasted_picture

        st.text(repr(pasted_picture("paste")))

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.text[0].value == "None"

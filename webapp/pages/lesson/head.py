"""The heading of a part of the page."""

import streamlit as st


def head(text: str) -> None:
    """Show a heading, which is translated."""
    st.html(f'<h2 class="lesson-head">{text}</h2>')

"""The title of a page."""

import streamlit as st


def page_title(title: str, explanation: str) -> None:
    """Show a page's title and one line on what it is for, both translated."""
    st.html(f'<div class="title"><h1>{title}</h1><p>{explanation}</p></div>')

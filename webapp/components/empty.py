"""What stands where there is nothing to show yet."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def nothing_yet(key: str, title: str, *texts: str) -> DeltaGenerator:
    """Show a card that says what will be here, and how it gets here.

    Args:
        key: names the card on its page.
        title: what is missing.
        texts: Markdown, a paragraph each.

    Returns:
        The card, for what else belongs into it.
    """
    card = st.container(border=True, key=key)
    card.header(title, anchor=False)
    for text in texts:
        card.markdown(text)
    return card


def nothing_drawn(text: str) -> None:
    """Show, in place of a view of the drawing, what it will show; it keeps the room, so that the page doesn't jump."""
    st.html(nothing_drawn_html(text))


def nothing_drawn_html(text: str) -> str:
    """Return as HTML what `nothing_drawn` shows."""
    return f'<p class="nothing-drawn">{text}</p>'

"""Brings a part of the page into sight, once."""

import streamlit as st

_scroll = st.components.v2.component(
    "scroll_to",
    html="<span></span>",
    js="""
export default ({ parentElement, data }) => {
  const node = parentElement.querySelector('span');
  if (node.dataset.reason === data.reason) return;
  node.dataset.reason = data.reason;
  requestAnimationFrame(() => document.querySelector(data.selector)?.scrollIntoView({ block: 'center' }));
};
""",
    isolate_styles=False,
)


def scroll_to(selector: str, reason: str, key: str) -> None:
    """Scroll the page so that an element stands in its middle.

    Args:
        selector: CSS selector of the element; nothing happens if there is none.
        reason: only when it changes, the page is scrolled again.
        key: names this on its page.
    """
    _scroll(key=key, data={"selector": selector, "reason": reason})

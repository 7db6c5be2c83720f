"""Who a visitor is: a random number in a cookie, made only after the visitor has agreed to be known again.

There are no accounts and no names. Whoever holds the number gets to see what was kept under it, so it is as hard to
guess as a key (128 bits), and on the server everything is filed under its hash: files and their names do not tell it.
"""

import hashlib
import re
import secrets

import streamlit as st

from webapp.components.register import component

COOKIE = "mnist_visitor"
_ID_KEY, _ORDER_KEY = "visitor_id", "visitor_order"

_cookie = component("visitor_cookie", __file__)


def visitor_id() -> str | None:
    """Return the visitor's number, 32 hexadecimal digits; None until the visitor has agreed."""
    found = st.session_state.get(_ID_KEY)
    return read_id(st.context.cookies.get(COOKIE)) if found is None else found or None


def read_id(text: object) -> str | None:
    """Check what claims to be a visitor's number; a cookie is whatever its sender likes."""
    return text if isinstance(text, str) and re.fullmatch(r"[0-9a-f]{32}", text) else None


def remember_visitor() -> None:
    """Assign the visitor a number, if there is none yet; `place_cookie` brings it to the browser."""
    if visitor_id() is None:
        _order(secrets.token_hex(16))


def forget_visitor() -> None:
    """Forget the visitor's number, here and in the browser; what was kept under it must be gone before."""
    _order("")  # counts more than the cookie that this session began with


def place_cookie() -> None:
    """Make the browser keep or drop the number; call it in every script run of a view that changes it."""
    _cookie(key="visitor-cookie", data=st.session_state.get(_ORDER_KEY, {}))


def owner_of(visitor: str) -> str:
    """Return the name under which a visitor's things are filed: 64 hexadecimal digits that don't reveal the number."""
    return hashlib.sha256(visitor.encode("utf-8")).hexdigest()


def _order(visitor: str) -> None:
    st.session_state[_ID_KEY] = visitor
    st.session_state[_ORDER_KEY] = {"id": visitor, "order": secrets.token_hex(4)}  # tells one order from the next

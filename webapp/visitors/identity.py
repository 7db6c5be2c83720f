"""Who a visitor is: random numbers in two cookies, without accounts and names.

One is the browser's until it is closed, so that a run knows who started it. The other one is made after the visitor has
agreed to be known again, and lasts a year. Both are kept from the scripts of pages (HttpOnly): `server/cookies.py` sets
them. Whoever holds a number gets to see what was kept under it, so it is as hard to guess as a key (128 bits), and on
the server everything is filed under its hash: files and their names do not tell it.
"""

import hashlib
import re
import secrets

import streamlit as st

from webapp.components.address import address_of
from webapp.components.register import component

BROWSER_COOKIE, VISITOR_COOKIE = "mnist_browser", "mnist_visitor"
ORDER_ROUTE = "/api/visitor"
"""Where the browser fetches the cookie that a page has ordered for it."""
MAX_ORDERS = 10_000
"""Orders that nobody has fetched; then the oldest is dropped."""
_ID_KEY, _ORDER_KEY, _BROWSER_KEY = "visitor_id", "visitor_order", "browser_id"
_orders: dict[str, str] = {}

_cookie = component("visitor_cookie", __file__)


def browser() -> str:
    """Return the name of this browser, see `owner_of`; where it takes no cookies, that of this visit."""
    number = read_id(st.context.cookies.get(BROWSER_COOKIE))
    return owner_of(number or st.session_state.setdefault(_BROWSER_KEY, new_id()))


def visitor_id() -> str | None:
    """Return the visitor's number, 32 hexadecimal digits; None until the visitor has agreed."""
    found = st.session_state.get(_ID_KEY)
    return read_id(st.context.cookies.get(VISITOR_COOKIE)) if found is None else found or None


def read_id(text: object) -> str | None:
    """Check what claims to be a number; a cookie is whatever its sender likes."""
    return text if isinstance(text, str) and re.fullmatch(r"[0-9a-f]{32}", text) else None


def new_id() -> str:
    """Draw a number that nobody has."""
    return secrets.token_hex(16)


def remember_visitor() -> None:
    """Assign the visitor a number, if there is none yet; `place_cookie` brings it to the browser."""
    if visitor_id() is None:
        _order(new_id())


def forget_visitor() -> None:
    """Forget the visitor's number, here and in the browser; what was kept under it must be gone before."""
    _order("")  # counts more than the cookie that this session began with


def place_cookie() -> None:
    """Make the browser keep or drop the number; call it in every script run of a view that changes it."""
    order = st.session_state.get(_ORDER_KEY)
    _cookie(key="visitor-cookie", data={"order": order, "route": address_of(ORDER_ROUTE)})


def ordered(order: str) -> str | None:
    """Return the number that an order is about, empty if the cookie is to go; None if there is no such order."""
    return _orders.get(order)


def owner_of(number: str) -> str:
    """Return the name under which a visitor's things are filed: 64 hexadecimal digits that don't reveal the number."""
    return hashlib.sha256(number.encode("utf-8")).hexdigest()


def _order(visitor: str) -> None:
    order = new_id()
    while len(_orders) >= MAX_ORDERS:
        _orders.pop(next(iter(_orders)), None)
    _orders[order] = visitor
    st.session_state[_ID_KEY] = visitor
    st.session_state[_ORDER_KEY] = order

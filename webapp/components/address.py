"""Addresses of this server's own routes."""

import streamlit as st


def address_of(route: str) -> str:
    """Return the address of a route that begins with a slash, as a page of this server asks for it."""
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"{'/' + base if base else ''}{route}"

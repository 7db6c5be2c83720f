"""What the tests of pages share: who looks at them."""

import pytest


@pytest.fixture(autouse=True)
def at_the_servers_computer(monkeypatch) -> None:
    """Pages are opened on the computer that runs the app, where a visitor is the teacher."""
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", None)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.headers", {"host": "localhost:8501"})

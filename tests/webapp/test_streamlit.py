"""What Streamlit would trip over."""

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_cache import populate_hash_if_needed

from tests.paths import ROOT


def test_the_style_sheet_holds_no_angle_bracket():
    """Streamlit takes one for the beginning of a tag, and drops the whole sheet."""
    assert "<" not in (ROOT / "webapp" / "style.css").read_text(encoding="utf-8")


def test_no_element_is_sent_as_a_reference():
    """A page that polls would stand still on a slow machine: see `.streamlit/config.toml`."""
    message = ForwardMsg()
    message.delta.new_element.markdown.body = "x" * 1_000_000
    populate_hash_if_needed(message)
    assert not message.metadata.cacheable

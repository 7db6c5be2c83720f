"""Who a visitor is: nobody before they agree, and nobody again once they take it back."""

import pytest
from streamlit.testing.v1 import AppTest

from webapp.visitors.identity import owner_of, read_id


def page() -> None:
    """Show who the visitor is, and two buttons; it runs as a script of its own."""
    import streamlit as st

    from webapp.visitors.identity import forget_visitor, place_cookie, remember_visitor, visitor_id

    place_cookie()
    st.button("agree", on_click=remember_visitor)
    st.button("forget", on_click=forget_visitor)
    st.text(visitor_id())


def press(app: AppTest, place: int) -> str:
    app.button[place].click().run()
    assert not app.exception
    return str(app.text[0].value)


def test_a_number_is_made_by_agreeing_only_and_stays_until_it_is_taken_back():
    app = AppTest.from_function(page).run()
    assert app.text[0].value == "None"
    number = press(app, 0)
    assert read_id(number) == number
    assert press(app, 0) == number
    assert press(app, 1) == "None"
    assert press(app, 0) not in (number, "None")


@pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "../" * 11, "0" * 32 + "\n", None, 7])
def test_what_is_no_number_is_refused(text):
    assert read_id(text) is None


def test_the_name_of_a_visitors_things_does_not_tell_the_number():
    owner = owner_of("5" * 32)
    assert len(owner) == 64
    assert "5" * 8 not in owner
    assert owner != owner_of("6" * 32)

"""The app: page settings and the list of pages."""

from pathlib import Path

import streamlit as st

from webapp.frame import top_row
from webapp.texts import gettext as _
from webapp.texts import use_language_of_url

# Before the navigation: otherwise the icon of a page becomes the tab's, and is fetched from a server outside.
st.set_page_config(page_icon="✍️", layout="wide")
use_language_of_url()
st.html(Path("webapp/style.css"))
in_menu = [
    st.Page("webapp/pages/draw.py", title=_("Draw"), icon=":material/draw:", default=True),
    st.Page("webapp/pages/train.py", title=_("Train"), icon=":material/model_training:", url_path="train"),
    st.Page("webapp/pages/compare.py", title=_("Compare"), icon=":material/stacked_line_chart:", url_path="compare"),
    st.Page("webapp/pages/lab.py", title=_("Lab"), icon=":material/science:", url_path="lab"),
    st.Page("webapp/pages/play.py", title=_("Play"), icon=":material/sports_esports:", url_path="play"),
]
code = st.Page("webapp/pages/code.py", title=_("Code"), icon=":material/code:", url_path="code")
page = st.navigation([*in_menu, code], position="hidden")
st.set_page_config(page_title=f"{page.title} · MNIST", page_icon="✍️")
top_row(in_menu)
page.run()

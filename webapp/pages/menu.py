"""What runs at every visit, whatever the page: settings of all pages, the menu, and the page itself."""

from pathlib import Path

import streamlit as st

from webapp.components.frame import top_row
from webapp.components.turn import turn
from webapp.i18n import gettext as _
from webapp.i18n import use_language_of_url

# Before the navigation: otherwise the icon of a page becomes the tab's, and is fetched from a server outside.
st.set_page_config(page_icon="✍️", layout="wide")
use_language_of_url()
st.html(Path("webapp/style.css"))
in_menu = [
    st.Page("draw/page.py", title=_("Draw"), icon=":material/draw:", url_path="draw", default=True),
    st.Page("train/page.py", title=_("Train"), icon=":material/model_training:", url_path="train"),
    st.Page("compare/page.py", title=_("Compare"), icon=":material/stacked_line_chart:", url_path="compare"),
    st.Page("lab/page.py", title=_("Lab"), icon=":material/science:", url_path="lab"),
    st.Page("play/page.py", title=_("Play"), icon=":material/sports_esports:", url_path="play"),
]
code = st.Page("source/page.py", title=_("Code"), icon=":material/code:", url_path="code")
page = st.navigation([*in_menu, code], position="hidden")
st.set_page_config(page_title=f"{page.title} · MNIST", page_icon="✍️")
top_row(in_menu)
with turn():
    page.run()

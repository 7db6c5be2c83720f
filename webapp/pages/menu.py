"""What runs at every visit, whatever the page: settings of all pages, the menu, and the page itself."""

from pathlib import Path

import streamlit as st

from webapp.components.turn import turn
from webapp.frame.language_mark import language_mark
from webapp.frame.top_row import top_row
from webapp.i18n import gettext as _
from webapp.i18n import use_language_of_url

# Before the navigation: otherwise the icon of a page becomes the tab's, and is fetched from a server outside.
st.set_page_config(page_icon="✍️", layout="wide")
use_language_of_url()
draw = st.Page("draw/page.py", title=_("Draw"), icon=":material/draw:", url_path="draw", default=True)
train = st.Page("train/page.py", title=_("Train"), icon=":material/model_training:", url_path="train")
compare = st.Page("compare/page.py", title=_("Compare"), icon=":material/stacked_line_chart:", url_path="compare")
code = st.Page("source/page.py", title=_("Code"), icon=":material/code:", url_path="code")
lab = st.Page("lab/page.py", title=_("Lab"), icon=":material/science:", url_path="lab")
play = st.Page("play/page.py", title=_("Play"), icon=":material/sports_esports:", url_path="play")
menu = {_("Draw"): [draw], _("Train"): [train, compare], _("Code"): [code], _("Lab"): [lab], _("Play"): [play]}
folders = {draw: "draw", train: "train", compare: "compare", code: "source", lab: "lab", play: "play"}
page = st.navigation([page for pages in menu.values() for page in pages], position="hidden")
st.set_page_config(page_title=f"{page.title} · MNIST", page_icon="✍️")
st.html(Path("webapp/style.css"))
own_style = Path("webapp/pages", folders[page], "style.css")
if own_style.exists():
    st.html(own_style)
language_mark()
top_row(menu, page)
with turn():
    page.run()

"""What runs at every visit, whatever the page: settings of all pages, the menu, and the page itself."""

from pathlib import Path

import streamlit as st

from webapp.components.turn import turn
from webapp.frame import presentation
from webapp.frame.focus_order import focus_order
from webapp.frame.language_mark import language_mark
from webapp.frame.lesson_bar import lesson_bar
from webapp.frame.streamlit_words import streamlit_words
from webapp.frame.top_row import top_row
from webapp.i18n import gettext as _
from webapp.i18n import use_language_of_url
from webapp.tour import progress as tour
from webapp.tour.show import show as show_tour

# Before the navigation: otherwise the icon of a page becomes the tab's, and is fetched from a server outside.
st.set_page_config(page_icon="✍️", layout="wide")
use_language_of_url()
draw = st.Page("draw/page.py", title=_("Draw"), icon=":material/draw:", url_path="draw", default=True)
train = st.Page("train/page.py", title=_("Train"), icon=":material/model_training:", url_path="train")
compare = st.Page("compare/page.py", title=_("Compare"), icon=":material/stacked_line_chart:", url_path="compare")
code = st.Page("source/page.py", title=_("Code"), icon=":material/code:", url_path="code")
lab = st.Page("lab/page.py", title=_("Lab"), icon=":material/science:", url_path="lab")
lesson = st.Page("lesson/page.py", title=_("Lesson"), icon=":material/school:", url_path="lesson")
wall = st.Page("wall/page.py", title=_("Wall"), icon=":material/dashboard:", url_path="wall")
play = st.Page("play/page.py", title=_("Play"), icon=":material/sports_esports:", url_path="play")
menu = {
    _("Draw"): {_("Draw"): draw},
    _("Train"): {_("One run"): train, _("Compare"): compare},
    _("Code"): {_("Code"): code},
    _("Lab"): {_("Lab"): lab},
    _("Class"): {_("Lesson"): lesson, _("Wall"): wall, _("Play"): play},
}
folders = {
    draw: "draw",
    train: "train",
    compare: "compare",
    code: "source",
    lab: "lab",
    lesson: "lesson",
    wall: "wall",
    play: "play",
}
page = st.navigation(list(folders), position="hidden")
st.set_page_config(page_title=f"{page.title} · MNIST", page_icon="✍️")
presentation.use_url()
tour.use_url()
with st.container(key="frame"):  # whatever comes and goes in it, the page keeps its place, and a pad its ink
    for style in (Path("webapp/style.css"), Path("webapp/pages", folders[page], "style.css")):
        if style.exists():
            st.html(style)
    if presentation.is_on():
        st.html(presentation.STYLE)
    streamlit_words()
    language_mark()
    focus_order()
    if not st.context.is_embedded:
        top_row(menu, page)
        lesson_bar(page)
        show_tour({"draw": draw, "train": train}, page)
with turn():
    page.run()
if presentation.is_on():
    presentation.join_code()

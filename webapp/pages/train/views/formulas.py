"""The formulas of a run's settings, each beside the code that does it."""

from itertools import groupby

import streamlit as st

from webapp.formulas.formula import Formula
from webapp.formulas.recipe_formulas import formulas, part_titles
from webapp.formulas.sources import source_of
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.runs.snapshot import Snapshot

LONG = 36
"""Lines of code from which on a piece scrolls."""
LONG_HEIGHT = 480


def show(snapshot: Snapshot) -> None:
    """Show this tab of a run."""
    st.markdown(
        _(
            "All that happens in a step, in order, with the settings of this run. Beside each formula stands the code "
            "that does it: not an illustration, but the very program that runs, only without its docstrings."
        )
    )
    titles = part_titles()
    with st.container(key="formulas"):
        for part, group in groupby(formulas(snapshot.recipe), lambda formula: formula.part):
            st.html(f'<h3 class="group">{titles[part]}</h3>')
            for formula in group:
                _formula(formula)


def _formula(formula: Formula) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.markdown(f"**{formula.title}**")
        st.markdown(formula.explanation)
        st.latex(formula.latex)
        st.markdown("\n".join(f"- ${symbol}$: {meaning}" for symbol, meaning in formula.symbols))
    with right:
        for code in formula.code:
            source = source_of(code)
            link = f"code?file={source.file}&line={source.line}&lang={current_language()}"
            place = _("{file}, line {line}").format(file=source.file, line=source.line)
            st.markdown(f"`{source.name}` · [{place}]({link})")
            long = source.text.count("\n") >= LONG
            st.code(source.text, wrap_lines=True, height=LONG_HEIGHT if long else "content")

"""The formulas of a run's settings, each beside the code that does it."""

import streamlit as st

from webapp.formulas.formula import Formula
from webapp.formulas.recipe_formulas import formulas
from webapp.formulas.show_code import show_code
from webapp.i18n import gettext as _
from webapp.runs.snapshot import Snapshot


def show(snapshot: Snapshot) -> None:
    """Show this tab of a run."""
    st.markdown(
        _(
            "All that happens in a step, in order, with the settings of this run. Beside each formula stands the code "
            "that does it: not an illustration, but the very program that runs, only without its docstrings."
        )
    )
    with st.container(key="formulas"):
        for title, group in formulas(snapshot.recipe).items():
            st.html(f'<h3 class="group">{title}</h3>')
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
            show_code(code)

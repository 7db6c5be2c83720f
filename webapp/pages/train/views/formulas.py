"""The formulas of a run's settings: in plain words, or each beside the code that does it."""

import html

import streamlit as st

from webapp.components.kept import kept_choice
from webapp.formulas.formula import Formula
from webapp.formulas.recipe_formulas import formulas
from webapp.formulas.show_code import show_code
from webapp.i18n import gettext as _
from webapp.runs.snapshot import Snapshot


def show(snapshot: Snapshot) -> None:
    """Show this tab of a run."""
    plain = _("All that happens in a step, in order: one sentence, and the formula as textbooks have it.")
    as_it_runs = _(
        "All that happens in a step, in order, with the settings of this run. Beside each formula stands the code "
        "that does it: not an illustration, but the very program that runs, only without its docstrings."
    )
    names = {"plain": _("Plain"), "as-it-runs": _("As it runs")}
    chosen = kept_choice(_("How the formulas are shown"), "formulas-shown", names)
    st.markdown(plain if chosen == "plain" else as_it_runs)
    with st.container(key=f"formulas-{chosen}"):
        for title, group in formulas(snapshot.recipe).items():
            st.html(f'<h3 class="group">{title}</h3>')
            for formula in group:
                if chosen == "plain":
                    _plain(formula)
                else:
                    _as_it_runs(formula)


def _plain(formula: Formula) -> None:
    with st.container(border=True):
        st.html(f'<h4 class="formula">{formula.title}</h4><p class="formula">{html.escape(formula.plain)}</p>')
        st.latex(formula.textbook)


def _as_it_runs(formula: Formula) -> None:
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.html(f'<h4 class="formula">{formula.title}</h4>')
        st.markdown(formula.explanation)
        st.latex(formula.latex)
        st.markdown("\n".join(f"- ${symbol}$: {meaning}" for symbol, meaning in formula.symbols))
    with right:
        for code in formula.code:
            show_code(code)

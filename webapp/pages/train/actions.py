"""What can be done with a run besides steering it: change it, rewind and fork it, run it again, share, take it away."""

import dataclasses
from functools import partial

import streamlit as st

from mnist_core.recipes.recipe import Recipe
from webapp.components.kept import row
from webapp.i18n import gettext as _
from webapp.pages.train.current_run import start
from webapp.pages.train.downloads import downloads
from webapp.runs.room import MAX_EPOCHS
from webapp.runs.shared import runs
from webapp.runs.snapshot import ACTIVE, Snapshot
from webapp.settings.fields import setting_widget
from webapp.settings.limits import MAX_STEPS, steps_of
from webapp.settings.share import share_button
from webapp.visitors.rights import may_steer, starter

KEYS = {"learning_rate": "rate", "dropout": "dropout", "momentum": "momentum"}
"""What may change on the way besides the number of epochs, and how the keys of its widgets end."""


def actions(snapshot: Snapshot) -> None:
    """Show the run's actions in a row: to draw with it comes first, once the training is over as what to do now.

    Args:
        snapshot: the run as it stands; whoever opens an action sees it as it stands then.
    """
    if st.session_state.pop("applied", False):
        st.session_state["change"] = False  # its popover is closed, which can't be done once it is made
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        with st.container(key="use", width="content"):
            # A link, not a button with st.switch_page: while a part of the page polls, that can end on an empty page.
            st.page_link(
                "draw/page.py",
                label=_("Draw with it"),
                icon=":material/draw:",
                query_params={"network": snapshot.id},
                disabled=snapshot.weights is None,
                help=_("Let this network read your drawings, also while it still trains."),
            )
        # On phones, which have no room for the others until somebody asks. No callback: see `status.steer`.
        if st.button(_("More"), key="more", icon=":material/more_horiz:"):
            st.session_state["more-asked"] = not st.session_state.get("more-asked")
        place = "more-open" if st.session_state.get("more-asked") else "more-closed"
        with st.container(horizontal=True, vertical_alignment="center", key=place):
            _others(snapshot)


def _others(snapshot: Snapshot) -> None:
    """Show what else can be done than to draw with it."""
    can_change = snapshot.state in ("running", "paused") and may_steer(snapshot)
    with st.popover(
        _("Change"), icon=":material/tune:", disabled=not can_change, on_change="rerun", key="change"
    ) as change:
        if change.open and can_change:
            _change(snapshot)
    with st.popover(_("Rewind"), icon=":material/history:", on_change="rerun", key="rewind") as rewind:
        if rewind.open:
            _rewind(snapshot)
    if st.button(
        _("Run again"),
        key="again",
        icon=":material/replay:",
        disabled=snapshot.state in ACTIVE,
        help=_("The same settings and seed: the same initial weights, and the same curves."),
    ):
        start(partial(runs().restart, snapshot.id, starter()))
    share_button(_("Share"), ":material/share:", snapshot.job, snapshot)
    with st.popover(_("Download"), icon=":material/download:", on_change="rerun", key="downloads") as taking:
        if taking.open:
            downloads(snapshot)


def _change(snapshot: Snapshot) -> None:
    """Ask for new settings of a run that is going."""
    st.markdown(_("**Change it while it trains.** The curves mark where."))
    recipe = snapshot.recipe
    changed = _changeable(recipe, "change")
    if st.button(_("Apply"), key="apply", type="primary", disabled=changed == recipe, width="stretch"):
        runs().change(snapshot.id, changed)
        st.session_state["applied"] = True
        st.rerun()


def _rewind(snapshot: Snapshot) -> None:
    """Ask for an earlier epoch and settings, and fork from there."""
    st.markdown(_("**Go back to an earlier epoch** and train on from there as a run of its own; this one stays."))
    epochs = [epoch for epoch in snapshot.folder.kept_epochs() if epoch < MAX_EPOCHS]
    if not epochs:
        st.caption(_("Nothing is kept yet: the first moment comes when the data are loaded."))
        return
    epoch = st.select_slider(_("After epoch"), epochs, value=epochs[-1], key="fork-epoch") if epochs[1:] else epochs[0]
    recipe = snapshot.recipe
    last = st.number_input(
        _("Train up to epoch"), epoch + 1, MAX_EPOCHS, value=max(recipe.epochs, epoch + 1), key=f"fork-last-{epoch}"
    )
    changed = dataclasses.replace(_changeable(recipe, "fork"), epochs=int(last))
    too_long = steps_of(changed) > MAX_STEPS
    if too_long:
        st.error(_("That would take too long here: choose fewer epochs."))
    if st.button(_("Fork from here"), key="fork", type="primary", disabled=too_long, width="stretch"):
        start(partial(runs().fork, snapshot.id, epoch, changed, starter()))


def _changeable(recipe: Recipe, key: str) -> Recipe:
    """Ask for the settings that may change on the way; return the recipe with them."""
    changed = {}
    with row():
        for field, name in KEYS.items():
            if recipe.has_effect(field):
                value = float(getattr(recipe, field))
                step = {"step": value / 10} if field == "learning_rate" else {}
                widget, label, options = setting_widget(field, value, **step)
                changed[field] = widget(label, value=value, key=f"{key}-{name}", **options)
    return dataclasses.replace(recipe, **changed)

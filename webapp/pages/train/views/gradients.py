"""The gradient check on demand: what backpropagation says of every slope, against what a small move measures."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import streamlit as st

from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import WeightsError
from mnist_core.network import Network
from mnist_core.nn.gradient_check import GradientCheck, gradient_check
from mnist_core.nn.normalization import normalize
from mnist_core.recipes.build import empty_model
from webapp.charts.gradient_check import Verdict, differing, slopes_figure, verdict
from webapp.components.live_chart import live_chart
from webapp.i18n import gettext as _
from webapp.runs.snapshot import Snapshot

IMAGES = 10
SAMPLES = 20
"""Entries of each array that are checked: enough to find an error, and a second or two for the largest network."""
ROWS = 6
"""Of these are shown, those with the largest slopes, or those that differ."""
MAX_PARAMETERS = 4_000_000
"""A larger network would take the server's time and memory from everybody."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Result:
    """The last check of a session.

    Attributes:
        run: the id of the run that was checked.
        epoch: after how many epochs.
        activation: of its hidden layers.
        checks: one for each parameter array, under its name in words.
    """

    run: str
    epoch: float
    activation: str
    checks: dict[str, GradientCheck]


def show(snapshot: Snapshot) -> None:
    """Show this tab of a run."""
    st.markdown(
        _(
            "Backpropagation calculates for every weight how steeply the loss rises with it. The same slope can be "
            "measured: move one weight a little up and a little down, and see how the loss changes. If both numbers "
            "agree, the program is right."
        )
    )
    too_large = snapshot.recipe.parameters > MAX_PARAMETERS
    if st.button(
        _("Check now"),
        key="check-gradients",
        icon=":material/fact_check:",
        type="primary",
        disabled=snapshot.weights is None or too_large,
    ):
        with st.spinner(_("Moving weights …")), suppress(WeightsError, OSError):  # its file may have just gone
            st.session_state["gradient_check"] = _check(snapshot)
    if too_large:
        st.info(_("This network is too large to be checked here."))
    result = st.session_state.get("gradient_check")
    if result is None or result.run != snapshot.id:
        if snapshot.weights is None:
            st.caption(_("There is no network to be checked yet."))
        return
    _show_result(result)


def array_name(name: str, layers: list[int]) -> str:
    """Name a parameter array in words.

    Args:
        name: as in `MLP.params`: "2.W".
        layers: indices of the network's linear layers, in order.

    Returns:
        Such as "layer 2, weights"; layers are counted as people count them, with what belongs to each.
    """
    index, kind = name.split(".")
    number = sum(layer <= int(index) for layer in layers)
    texts = {
        "W": _("layer {number}, weights"),
        "b": _("layer {number}, biases"),
        "gamma": _("layer {number}, scales of the batch normalization"),
        "beta": _("layer {number}, shifts of the batch normalization"),
    }
    return texts[kind].format(number=number)


def power_of_ten(value: float) -> str:
    """Write a small number as people do: 3·10⁻⁹."""
    if value == 0:
        return "0"
    digit, exponent = f"{value:.0e}".split("e")
    return f"{digit}·10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def _check(snapshot: Snapshot) -> Result:
    """Check the newest network of a run on digits drawn by code.

    Raises:
        WeightsError, OSError: if its file cannot be read.
    """
    network = Network.load(snapshot.folder.weights)
    recipe = network.recipe
    model = empty_model(recipe, np.float64)
    model.load(network.model.arrays)
    images, labels = synthetic_digits(IMAGES, np.random.default_rng())
    x = normalize(images, recipe.normalization, np.float64)
    checks = gradient_check(
        model, x, labels, recipe.head, recipe.label_smoothing, SAMPLES, np.random.default_rng()
    )  # other images and other entries at every click
    layers = [int(name.split(".")[0]) for name in model.params if name.endswith(".W")]
    epoch = snapshot.step / max(snapshot.steps_per_epoch, 1)
    named = {array_name(check.name, layers): check for check in checks}
    return Result(snapshot.id, epoch, recipe.activation, named)


def _show_result(result: Result) -> None:
    verdicts = {name: verdict(check, result.activation) for name, check in result.checks.items()}
    st.caption(
        _(
            "Checked after {epoch:.1f} epochs, on {images} digits drawn by code, with up to {samples} numbers of each "
            "array. The relative error stands at the end of each line: below 10⁻⁷ is right."
        ).format(epoch=result.epoch, images=IMAGES, samples=SAMPLES)
    )
    _summary(list(verdicts.values()))
    names = {
        "backpropagation": _("backpropagation"),
        "measured": _("measured"),
        "agree": _("agree"),
        "differ": _("differ"),
    }
    live_chart(slopes_figure(result.checks, names), _("Both slopes of every number that was checked"), "slopes", 320)
    marks: dict[Verdict, str] = {
        "right": ":green[:material/check_circle:] " + _("right"),
        "tiny": ":green[:material/check_circle:] " + _("right, as far as can be measured"),
        "close": ":orange[:material/error:] " + _("almost right"),
        "kink": ":orange[:material/error:] " + _("right but for a kink"),
        "wrong": ":red[:material/cancel:] " + _("wrong"),
    }
    for i, (name, check) in enumerate(result.checks.items()):
        label = f"{marks[verdicts[name]]} · {name} · {power_of_ten(check.relative_error)}"
        with st.expander(label, key=f"slopes-{i}"):
            _table(check)


def _summary(verdicts: list[Verdict]) -> None:
    """Describe the result, with the reason where numbers differ."""
    found = set(verdicts)
    if found <= {"right", "tiny"}:
        st.success(_("Both numbers agree in all {count} arrays: backpropagation is right.").format(count=len(verdicts)))
    if "tiny" in found:
        st.caption(
            _(
                "Some slopes are so small that rounding hides the rest: the loss itself is only known to 16 digits. "
                "That happens when the network is already sure of these digits."
            )
        )
    if "kink" in found:
        st.info(
            _(
                "Single numbers differ, and that is no error: ReLU has a kink at 0, and a weight that was moved has "
                "carried a unit across it. There the slope jumps, and measuring gives something between its two "
                "sides. Check again, with other images and other numbers: an error would show up again, in nearly "
                "all numbers."
            )
        )
    if "close" in found:
        st.info(
            _(
                "The numbers agree only in their first digits: here the loss bends so strongly, or has so many kinks, "
                "that even a small move is too large for a better measurement."
            )
        )
    if "wrong" in found:
        st.error(_("The numbers differ: here, something is wrong in the program or in the measurement."))


def _table(check: GradientCheck) -> None:
    """Show the entries that tell most: those that differ, then those with the largest slopes."""
    size = np.maximum(np.abs(check.analytic), np.abs(check.numeric))
    order = np.lexsort((-size, ~differing(check)))[:ROWS]
    rows = "".join(
        f"<tr><td>{check.analytic[i]:.9g}</td><td>{check.numeric[i]:.9g}</td>"
        f"<td>{power_of_ten(abs(check.analytic[i] - check.numeric[i]))}</td></tr>"
        for i in order
    )
    heads = "".join(f"<th>{text}</th>" for text in (_("backpropagation"), _("measured"), _("difference")))
    st.html(f'<table class="slopes"><tr>{heads}</tr>{rows}</table>')
    zeros = int((size == 0).sum())
    if zeros:
        st.caption(_("{zeros} of {count} slopes are exactly 0 in both ways.").format(zeros=zeros, count=len(size)))

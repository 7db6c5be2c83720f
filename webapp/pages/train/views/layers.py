"""What goes on inside the layers while they learn: how far outputs and gradients are spread, and which units idle."""

from itertools import groupby

import streamlit as st

from mnist_core.training.diagnosis import DEAD, HEALTHY_LAYER, SATURATED, layer_finding
from mnist_core.training.layer_statistics import LayerStatistics
from webapp.charts.layers import gradients_figure, outputs_figure
from webapp.components.live_chart import live_chart
from webapp.formats import named
from webapp.i18n import gettext as _
from webapp.pages.train.findings import finding_text
from webapp.runs.snapshot import Snapshot
from webapp.settings.names import setting_value


def show(snapshot: Snapshot) -> None:
    """Show both charts, and say of each layer whether it is well."""
    records, recipe = snapshot.records.layers, snapshot.recipe
    st.caption(
        _(
            "The layers are looked at with a hundred training images, some dozens of times. A layer learns well if its "
            "outputs differ between images, and if the gradient, which says how to change the weights, reaches it."
        )
    )
    if not records:
        st.info(_("Nothing to see yet: the first look is taken when the training begins."))
        return
    count = len(records[-1].layers)
    names = [_("Layer {layer}").format(layer=i + 1) for i in range(count)]
    common = (max(snapshot.steps_per_epoch, 1), recipe.epochs)
    st.markdown(
        _(
            "**Size of the gradient** in each layer (root mean square). Lines far below the others: vanishing; "
            "rising above 1: exploding."
        )
    )
    axes = {"epoch": _("epoch"), "gradient": _("gradient"), "outputs": _("outputs")}
    live_chart(gradients_figure(records, *common, axes, names), _("gradient of each layer"), "layer-gradients")
    # Another run may have fewer layers: each number of layers has a choice of its own.
    layer = st.selectbox(
        _("Outputs of"), range(count), key=f"layer-of-{count}", format_func=lambda i: _layer_name(i, recipe.layer_sizes)
    )
    bands = {**axes, "most": _("90% of the outputs"), "half": _("the middle half"), "median": _("median")}
    live_chart(outputs_figure(records, layer, *common, bands), _("outputs of a layer"), "layer-outputs")
    _findings(records[-1].layers, names, setting_value("activation", recipe.activation))


def _layer_name(layer: int, sizes: tuple[int, ...]) -> str:
    text = _("Layer {layer}: {inputs} → {units}")
    return text.format(layer=layer + 1, inputs=sizes[layer], units=sizes[layer + 1])


def _findings(layers: tuple[LayerStatistics, ...], names: list[str], activation: str) -> None:
    """Show what is found, once for neighbouring layers of which the same is true."""
    findings = [layer_finding(layers, i) for i in range(len(layers))]
    for kind, group in groupby(range(len(layers)), key=lambda i: findings[i].kind):
        first, *others = group
        name = _("Layers {first} to {last}").format(first=first + 1, last=others[-1] + 1) if others else names[first]
        is_hidden = not others and first < len(layers) - 1
        about = f" ({_idle(layers[first], kind, activation)})" if is_hidden else ""
        icon = ":material/check_circle:" if kind == HEALTHY_LAYER else ":material/warning:"
        st.markdown(named(f"{icon} **{name}**{about}", finding_text(findings[first])))


def _idle(layer: LayerStatistics, kind: str, activation: str) -> str:
    """Name the activation, and the share of idle units where the finding doesn't."""
    notes = [activation]
    if layer.dead and kind != DEAD:
        notes.append(_("{share:.0%} of the units silent").format(share=layer.dead))
    if layer.saturated and kind != SATURATED:
        notes.append(_("{share:.0%} saturated").format(share=layer.saturated))
    return ", ".join(notes)

"""The stops on the way back: from the loss to the pixels."""

from mnist_core.explain.trace import Trace
from mnist_core.nn.activations import Activation, sigmoid
from mnist_core.nn.layers import BatchNorm, Linear
from mnist_core.nn.losses import HEADS
from webapp.formulas.formula import lines
from webapp.formulas.network import ACTIVATION_LATEX
from webapp.i18n import gettext as _
from webapp.pages.draw.walk.content import (
    Content,
    Place,
    at,
    largest,
    number,
    signed,
    slope_of,
    sum_lines,
    sure,
    unit_name,
)


def logits_back(trace: Trace) -> Content:
    """Begin at the loss: how it changes with each logit."""
    g = trace.passages[-1].y_grad
    k = largest(g)
    t = number(trace.target[k])
    if trace.head == "softmax":
        general, own = "p - t", f"{sure(trace.probabilities[k])} - {t}"
    else:
        share = sure(sigmoid(trace.logits.astype(float))[k])
        general, own = r"\sigma(z) - t", f"{share} - {t}"
        if trace.head == "squared-error":
            general, own = rf"({general})\,\sigma(z)\,(1 - \sigma(z))", rf"({own}) \cdot {share} \cdot (1 - {share})"
    latex = lines(f"{slope_of('z')} &= {general}", f"{slope_of(f'z_{k}')} &= {own}", f"&= {number(g[k])}")
    text = _(
        "Now the way back. How would the loss change if a logit grew? Blue (−): it would fall, so this digit should "
        "get more. Orange (+): it would rise, so this digit should get less. Wanted is {t} = 1 for the {digit}, else 0."
    )
    if trace.label_smoothing and trace.head == "softmax":
        text = _(
            "Now the way back. How would the loss change if a logit grew? Blue (−): it would fall, so this digit "
            "should get more. Orange (+): it would rise, so this digit should get less. Wanted is a large {t} for the "
            "{digit}."
        )
    return Content(text.format(t="$t$", digit=trace.label), latex, g, k, (HEADS[trace.head].loss,), True)


def weights_back(place: Place) -> Content:
    """Show the slope of a linear layer's weights and biases."""
    passage, n, x, y = place.passage, place.number, place.x, place.y
    g, i, j = passage.y_grad, largest(passage.x), largest(passage.y_grad)
    unit = unit_name(j, place.to_digits)
    latex = lines(
        rf"{slope_of(f'W^{{({n})}}')} &= {{{x}}}^\top\,{slope_of(y)}, \quad {slope_of(f'b^{{({n})}}')} = {slope_of(y)}",
        rf"{slope_of(f'W^{{({n})}}_{{{i + 1},{unit}}}')} &= {at(x, str(i + 1))} \cdot {slope_of(at(y, unit))}",
        rf"&= {number(passage.x[i])} \cdot {signed(g[j])} = {number(passage.x[i] * g[j])}",
    )
    text = _(
        "A weight matters as much as the input that it multiplies: input times slope, for all {count:,} weights of the "
        "layer. The largest is written out; the picture shows the slopes of all weights of that unit."
    )
    count = len(passage.x) * len(g)
    return Content(text.format(count=count), latex, passage.x * g[j], i, (Linear.param_grads,))


def sums_back(place: Place) -> Content:
    """Hand the slope on to the inputs of a linear layer."""
    passage, n, x, y = place.passage, place.number, place.x, place.y
    i = largest(passage.x_grad)
    latex = lines(
        rf"{slope_of(x)} &= {slope_of(y)}\,{{W^{{({n})}}}}^\top",
        rf"{slope_of(at(x, str(i + 1)))} &= \textstyle\sum_j {slope_of(at(y, 'j'))}\,W^{{({n})}}_{{{i + 1},j}}",
        *sum_lines(passage.y_grad, passage.layer.params["W"][i]),
        f"&= {number(passage.x_grad[i])}",
    )
    text = (
        _(
            "At last the pixels: more ink on blue (−) would lower the loss, on orange (+) it would raise it. Training "
            "does not need this, since nobody changes the picture; but it shows what the network would rather see."
        )
        if n == 1
        else _("The slope goes back over the same weights: what spoke loudly to the outputs gets more of the blame.")
    )
    return Content(text, latex, passage.x_grad, i, (Linear.backward,))


def activation_back(place: Place, layer: Activation, kind: str) -> Content:
    """Hand the slope on to what went into an activation, a key `kind` of `ACTIVATIONS`."""
    passage = place.passage
    j = largest(passage.x_grad)
    unit = unit_name(j, False)
    slope = layer.slope(passage.x[[j]], passage.y[[j]])[0]
    latex = lines(
        "&" + ACTIVATION_LATEX[kind][1],
        rf"{slope_of(at(place.x, unit))} &= {slope_of(at(place.y, unit))} \cdot f'({at(place.x, unit)})",
        rf"&= {number(passage.y_grad[j])} \cdot {number(slope)} = {number(passage.x_grad[j])}",
    )
    text = _("Every slope is multiplied by the slope of the activation: where that is 0, nothing is learned.")
    return Content(text, latex, passage.x_grad, j, (Activation.backward, type(layer).slope))


def norm_back(place: Place, layer: BatchNorm) -> Content:
    """Hand the slope on to what went into a batch normalization."""
    passage = place.passage
    j = largest(passage.x_grad)
    unit = unit_name(j, False)
    gamma, grads = number(layer.params["gamma"][j]), passage.grads
    scale, shift = r"\gamma", r"\beta"
    latex = lines(
        rf"{slope_of(place.x)} &= \frac{{\gamma}}{{\sqrt{{\sigma^2 + \varepsilon}}}} \cdot {slope_of(place.y)}",
        rf"{slope_of(at(place.x, unit))} &= {gamma} \cdot {number(passage.cache.inverse_deviation[j])} \cdot "
        rf"{signed(passage.y_grad[j])}",
        rf"&= {number(passage.x_grad[j])}",
        rf"{slope_of(at(scale, unit))} &= {number(grads['gamma'][j])}, \quad "
        rf"{slope_of(at(shift, unit))} = {number(grads['beta'][j])}",
    )
    text = _("One picture alone does not move the running mean and deviation, so here the slope is only scaled.")
    return Content(text, latex, passage.x_grad, j, (BatchNorm.backward, BatchNorm.param_grads))

"""The stops on the way forward: from the pixels to the loss."""

import numpy as np

from mnist_core.explain.trace import Trace, loss_terms
from mnist_core.nn.activations import Activation, sigmoid
from mnist_core.nn.layers import BatchNorm, Linear
from mnist_core.nn.losses import HEADS
from webapp.formulas.formula import lines
from webapp.formulas.network import ACTIVATION_LATEX
from webapp.i18n import gettext as _
from webapp.pages.draw.walk.content import TERMS, Content, Place, at, number, signed, sum_lines, sure, unit_name


def pixels(trace: Trace) -> Content:
    """Show the input."""
    i = int(trace.x.argmax())
    text = _(
        "The {count} pixels of the picture, row after row, as one long list of numbers: that is all that comes in."
    )
    latex = lines(rf"x &= (x_1, \dots, x_{{{len(trace.x)}}})", rf"x_{{{i + 1}}} &= {number(trace.x[i])}")
    return Content(text.format(count=len(trace.x)), latex, trace.x, i, ())


def sums(place: Place) -> Content:
    """Show what a linear layer adds up."""
    passage, x, y, n = place.passage, place.x, place.y, place.number
    W, b = passage.layer.params["W"], passage.layer.params["b"]
    j = int(passage.y.argmax())
    unit = unit_name(j, place.to_digits)
    text = (
        _("One sum for each digit: all {inputs:,} inputs times their weights, and a bias. The largest sum wins.")
        if place.to_digits
        else _("Each of the {units:,} units multiplies its {inputs:,} inputs by weights of its own, and adds them up.")
    )
    latex = lines(
        rf"{y} &= {x}\,W^{{({n})}} + b^{{({n})}}",
        rf"{at(y, unit)} &= \textstyle\sum_i {at(x, 'i')}\,W^{{({n})}}_{{i,{unit}}} + b^{{({n})}}_{{{unit}}}",
        *sum_lines(passage.x, W[:, j], float(b[j])),
        f"&= {number(passage.y[j])}",
    )
    return Content(text.format(units=len(b), inputs=len(W)), latex, passage.y, j, (Linear.forward,), place.to_digits)


def norm(place: Place, layer: BatchNorm) -> Content:
    """Show what a batch normalization hands on."""
    passage = place.passage
    j = int(passage.y.argmax())
    mean, variance = layer.state["running_mean"][j], layer.state["running_variance"][j]
    gamma, beta = layer.params["gamma"][j], layer.params["beta"][j]
    unit = unit_name(j, False)
    latex = lines(
        rf"{place.y} &= \gamma\,\frac{{{place.x} - \mu}}{{\sqrt{{\sigma^2 + \varepsilon}}}} + \beta",
        rf"{at(place.y, unit)} &= {number(gamma)} \cdot \frac{{{number(passage.x[j])} - {signed(mean)}}}"
        rf"{{\sqrt{{{number(variance)}}}}} + {signed(beta)}",
        f"&= {number(passage.y[j])}",
    )
    text = _(
        "Batch normalization: what a unit has added up is compared with its running mean and deviation from training, "
        "then scaled and shifted as it was learned."
    )
    return Content(text, latex, passage.y, j, (BatchNorm.forward,))


def activation(place: Place, layer: Activation, kind: str) -> Content:
    """Show what an activation, a key `kind` of `ACTIVATIONS`, hands on."""
    passage = place.passage
    j = int(passage.y.argmax())
    unit = unit_name(j, False)
    latex = lines(
        "&" + ACTIVATION_LATEX[kind][0],
        f"{at(place.y, unit)} &= f({at(place.x, unit)})",
        f"&= f({number(passage.x[j])}) = {number(passage.y[j])}",
    )
    text = _("Every sum is bent by the same function. Without that bend all layers together could do no more than one.")
    return Content(text, latex, passage.y, j, (type(layer).value,))


def probabilities(trace: Trace, temperature: float) -> Content:
    """Show how logits become probabilities, and say what the page's `temperature` has to do with it."""
    z, p = trace.logits, trace.probabilities
    k = int(p.argmax())
    if trace.head == "softmax":
        text = _("Softmax: every logit becomes a power of e, and its share of their sum is the digit's probability.")
        powers = [rf"e^{{{number(z[i])}}}" for i in np.argsort(-z, kind="stable")[:TERMS]]
        latex = lines(
            r"p_k &= \frac{e^{z_k}}{\sum_j e^{z_j}}",
            rf"p_{k} &= \frac{{{powers[0]}}}{{{' + '.join(powers)} + \dots}}",
            f"&= {number(p[k])}",
        )
    else:
        text = _("Each output answers “is it this digit?” by itself. Divided by their sum, the answers become shares.")
        shares = sigmoid(z)
        latex = lines(
            r"p_k &= \frac{\sigma(z_k)}{\sum_j \sigma(z_j)}",
            rf"p_{k} &= \frac{{\sigma({number(z[k])})}}{{\sum_j \sigma(z_j)}} = "
            rf"\frac{{{number(shares[k])}}}{{{number(shares.sum())}}}",
            f"&= {number(p[k])}",
        )
    if temperature != 1:
        honest = _(
            "The answer above divides the logits by {temperature:.3g} first: then it is as sure as it is often right."
        )
        text += " " + honest.format(temperature=temperature)
    return Content(text, latex, p, k, (HEADS[trace.head].probabilities,), True)


def loss(trace: Trace) -> Content:
    """Show how wrong the answer is."""
    k, terms = trace.label, loss_terms(trace)
    others = float(terms.sum() - terms[k])
    share = sure(trace.probabilities[k] if trace.head == "softmax" else sigmoid(trace.logits.astype(float))[k])
    general = {
        "softmax": r"L &= -\textstyle\sum_k t_k \ln p_k",
        "sigmoid": r"L &= -\textstyle\sum_k t_k \ln \sigma(z_k) + (1 - t_k) \ln(1 - \sigma(z_k))",
        "squared-error": r"L &= \tfrac12 \textstyle\sum_k (\sigma(z_k) - t_k)^2",
    }
    own = {
        "softmax": rf"-{number(trace.target[k]) if trace.label_smoothing else ''} \ln {share}",
        "sigmoid": rf"-\ln {share}",
        "squared-error": rf"\tfrac12 ({share} - 1)^2",
    }
    rest = f" + {number(others)}" if others > 0 else ""
    latex = lines(general[trace.head], f"&= {own[trace.head]}{rest}", f"&= {number(trace.loss)}")
    text = _(
        "How wrong is that, if it should be a {digit}? The loss is 0 for a perfect answer, and it grows the less the "
        "network believes in the {digit}. The bars show what each digit adds."
    )
    return Content(text.format(digit=k), latex, terms, k, (HEADS[trace.head].loss,), True)

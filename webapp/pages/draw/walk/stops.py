"""All stops of a walk through a network, in the order in which a drawing passes them."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from mnist_core.explain.trace import Trace
from mnist_core.nn.activations import Activation
from mnist_core.nn.layers import BatchNorm, Linear
from mnist_core.recipes.recipe import Recipe
from webapp.i18n import gettext as _
from webapp.pages.draw.walk.back import activation_back, logits_back, norm_back, sums_back, weights_back
from webapp.pages.draw.walk.content import Content, Place
from webapp.pages.draw.walk.forward import activation, loss, norm, pixels, probabilities, sums


class Stop(NamedTuple):
    """A stop that can be shown.

    Attributes:
        name: in the visitor's language, short.
        back: whether it lies on the way back.
        content: works out what is shown.
    """

    name: str
    back: bool
    content: Callable[[], Content]


def stops(trace: Trace, recipe: Recipe, temperature: float) -> list[Stop]:
    """List all stops but the last one, the step, in the order in which a drawing passes them.

    Args:
        trace: of the drawing.
        recipe: of the network.
        temperature: by which the page divides the logits for its own answer.
    """
    places = _places(trace)
    there, back = [Stop(_("Input"), False, partial(pixels, trace))], []
    for place in places:
        layer = place.passage.layer
        if isinstance(layer, BatchNorm):
            there.append(_stop(place, _("Layer {number}: normalized"), False, norm, layer))
            back.append(_stop(place, _("Layer {number}: back through the normalization"), True, norm_back, layer))
        elif isinstance(layer, Activation):
            kind = recipe.activation
            there.append(_stop(place, _("Layer {number}: activation"), False, activation, layer, kind))
            back.append(
                _stop(place, _("Layer {number}: back through the activation"), True, activation_back, layer, kind)
            )
        else:
            title = _("Layer {number}: logits") if place.to_digits else _("Layer {number}: weighted sums")
            there.append(_stop(place, title, False, sums))
            title = _("Slope at the pixels") if place.number == 1 else _("Layer {number}: slope at its inputs")
            back.append(_stop(place, title, True, sums_back))
            back.append(_stop(place, _("Layer {number}: slope of the weights"), True, weights_back))
    return [
        *there,
        Stop(_("Probabilities"), False, partial(probabilities, trace, temperature)),
        Stop(_("Loss"), False, partial(loss, trace)),
        Stop(_("Slope at the logits"), True, partial(logits_back, trace)),
        *reversed(back),
    ]


def _stop(place: Place, title: str, back: bool, content: Callable[..., Content], *more: object) -> Stop:
    return Stop(title.format(number=place.number), back, partial(content, place, *more))


def _places(trace: Trace) -> list[Place]:
    places: list[Place] = []
    count, symbol = 0, "x"
    for passage in trace.passages:
        layer = passage.layer
        count += isinstance(layer, Linear)
        letter = "z" if isinstance(layer, Linear) else "u" if isinstance(layer, BatchNorm) else "a"
        is_last = passage is trace.passages[-1]
        output = "z" if is_last else f"{letter}^{{({count})}}"
        places.append(Place(passage, count, symbol, output, is_last))
        symbol = output
    return places

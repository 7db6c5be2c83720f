"""All formulas of a recipe, as the data flow: beginning, forward, loss, backward, update."""

from mnist_core.recipes.recipe import Recipe
from webapp.formulas import learning, network
from webapp.formulas.formula import Formula
from webapp.i18n import gettext as _


def formulas(recipe: Recipe) -> dict[str, list[Formula]]:
    """Return the formulas of a training, in the visitor's language: under the title of each of its parts, in order.

    Args:
        recipe: its settings; what they leave out has no formula.
    """
    return {
        _("The beginning"): network.beginning(recipe),
        _("Forward: from pixels to ten outputs"): network.forward(recipe),
        _("Loss: how wrong is that?"): learning.loss(recipe),
        _("Backward: what has how much to do with it?"): network.backward(recipe),
        _("Update: a little better"): learning.update(recipe),
    }

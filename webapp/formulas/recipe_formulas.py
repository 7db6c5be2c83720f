"""All formulas of a recipe, as the data flow: beginning, forward, loss, backward, update."""

from mnist_core.recipes.recipe import Recipe
from webapp.formulas import learning as formulas_learning
from webapp.formulas import network as formulas_network
from webapp.formulas.formula import Formula, Part
from webapp.i18n import gettext as _


def formulas(recipe: Recipe) -> list[Formula]:
    """Return the formulas of a training, in the visitor's language.

    Args:
        recipe: its settings; what they leave out has no formula.
    """
    return [
        *formulas_network.beginning(recipe),
        *formulas_network.forward(recipe),
        *formulas_learning.loss(recipe),
        *formulas_network.backward(recipe),
        *formulas_learning.update(recipe),
    ]


def part_titles() -> dict[Part, str]:
    """Return the titles of the parts of a training, in order."""
    return {
        "begin": _("The beginning"),
        "forward": _("Forward: from pixels to ten outputs"),
        "loss": _("Loss: how wrong is that?"),
        "backward": _("Backward: what has how much to do with it?"),
        "update": _("Update: a little better"),
    }

"""What a run is called, and the recipe that it began with, in the visitor's language."""

from webapp.i18n import N_, gettext
from webapp.i18n import gettext as _
from webapp.runs.snapshot import Snapshot

OURS = (N_("quick"), N_("accurate"), N_("handwriting"))
TUTORIALS = (
    N_("tanh-online"),
    N_("sigmoid-full-batch"),
    N_("sigmoid-full-batch-text"),
    N_("dropout-mlp-sgd"),
    N_("dropout-mlp-adam"),
    N_("classic-relu"),
    N_("wide-adam"),
)


def recipe_title(name: str) -> str:
    """Return the title of a recipe, which marks those of tutorials; English calls them what links and commands do."""
    if name in TUTORIALS:
        return _("Tutorial: {name}").format(name=gettext(name))
    return gettext(name) if name in OURS else name


def run_name(run: Snapshot) -> str:
    """Return what people call a run; until somebody has named it, its recipe's title with the end of its id.

    The lab names its runs in English, a failure's title and "failure" or "remedy": all read that in their own language.
    """
    title, _colon, role = run.name.rpartition(": ")
    if title and role == "failure":
        return _("{failure}: failure").format(failure=gettext(title))
    if title and role == "remedy":
        return _("{failure}: remedy").format(failure=gettext(title))
    return run.name or f"{recipe_title(run.job.recipe.name)} · {run.id.rpartition('-')[2]}"

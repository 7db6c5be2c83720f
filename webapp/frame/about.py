"""What this is, how well it reads, and what happens to what is drawn."""

from html import escape

import streamlit as st

from mnist_core.errors import WeightsError
from mnist_core.network import DEFAULT_WEIGHTS
from webapp.i18n import gettext as _
from webapp.networks.recognizers import recognizer


def about() -> None:
    """Show it: the content of a dialog."""
    paragraphs = {
        _("What is this?"): _(
            "A neural network that learns to read handwriting, and shows how it does that. It is written from scratch "
            "in Python with NumPy, which only adds and multiplies tables of numbers: no library for neural networks is "
            "behind it."
        ),
        _("How well does it read?"): _how_well(),
        _("Where does it fail?"): _(
            "It knows ten digits and nothing else. It misreads sloppy digits, ways of writing that it has never seen, "
            "and digits that touch. It is for learning: nothing important should depend on it."
        ),
        _("What happens to my drawings?"): _(
            "They are read on the computer that runs this app, and forgotten. Only what you leave there stays: what "
            "you send to the class's wall, and games that count for the class, until a new class begins; what you "
            "collect under “Teach it”, until you delete it. Nothing goes to the internet."
        ),
    }
    st.html(
        "".join(f"<h3 class='about'>{escape(title)}</h3><p>{escape(text)}</p>" for title, text in paragraphs.items())
    )
    st.page_link("source/page.py", label=_("Read the code"), icon=":material/code:")


def _how_well() -> str:
    try:
        network = recognizer(DEFAULT_WEIGHTS).network
    except WeightsError:
        return _("The weights that come with this app cannot be read.")
    return _(
        "The network of the drawing page has {parameters:,} weights. It reads {accuracy:.2%} of the 10,000 test images "
        "of MNIST, and 98.6% of 8,939 digits that 154 people wrote with a pen; nobody of these was in its training."
    ).format(parameters=network.model.flat.size, accuracy=network.test_accuracy or 0.0)

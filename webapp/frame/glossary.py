"""The words that the pages use, each in a sentence or two."""

from html import escape

import streamlit as st

from webapp.i18n import N_, gettext

TERMS = (
    (
        N_("Neural network"),
        N_(
            "A long calculation with many numbers that can be adjusted. Here 784 pixels go in, and ten numbers "
            "come out: one for each digit."
        ),
    ),
    (
        N_("From scratch"),
        N_(
            "Nobody else's network is behind these pages: every step of it is a few lines of Python and NumPy, a "
            "library that adds and multiplies whole tables of numbers. You can read them on the page Code."
        ),
    ),
    (
        N_("MNIST"),
        N_(
            "70,000 handwritten digits by some 500 people, 28×28 pixels each, collected in the 1990s. 60,000 are "
            "there to learn from, 10,000 to test what was learned."
        ),
    ),
    (
        N_("Pixel"),
        N_(
            "One dot of a picture. In grey pictures it is a number: 0 is black, 255 is white. A network gets it "
            "divided by 255, from 0 to 1."
        ),
    ),
    (
        N_("Neuron (unit)"),
        N_(
            "It multiplies each number that comes in by a weight, adds all of that up, adds its bias, and passes "
            "the sum on through a bend."
        ),
    ),
    (
        N_("Weight"),
        N_(
            "How much one number counts for a neuron: above 0 it raises the sum, below 0 it lowers it. What a "
            "network knows is in its weights, and nowhere else."
        ),
    ),
    (N_("Bias"), N_("A number that a neuron always adds to its sum: how easily it lights up.")),
    (
        N_("Layer"),
        N_(
            "Neurons side by side that get the same numbers. The last layer is the output; those before it are "
            "called hidden."
        ),
    ),
    (
        N_("Activation"),
        N_(
            "The bend after a neuron's sum. ReLU, for example, makes everything below 0 to 0. Without it, many "
            "layers could do no more than one."
        ),
    ),
    (
        N_("Softmax"),
        N_("It turns the ten numbers of the output into ten probabilities that add up to 100%."),
    ),
    (
        N_("Loss"),
        N_(
            "How wrong the network is, as one number. If the right digit got a probability near 100%, it is near "
            "0. Pure guessing between ten digits gives 2.30."
        ),
    ),
    (N_("Accuracy"), N_("The share of the images that the network reads correctly.")),
    (
        N_("Gradient"),
        N_(
            "For each weight: would the loss rise or fall if this weight grew a little, and how fast? It is the "
            "slope of the hill on which training walks downhill."
        ),
    ),
    (
        N_("Backpropagation"),
        N_("The way to get all gradients at once: from the loss back through the layers, with the chain rule."),
    ),
    (
        N_("Learning rate"),
        N_(
            "How long a step down the slope is. Too short, and learning takes for ever; too long, and it leaps "
            "across the valley."
        ),
    ),
    (N_("Batch"), N_("The images that are looked at together for one step, 128 for example.")),
    (N_("Step"), N_("One small change of all weights, after a look at one batch.")),
    (N_("Epoch"), N_("Once through all training images.")),
    (
        N_("Optimizer"),
        N_(
            "The rule by which a gradient becomes a change of the weights. SGD is the plainest; Adam adapts the "
            "length of the step to each weight."
        ),
    ),
    (
        N_("Training, validation, test images"),
        N_(
            "The network learns from the first, we watch its progress on the second, and the third are read only "
            "once, at the end: like exercises, a mock exam, and the exam."
        ),
    ),
    (
        N_("Overfitting"),
        N_(
            "Learning by heart: the training images are read better and better, new ones worse. You see it when "
            "the validation loss rises while the training loss falls."
        ),
    ),
    (
        N_("Dropout"),
        N_(
            "In each step of the training, some neurons are switched off at random, so that none can rely on a "
            "single other one. It helps against overfitting."
        ),
    ),
    (
        N_("Batch normalization"),
        N_(
            "Between two layers, numbers are brought to the same average and spread over each batch, which makes "
            "training steadier."
        ),
    ),
    (
        N_("Recipe"),
        N_(
            "All settings of a training together: layers, optimizer, learning rate, epochs and the rest. The same"
            " recipe with the same seed gives the same network."
        ),
    ),
    (
        N_("Seed"),
        N_(
            "The number from which all random numbers of a training are made. With the same seed they come out "
            "the same."
        ),
    ),
)
"""Each term with its meaning, from the whole to the parts; who shows them calls `gettext`."""


def glossary() -> None:
    """Show all terms: the content of a dialog."""
    terms = "".join(f"<dt>{escape(gettext(term))}</dt><dd>{escape(gettext(text))}</dd>" for term, text in TERMS)
    st.html(f'<dl class="glossary">{terms}</dl>')

"""The whole toolbox of settings, in groups; a setting stands there only while it has an effect."""

import streamlit as st

from mnist_core.recipes.recipe import MAX_DISTORTION
from webapp.components.kept import kept, row
from webapp.i18n import gettext as _
from webapp.settings import image_examples as examples
from webapp.settings.fields import Fields

DISTORTION = 1.0
"""The strength that a recipe without distortions begins with when they are switched on."""


def toolbox(fields: Fields) -> None:
    """Show all settings beyond the few that a beginner sees."""
    fields.number("seed", _("Seed"), 0, 2**31, help=_("Of all that is random: the same seed gives the same training."))
    _group(_("Training images"))
    _training_images(fields)
    _group(_("Network"))
    fields.choice("normalization", _("Pixels"))
    fields.choice("activation", _("Activation"))
    fields.choice("init", _("Initial weights"))
    fields.choice("bias_init", _("Initial biases"))
    fields.number(
        "dropout",
        _("Dropout"),
        0.0,
        0.99,
        step=0.1,
        help=_("Share of each hidden layer that is silenced at random in every training step. 0: none."),
    )
    fields.switch("batch_norm", _("Batch normalization"))
    _group(_("Loss"))
    _loss(fields)
    _group(_("Optimizer"))
    _optimizer(fields)
    _group(_("Learning rate"))
    _learning_rate(fields)
    _group(_("Regularization"))
    _regularization(fields)
    _group(_("Validation and stopping"))
    _validation(fields)


def _group(title: str) -> None:
    st.html(f'<h3 class="group">{title}</h3>')


def _training_images(fields: Fields) -> None:
    distort = kept(
        st.toggle,
        _("Distort the images"),
        f"{fields.recipe.name}.distort",
        fields.recipe.distortion > 0,
        help=_(
            "Turns, slants, bends and inks every training image a little differently in every epoch. An epoch of "
            "MNIST then takes one or two seconds more."
        ),
    )
    if distort:
        place = st.container()
        strength = fields.slider(
            "distortion",
            _("Strength of the distortions"),
            0.1,
            float(MAX_DISTORTION),
            DISTORTION,
            step=0.1,
            format="%.1f",
            help=_("1: about as different as people's handwriting. Much more, and nobody can read the digits."),
        )
        with place:
            _distorted_examples(strength)
    else:
        fields.changes["distortion"] = 0.0
    fields.number(
        "train_images",
        _("Training images"),
        1,
        60_000,
        step=100,
        placeholder=_("all"),
        help=_("So many are chosen at random, once those for validation are taken off. Empty: all."),
    )
    fields.switch("shuffle", _("Shuffle the images before every epoch"))
    fields.switch(
        "sort_images",
        _("Sort the images by digit"),
        help=_("First all zeros, then all ones, … What happens if they are not shuffled then?"),
    )
    with row():
        rare = fields.number(
            "rare_digits",
            _("Rare ways of writing"),
            0.0,
            0.99,
            step=0.05,
            help=_(
                "So many digits drawn by code are added, as a share of the training images. 0: none. Two of three "
                "are written in ways that MNIST hardly holds."
            ),
        )
        others = fields.number(
            "not_digits",
            _("Not a digit"),
            0.0,
            0.99,
            step=0.05,
            help=_(
                "So many letters, shapes and scribbles drawn by code are added, as a share of the training images. "
                "0: none."
            ),
        )
    if rare:
        examples.show(examples.rare_ways(), _("Digits that are added"))
        st.caption(_("Such digits are added: slashed zeros, ones with a foot, crossed sevens."))
    if others:
        examples.show(examples.no_digits(), _("Drawings that are added and show no digit"))
        st.caption(
            _(
                "Such drawings are added, and no digit is the right answer: else a network is sure of whatever it is "
                "shown (Hendrycks, Mazeika and Dietterich 2019)."
            )
        )


def _distorted_examples(strength: float) -> None:
    examples.show(examples.distorted_digits(strength), _("Three digits, and eight distorted copies of each"))
    st.caption(
        _(
            "On the left a digit as it is, then what the network sees instead, new in every epoch. So it can't learn "
            "the images by heart: it learns what makes a 2 a 2, whoever writes it (Simard, Steinkraus and Platt 2003)."
        )
    )


def _loss(fields: Fields) -> None:
    if fields.choice("head", _("Outputs and loss")) == "softmax":
        fields.number(
            "label_smoothing",
            _("Label smoothing"),
            0.0,
            0.99,
            step=0.05,
            help=_("Share of the right answer that is given to all ten digits alike. 0: none."),
        )
    else:
        fields.changes["label_smoothing"] = 0.0


def _optimizer(fields: Fields) -> None:
    kind = fields.choice("optimizer", _("Method"))
    if kind in ("momentum", "nesterov"):
        fields.number(
            "momentum",
            _("Momentum"),
            0.0,
            0.999,
            step=0.05,
            help=_("Share of the last step's speed that is kept."),
        )
    with row():
        if kind in ("adam", "adamw"):
            fields.number("beta1", "β₁", 0.0, 0.9999, step=0.01, help=_("Memory of the gradient's mean."))
        if kind in ("rmsprop", "adam", "adamw"):
            fields.number("beta2", "β₂", 0.0, 0.99999, step=0.001, help=_("Memory of the gradient's mean square."))
    with row():
        if kind in ("adagrad", "rmsprop", "adam", "adamw"):
            fields.number("eps", "ε", 1e-12, 1.0, step=1e-8, help=_("Keeps the division by small roots finite."))
        if kind == "adamw":
            fields.number("weight_decay", _("Weight decay"), 0.0, 100.0, step=0.01)


def _learning_rate(fields: Fields) -> None:
    schedule = fields.choice("schedule", _("Schedule"))
    with row():
        if schedule == "step":
            fields.numbers(
                "schedule_drops",
                _("Drops at"),
                help=_("Shares of the training, with commas: 0.5, 0.75 is at its half and at three quarters."),
            )
        if schedule in ("step", "exponential"):
            meaning = (
                _("What each drop multiplies the learning rate by.")
                if schedule == "step"
                else _("The share of the learning rate that is left at the end.")
            )
            fields.number("schedule_factor", _("Factor"), 1e-6, 1.0, step=0.1, help=meaning)
    with row():
        warmup = fields.number(
            "warmup",
            _("Warm-up"),
            0.0,
            0.99,
            step=0.05,
            help=_("Share of the training in which the learning rate first rises. 0: none."),
        )
        if schedule != "constant" or warmup:
            fields.choice("schedule_unit", _("Changes"))


def _regularization(fields: Fields) -> None:
    with row():
        fields.number(
            "l1", _("L1 penalty"), 0.0, 1e6, step=0.0001, help=_("Pulls every weight to 0 with the same force.")
        )
        fields.number(
            "l2", _("L2 penalty"), 0.0, 1e6, step=0.0001, help=_("Pulls large weights to 0 more than small ones.")
        )
    with row():
        fields.number(
            "clip_norm",
            _("Gradient clipping"),
            1e-6,
            1e6,
            step=0.5,
            placeholder=_("none"),
            help=_("Length that the gradient is cut to when it is longer. Empty: never."),
        )
        fields.number(
            "ema_decay",
            _("Weight average"),
            0.0,
            0.9999,
            step=0.01,
            help=_(
                "The network that is measured and kept is an average over the steps, which keeps this share of itself "
                "at each of them, such as 0.99. 0: none."
            ),
        )


def _validation(fields: Fields) -> None:
    with row():
        share = fields.number(
            "validation_fraction",
            _("Validation share"),
            0.0,
            0.9,
            step=0.05,
            help=_("Share of the training images that is kept to check the network with. 0: none."),
        )
        if share:
            fields.number(
                "patience",
                _("Patience"),
                1,
                placeholder=_("endless"),
                help=_("Stop early after so many epochs without improvement on the validation images. Empty: never."),
            )
        else:
            fields.changes["patience"] = None
    if share:
        with row():
            fields.choice("validation", _("Choice of the validation images"))
            fields.number(
                "min_delta",
                _("Smallest improvement"),
                0.0,
                10.0,
                step=0.001,
                help=_("What the validation loss must fall by to count as an improvement."),
            )

"""The whole toolbox of settings, in groups; a setting stands there only while it has an effect."""

import streamlit as st

from webapp.components.kept import kept, row
from webapp.i18n import gettext as _
from webapp.settings import image_examples as examples
from webapp.settings.fields import Fields

DISTORTION = 1.0
"""The strength that a recipe without distortions begins with when they are switched on."""


def toolbox(fields: Fields) -> None:
    """Show all settings beyond the few that a beginner sees."""
    fields.show("seed")
    _group(_("Training images"))
    _distortion(fields)
    fields.show("train_images", "shuffle", "sort_images")
    with row():
        fields.show("rare_digits", "not_digits")
    _added_images(fields)
    _group(_("Network"))
    fields.show("normalization", "activation", "init", "bias_init", "dropout", "batch_norm")
    _group(_("Loss"))
    fields.show("head", "label_smoothing")
    _group(_("Optimizer"))
    fields.show("optimizer", "momentum")
    with row():
        fields.show("beta1", "beta2")
    with row():
        fields.show("eps", "weight_decay")
    _group(_("Learning rate"))
    fields.show("schedule")
    with row():
        fields.show("schedule_drops")
        drops = _("What each drop multiplies the learning rate by.")
        left = _("The share of the learning rate that is left at the end.")
        fields.show("schedule_factor", help=drops if fields.changes["schedule"] == "step" else left)
    with row():
        fields.show("warmup", "schedule_unit")
    _group(_("Regularization"))
    with row():
        fields.show("l1", "l2")
    with row():
        fields.show("clip_norm", "ema_decay")
    fields.show("input_noise")
    _group(_("Validation and stopping"))
    with row():
        fields.show("validation_fraction", "patience")
    with row():
        fields.show("validation", "min_delta")


def _group(title: str) -> None:
    st.html(f'<h3 class="group">{title}</h3>')


def _distortion(fields: Fields) -> None:
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
        default = fields.recipe.distortion or DISTORTION
        strength = fields.ask("distortion", default, widget=st.slider)
        with place:
            examples.show(examples.distorted_digits(strength), _("Three digits, and eight distorted copies of each"))
            st.caption(
                _(
                    "On the left a digit as it is, then what the network sees instead, new in every epoch. So it can't "
                    "learn the images by heart: it learns what makes a 2 a 2, whoever writes it (Simard, Steinkraus "
                    "and Platt 2003)."
                )
            )
    else:
        fields.changes["distortion"] = 0.0


def _added_images(fields: Fields) -> None:
    if fields.changes["rare_digits"]:
        examples.show(examples.rare_ways(), _("Digits that are added"))
        st.caption(_("Such digits are added: slashed zeros, ones with a foot, crossed sevens."))
    if fields.changes["not_digits"]:
        examples.show(examples.no_digits(), _("Drawings that are added and show no digit"))
        st.caption(
            _(
                "Such drawings are added, and no digit is the right answer: else a network is sure of whatever it is "
                "shown (Hendrycks, Mazeika and Dietterich 2019)."
            )
        )

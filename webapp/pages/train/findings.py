"""What is found in a training, in words: what is seen, what it means, and what to try."""

import math

from mnist_core.training import diagnosis
from mnist_core.training.diagnosis import Finding
from webapp.i18n import gettext as _


def finding_text(finding: Finding) -> str:
    """Put a finding into one or two sentences, in the visitor's language."""
    text = _trouble_text(finding.kind) or _progress_text(finding.kind) or _layer_text(finding.kind)
    if finding.kind == diagnosis.STUCK and math.isclose(finding.numbers["chance"], math.log(10)):
        text = _(
            "The loss is stuck at {loss:.3f}, and pure guessing gives ln 10 = {chance:.3f}: nothing is learned yet. "
            "Try other initial weights or another learning rate."
        )
    return text.format(**finding.numbers)


def _trouble_text(kind: str) -> str | None:
    match kind:
        case diagnosis.DIVERGED:
            return _(
                "At step {step:,} the loss was no longer a finite number: the training has diverged. "
                "Try a learning rate ten times smaller."
            )
        case diagnosis.EXPLODES:
            return _(
                "The loss is {loss:.3g}, far above the {chance:.2f} of pure guessing: the steps are so large that they "
                "do harm. "
                "Try a learning rate ten times smaller."
            )
        case diagnosis.SORTED:
            return _(
                "The images come in the order of their digits, so the network just repeats the digit of the moment: an "
                "accuracy of {accuracy:.0%} means nothing here. Shuffle the images."
            )
        case diagnosis.NOT_SHUFFLED:
            return _(
                "{train:.0%} right in training but {validation:.0%} on the validation images: without shuffling, the "
                "network forgets old digits while it sees new ones. Shuffle the images."
            )
        case diagnosis.STUCK:
            return _(
                "The loss is stuck at {loss:.3f}, and pure guessing gives {chance:.3f}: nothing is learned yet. Try "
                "other initial weights or another learning rate."
            )
        case diagnosis.CHANCE_ACCURACY:
            return _(
                "{accuracy:.0%} right is no better than guessing, and the loss of {loss:.3g} does not help: the steps "
                "are probably too large. Try a learning rate ten times smaller."
            )
        case diagnosis.RISES:
            return _(
                "The loss had come down to {lowest:.3g} and is back at {loss:.3g}: the network loses what it had "
                "learned. Try a smaller learning rate."
            )
        case diagnosis.OSCILLATES:
            return _(
                "The loss jumps up and down around {loss:.2g}: the steps are so large that they overshoot. Try a "
                "learning rate a few times smaller."
            )
        case diagnosis.BAD_START:
            return _(
                "The loss began at {first:.3g}, far above the {chance:.2f} of guessing: the initial weights or the "
                "inputs are too large, and much time goes into repairing that. Try He initialization and pixels from "
                "0 to 1."
            )
        case diagnosis.SLOW:
            return _(
                "After {steps:,} steps the loss has only gone from {first:.2f} to {loss:.2f}: the network learns very "
                "slowly. Try a learning rate ten times larger."
            )
        case diagnosis.MEMORIZED:
            return _(
                "{train:.1%} right on the training images but {validation:.1%} on new ones: the network has learned "
                "its images by heart. Try more images, distorted ones, or a smaller network."
            )
        case diagnosis.OVERFITTING:
            return _(
                "Validation loss has not fallen for {epochs} epochs, while training loss goes on falling: overfitting. "
                "The best network so far is that of epoch {best}, and it is kept."
            )
        case diagnosis.UNDERFITTING:
            return _(
                "{train:.0%} right in training and {validation:.0%} on new images, both low: underfitting. Try a "
                "larger network, more epochs, or a larger learning rate."
            )
        case _:
            return None


def _progress_text(kind: str) -> str | None:
    match kind:
        case diagnosis.TOO_EARLY:
            return _("The training has only begun: after {steps:,} steps it is too early to say anything.")
        case diagnosis.LEARNS_FAST:
            return _(
                "It learns fast: within {steps:,} steps the loss fell from {first:.2f} to {loss:.2f}, and "
                "{accuracy:.0%} of the digits are read correctly."
            )
        case diagnosis.LEARNS:
            return _(
                "It learns: the loss went from {first:.2f} to {loss:.2g}, and {accuracy:.1%} of the training digits "
                "are read correctly."
            )
        case diagnosis.IMPROVING:
            return _("It is still getting better: after epoch {epoch} the loss, {loss:.3g}, is the lowest so far.")
        case diagnosis.PLATEAU:
            return _(
                "The loss has stayed near {loss:.3g} for {epochs} epochs: a plateau. A learning rate that decays, "
                "or a larger network, may lead further."
            )
        case diagnosis.STILL_IMPROVING:
            return _(
                "{accuracy:.1%} right, and the last of {epochs} epochs was clearly the best: more epochs would help."
            )
        case diagnosis.STOPPED_EARLY:
            return _(
                "Stopped early, since {epochs} epochs brought no improvement. The network of epoch {best} is kept."
            )
        case diagnosis.FINISHED_WELL:
            return _("Finished well: {accuracy:.1%} right after {epochs} epochs.")
        case _:
            return None


def _layer_text(kind: str) -> str:
    match kind:
        case diagnosis.NOT_FINITE:
            return _(
                "Layer {layer} has numbers that are not finite: the training has diverged. Try a smaller learning rate."
            )
        case diagnosis.ZERO_WEIGHTS:
            return _(
                "All weights of layer {layer} are 0: its units all do the same, and no gradient tells them apart. "
                "Begin with random weights, such as He initialization."
            )
        case diagnosis.DEAD:
            return _(
                "{share:.0%} of the units in layer {layer} are dead: they give 0 for every image, so they can't learn "
                "any more. Try a smaller learning rate, He initialization, or Leaky ReLU."
            )
        case diagnosis.SATURATED:
            return _(
                "{share:.0%} of the outputs in layer {layer} are saturated: they stand at the flat ends of their "
                "function, where hardly any gradient comes through. Try smaller inputs or smaller initial weights."
            )
        case diagnosis.EXPLODING_GRADIENTS:
            return _(
                "Exploding gradients: in layer {layer} they are about {rms:.2g}, and steps become far too large. Try "
                "smaller initial weights, scaled inputs, or gradient clipping."
            )
        case diagnosis.VANISHING_GRADIENTS:
            return _(
                "Vanishing gradients: about {rms:.1g} in layer {layer}, {last:.1g} in the last one, so layer {layer} "
                "hardly learns. Try ReLU with He initialization, or fewer layers."
            )
        case diagnosis.HEALTHY_LAYER:
            return _("Healthy: the outputs differ from image to image, and the gradient arrives.")
        case _:
            raise ValueError(f"{kind!r} is no kind of finding")

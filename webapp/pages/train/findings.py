"""What is found in a training, in words: what is seen, what it means, and what to try."""

import html
import math

from mnist_core.training import diagnosis
from mnist_core.training.diagnosis import Finding, diagnose
from webapp.i18n import N_, gettext
from webapp.runs.records import numbers
from webapp.runs.snapshot import ACTIVE, Snapshot

TEXTS = {
    diagnosis.DIVERGED: N_(
        "At step {step:,} the loss was no longer a finite number: the training has diverged. "
        "Try a learning rate ten times smaller."
    ),
    diagnosis.EXPLODES: N_(
        "The loss is {loss:.3g}, far above the {chance:.2f} of pure guessing: the steps are so large that they "
        "do harm. "
        "Try a learning rate ten times smaller."
    ),
    diagnosis.SORTED: N_(
        "The images come in the order of their digits, so the network just repeats the digit of the moment: an "
        "accuracy of {accuracy:.0%} means nothing here. Shuffle the images."
    ),
    diagnosis.NOT_SHUFFLED: N_(
        "{train:.0%} right in training but {validation:.0%} on the validation images: without shuffling, the "
        "network forgets old digits while it sees new ones. Shuffle the images."
    ),
    diagnosis.STUCK: N_(
        "The loss is stuck at {loss:.3f}, and pure guessing gives {chance:.3f}: nothing is learned yet. Try "
        "other initial weights or another learning rate."
    ),
    diagnosis.CHANCE_ACCURACY: N_(
        "{accuracy:.0%} right is no better than guessing, and the loss of {loss:.3g} does not help: the steps "
        "are probably too large. Try a learning rate ten times smaller."
    ),
    diagnosis.RISES: N_(
        "The loss had come down to {lowest:.3g} and is back at {loss:.3g}: the network loses what it had "
        "learned. Try a smaller learning rate."
    ),
    diagnosis.OSCILLATES: N_(
        "The loss jumps up and down around {loss:.2g}: the steps are so large that they overshoot. Try a "
        "learning rate a few times smaller."
    ),
    diagnosis.BAD_START: N_(
        "The loss began at {first:.3g}, far above the {chance:.2f} of guessing: the initial weights or the "
        "inputs are too large, and much time goes into repairing that. Try He initialization and pixels from "
        "0 to 1."
    ),
    diagnosis.SLOW: N_(
        "After {steps:,} steps the loss has only gone from {first:.2f} to {loss:.2f}: the network learns very "
        "slowly. Try a learning rate ten times larger."
    ),
    diagnosis.MEMORIZED: N_(
        "{train:.1%} right on the training images but {validation:.1%} on new ones: the network has learned "
        "its images by heart. Try more images, distorted ones, or dropout."
    ),
    diagnosis.OVERFITTING: N_(
        "Validation loss has not fallen for {epochs} epochs, while training loss goes on falling: overfitting. "
        "The best network so far is that of epoch {best}, and it is kept."
    ),
    diagnosis.UNDERFITTING: N_(
        "{train:.0%} right in training and {validation:.0%} on new images, both low: underfitting. Try a "
        "larger network, more epochs, or a larger learning rate."
    ),
    diagnosis.TOO_EARLY: N_("The training has only begun: after {steps:,} steps it is too early to say anything."),
    diagnosis.LEARNS_FAST: N_(
        "It learns fast: within {steps:,} steps the loss fell from {first:.2f} to {loss:.2f}, and "
        "{accuracy:.0%} of the digits are read correctly."
    ),
    diagnosis.LEARNS: N_(
        "It learns: the loss went from {first:.2f} to {loss:.2g}, and {accuracy:.1%} of the training digits "
        "are read correctly."
    ),
    diagnosis.IMPROVING: N_(
        "It is still getting better: after epoch {epoch} the loss, {loss:.3g}, is the lowest so far."
    ),
    diagnosis.PLATEAU: N_(
        "The loss has stayed near {loss:.3g} for {epochs} epochs: a plateau. A learning rate that decays, "
        "or a larger network, may lead further."
    ),
    diagnosis.LAST_PLATEAU: N_(
        "The loss has stayed near {loss:.3g} for {epochs} epochs: a plateau. A larger network may lead further."
    ),
    diagnosis.STILL_IMPROVING: N_(
        "{accuracy:.1%} right, and the last of {epochs} epochs was clearly the best: more epochs would help."
    ),
    diagnosis.STOPPED_EARLY: N_(
        "Stopped early, since {epochs} epochs brought no improvement. The network of epoch {best} is kept."
    ),
    diagnosis.FINISHED_WELL: N_("Well trained: {accuracy:.1%} right after its best epoch, {best}."),
    diagnosis.NOT_FINITE: N_(
        "Layer {layer} has numbers that are not finite: the training has diverged. Try a smaller learning rate."
    ),
    diagnosis.ZERO_WEIGHTS: N_(
        "All weights of layer {layer} are 0: its units all do the same, and no gradient tells them apart. "
        "Begin with random weights, such as He initialization."
    ),
    diagnosis.DEAD: N_(
        "{share:.0%} of the units in layer {layer} are dead: they give 0 for every image, so they can't learn "
        "any more. Try a smaller learning rate, He initialization, or Leaky ReLU."
    ),
    diagnosis.SATURATED: N_(
        "{share:.0%} of the outputs in layer {layer} are saturated: they stand at the flat ends of their "
        "function, where hardly any gradient comes through. Try smaller inputs or smaller initial weights."
    ),
    diagnosis.EXPLODING_GRADIENTS: N_(
        "Exploding gradients: in layer {layer} they are about {rms:.2g}, and steps become far too large. Try "
        "smaller initial weights, scaled inputs, or gradient clipping."
    ),
    diagnosis.VANISHING_GRADIENTS: N_(
        "Vanishing gradients: about {rms:.1g} in layer {layer}, {last:.1g} in the last one, so layer {layer} "
        "hardly learns. Try ReLU with He initialization, or fewer layers."
    ),
    diagnosis.HEALTHY_LAYER: N_("healthy. The outputs differ from image to image, and the gradient arrives."),
}
"""One or two sentences for each kind of finding, with places for its numbers."""

STUCK_AT_LN_10 = N_(
    "The loss is stuck at {loss:.3f}, and pure guessing gives ln 10 = {chance:.3f}: nothing is learned yet. "
    "Try other initial weights or another learning rate."
)

QUEUED = N_("It begins by itself as soon as another training is over. You may leave this page meanwhile.")
STOPPED_ON_THE_WAY = N_(
    "{accuracy:.1%} right after epoch {best}, then it was stopped. More epochs would probably help."
)


def finding_text(finding: Finding, stopped: bool = False) -> str:
    """Put a finding into one or two sentences, in the visitor's language.

    Args:
        finding: what was found.
        stopped: whether somebody ended the training before its time.

    Raises:
        KeyError: if there is no such kind of finding.
    """
    text = TEXTS[finding.kind]
    if finding.kind == diagnosis.STUCK and math.isclose(finding.numbers["chance"], math.log(10)):
        text = STUCK_AT_LN_10
    if stopped and finding.kind == diagnosis.FINISHED_WELL and finding.numbers["best"] == finding.numbers["epochs"]:
        text = STOPPED_ON_THE_WAY
    return gettext(text).format(**finding.numbers)


def finding_html(snapshot: Snapshot) -> str:
    """Read a run's curves, and return in HTML what is to be said of them first; nothing before its first step.

    Of a run that waits for others: that it need not be waited for.
    """
    if snapshot.state == "queued":
        return f'<p class="finding">{html.escape(gettext(QUEUED))}</p>'
    records = snapshot.records
    diverged = "diverged" in records.end
    if not (snapshot.step or diverged):
        return ""
    finding = diagnose(
        snapshot.recipe,
        snapshot.steps_per_epoch,
        numbers(records.loss),
        numbers(records.accuracy),
        records.epochs,
        records.layers,
        over=snapshot.state not in ACTIVE,
        diverged=diverged,
    )[0]
    kind = "finding problem" if finding.is_problem else "finding"
    return f'<p class="{kind}">{html.escape(finding_text(finding, snapshot.state == "stopped"))}</p>'

"""What is said of each failure of the lab: before it, of its cause and its remedy, and of what was seen."""

from dataclasses import dataclass

from webapp.i18n import gettext as _
from webapp.runs.records import Records


@dataclass(frozen=True)
class FailureText:
    """The texts of a failure, translated.

    Attributes:
        label: its name in a word or two.
        title: its name.
        expect: what to look for, before it is started.
        why: what goes wrong.
        remedy: what the remedy changes, and why that helps.
        verdict: a sentence about both runs, with places for their last figures, see `verdict`.
    """

    label: str
    title: str
    expect: str
    why: str
    remedy: str
    verdict: str


def failure_text(key: str) -> FailureText:
    """Return the texts of a failure.

    Args:
        key: of one of `FAILURES`.

    Raises:
        KeyError: if there is no such failure.
    """
    texts = {
        "zero-init": FailureText(
            label=_("Zero weights"),
            title=_("All weights zero"),
            expect=_(
                "The loss stays at 2.30. That is ln 10, the loss of a network that gives each of the ten digits the "
                "same probability. About one image in ten is read correctly, and training changes nothing."
            ),
            why=_(
                "The hidden units receive zeros and hand on zeros. The gradient of a weight is what comes in times "
                "what comes back, and here one of the two is always 0: no weight ever moves. Only the biases of the "
                "ten outputs learn how frequent each digit is. Equal weights other than zero would hardly be better: "
                "all units of a layer would get the same gradient, and remain copies of a single one."
            ),
            remedy=_(
                "He's initial weights are small random numbers, drawn from N(0, 2/n) for a unit with n inputs. Now "
                "every unit begins differently, and gets a gradient of its own. The 2/n keeps the signals about "
                "equally strong from layer to layer."
            ),
            verdict=_(
                "With zeros the loss ended at {failed_loss:.2f}, and {failed:.1%} of the validation images were read "
                "correctly. With random weights: {mended_loss:.2f} and {mended:.1%}."
            ),
        ),
        "large-learning-rate": FailureText(
            label=_("Huge learning rate"),
            title=_("Learning rate far too large"),
            expect=_(
                "Within the first ten steps the loss shoots up to a few thousand. Then it settles a little "
                "above 2.30, the loss of a network that only guesses, and stays there for good."
            ),
            why=_(
                "The gradient points downhill only at the place where you stand. A step W ← W − 10 · gradient "
                "leaps over the valley and lands higher on the other side, where the gradient is larger still. After "
                "a few such leaps nearly all hidden ReLUs output 0 for every image. Then no gradient comes back "
                "through them either: they are dead."
            ),
            remedy=_(
                "A learning rate a hundred times smaller. Each step stays so short that the gradient still holds at "
                "its end, and so the loss goes down."
            ),
            verdict=_(
                "With the large learning rate the loss rose to {failed_top:,.0f}, and at the end {failed:.1%} of the "
                "validation images were read correctly. With the small one: {mended:.1%}."
            ),
        ),
        "raw-pixels": FailureText(
            label=_("Raw pixels"),
            title=_("Raw pixels into sigmoids"),
            expect=_(
                "The loss jumps up and down and hardly falls. About half of the images are read correctly at best, "
                "where the same network could read 19 of 20."
            ),
            why=_(
                "A pixel is a number from 0 to 255, and a unit adds up 784 of them, each times its weight: sums of "
                "±100. But a sigmoid σ only lives between about −5 and 5; beyond that it stands at 0 or 1, and its "
                "slope σ(1 − σ) is almost 0. So the first layer gets nearly no gradient. The little that does come "
                "through is multiplied by up to 255, and throws the weights about."
            ),
            remedy=_(
                "Each pixel is divided by 255. The sums now lie around ±1, where the sigmoid is steepest, and every "
                "weight gets a gradient that it can use."
            ),
            verdict=_(
                "With raw pixels, {failed:.1%} of the validation images were read correctly at the end. With pixels "
                "between 0 and 1, it was {mended:.1%}."
            ),
        ),
        "wide-init": FailureText(
            label=_("N(0, 1) with Adam"),
            title=_("Weights from N(0, 1), with Adam"),
            expect=_(
                "The loss begins in the thousands, where a network that merely guesses has 2.3. Adam brings it down, "
                "but too slowly: at the end 10 to 30 of 100 images are still misread. A milder failure than the "
                "others, since this network does learn."
            ),
            why=_(
                "A sum of n inputs with weights from N(0, 1) is about √n times as large as one input. Three hidden "
                "layers multiply that up, and wrong answers are given with absolute certainty. Adam divides every "
                "gradient by its own usual size: so a weight moves by about the learning rate, 0.001, in a step, "
                "however wrong it is. Weights that are twenty times too large need very many such steps."
            ),
            remedy=_(
                "He's initial weights, from N(0, 2/n): with 784 inputs their deviation is 0.05 instead of 1. Sums "
                "are then as large as the inputs, through any number of layers, and Adam's small steps are enough."
            ),
            verdict=_(
                "From N(0, 1) the loss began at {failed_first:,.0f} and ended at {failed_loss:.2f}, and {failed:.1%} "
                "of the validation images were read correctly. From He's weights: {mended_loss:.2f} and {mended:.1%}."
            ),
        ),
        "no-shuffling": FailureText(
            label=_("No shuffling"),
            title=_("Images sorted by digit"),
            expect=_(
                "On the training images (dotted) the accuracy looks brilliant, nearly 100%, and the loss is near 0. On "
                "the validation images (solid) 10% to 30% are correct, and the loss is above the 2.3 of guessing."
            ),
            why=_(
                "First come all zeros, then all ones, and so on. For some 80 steps the right answer is the same, "
                "and the quickest way to a low loss is to answer it whatever is shown. With the next digit this is "
                "unlearned again. The gradient of a batch only points the right way if the batch is a random sample "
                "of all images."
            ),
            remedy=_(
                "The same images, but in a new random order in every epoch. Now each batch holds all ten digits, and "
                "what helps with it helps with all of them."
            ),
            verdict=_(
                "Sorted: {failed_train:.1%} correct on the training images in passing, but {failed:.1%} on the "
                "validation images. Shuffled: {mended_train:.1%} and {mended:.1%}."
            ),
        ),
        "squared-error": FailureText(
            label=_("Squared error"),
            title=_("Sigmoids with squared error"),
            expect=_(
                "The loss falls a little and then stays at about 0.4 or 0.5. Only 10 to 30 of 100 images are "
                "read correctly. Compare the accuracies: the two losses are measured in different units."
            ),
            why=_(
                "To show it plainly, both runs begin with weights that are too large: outputs that are quite sure, "
                "and mostly wrong. The gradient of the squared error is (σ − t) · σ(1 − σ), with the output σ and "
                "the right answer t. The last factor is the slope of the sigmoid, almost 0 for a sure output, also "
                "for one that is surely wrong. Where there is most to learn, the network learns least."
            ),
            remedy=_(
                "With the cross-entropy that factor cancels: its gradient is σ − t, largest where the output is most "
                "wrong. With good initial weights the squared error is merely slower: 94% against 97% in the same "
                "time."
            ),
            verdict=_(
                "With the squared error {failed:.1%} of the validation images were read correctly at the end, with "
                "the cross-entropy {mended:.1%}."
            ),
        ),
        "few-images": FailureText(
            label=_("Few images"),
            title=_("10,000 weights, 100 images"),
            expect=_(
                "Soon all 100 training images are read correctly (dotted). Of the validation images (solid), which "
                "the network has never learned from, only about 70%. The training loss goes to 0, the validation loss "
                "stays near 1."
            ),
            why=_(
                "10,345 weights and biases are enough to learn 100 images by heart: any chance spot that tells one "
                "of them from the others will do. That is overfitting. The sign of it is the gap between the two "
                "curves, and without validation images nobody would see it."
            ),
            remedy=_(
                "The same network with all training images. They are far too many to be learned by heart, so what "
                "pays is what all sevens have in common. The two curves run close together. (An epoch now has 540 "
                "times as many steps, so this run takes longer.)"
            ),
            verdict=_(
                "With 100 images: {failed_train:.1%} correct in training, {failed:.1%} on the validation images. With "
                "all images: {mended_train:.1%} and {mended:.1%}."
            ),
        ),
    }
    return texts[key]


def verdict(key: str, failed: Records, mended: Records) -> str:
    """Describe what was seen, with the figures of the last epoch of both runs.

    Args:
        key: of one of `FAILURES`.
        failed: of the run that was to fail, when it is over.
        mended: of the run with the remedy, likewise.
    """
    if not failed.epochs or not mended.epochs:
        return _("One of the runs ended before its first epoch: there is nothing to compare.")
    last_failed, last_mended = failed.epochs[-1], mended.epochs[-1]
    return failure_text(key).verdict.format(
        failed=last_failed.validation_accuracy,
        mended=last_mended.validation_accuracy,
        failed_train=last_failed.train_accuracy,
        mended_train=last_mended.train_accuracy,
        failed_loss=last_failed.validation_loss,
        mended_loss=last_mended.validation_loss,
        failed_first=failed.loss[0],
        failed_top=max(failed.loss),
    )

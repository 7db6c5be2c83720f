"""The failure lab's experiments: trainings that go wrong, each with the one setting that mends it and what is said."""

from dataclasses import dataclass, replace
from typing import Any

from mnist_core.recipes.presets import QUICK
from mnist_core.recipes.recipe import Recipe
from webapp.i18n import N_, gettext
from webapp.runs.records import Records

BASE = replace(
    QUICK,
    source="this project: failure lab",
    hidden_sizes=(128,),
    optimizer="sgd",
    schedule="constant",
    epochs=8,
)
"""What works: as plain as possible, so that a failure has one cause. It reaches 97% in a few seconds."""


@dataclass(frozen=True)
class Failure:
    """A training that fails, what mends it, and the texts about both in English: whoever shows one calls `gettext`.

    Attributes:
        key: names it in the URL.
        recipe: of the run that fails.
        cure: what the remedy changes, by the names of the settings.
        label: its name in a word or two.
        title: its name.
        setup: what is done differently.
        guesses: what might happen, for whoever wants to guess before it is started.
        right: which of them does happen, counted from 0.
        expect: what to look for.
        why: what goes wrong.
        why_cure: what the remedy changes, and why that helps.
        seen: a sentence about both runs, with places for their last figures, see `verdict`.
    """

    key: str
    recipe: Recipe
    cure: dict[str, Any]
    label: str
    title: str
    setup: str
    guesses: tuple[str, str, str]
    right: int
    expect: str
    why: str
    why_cure: str
    seen: str

    @property
    def remedy(self) -> Recipe:
        """The recipe of the run that does not fail."""
        return replace(self.recipe, **self.cure)


def verdict(failure: Failure, failed: Records, mended: Records) -> str:
    """Describe what was seen, with the figures of the last epoch of both runs, in the visitor's language.

    Args:
        failure: what was tried.
        failed: of the run that was to fail, when it is over.
        mended: of the run with the remedy, likewise.
    """
    if not failed.epochs or not mended.epochs:
        return gettext(N_("One of the runs ended before its first epoch: there is nothing to compare."))
    last_failed, last_mended = failed.epochs[-1], mended.epochs[-1]
    return gettext(failure.seen).format(
        failed=last_failed.validation_accuracy,
        mended=last_mended.validation_accuracy,
        failed_train=last_failed.train_accuracy,
        mended_train=last_mended.train_accuracy,
        failed_loss=last_failed.validation_loss,
        mended_loss=last_mended.validation_loss,
        failed_first=failed.loss[0],
        failed_top=max(failed.loss),
    )


# The sizes and learning rates are those with which failure and remedy lay far apart for each of five seeds on MNIST.
FAILURES = (
    Failure(
        key="zero-init",
        recipe=replace(BASE, init="zeros"),
        cure={"init": "he"},
        label=N_("Zero weights"),
        title=N_("All weights zero"),
        setup=N_("Every weight of the network begins at 0, instead of at a small random number."),
        guesses=(
            N_("It learns a little more slowly, but it gets there."),
            N_("It learns nothing: it reads one image in ten, as if it guessed."),
            N_("It learns faster, since there is nothing wrong to unlearn."),
        ),
        right=1,
        expect=N_(
            "The loss stays at 2.30. That is ln 10, the loss of a network that gives each of the ten digits the "
            "same probability. About one image in ten is read correctly, and training changes nothing."
        ),
        why=N_(
            "The hidden units receive zeros and hand on zeros. The gradient of a weight is what comes in times "
            "what comes back, and here one of the two is always 0: no weight ever moves. Only the biases of the "
            "ten outputs learn how frequent each digit is. Equal weights other than zero would hardly be better: "
            "all units of a layer would get the same gradient, and remain copies of a single one."
        ),
        why_cure=N_(
            "He's initial weights are small random numbers: a bell curve around 0, N(0, 2/n), with the variance 2/n "
            "for a unit with n inputs. Now every unit begins differently, and gets a gradient of its own. The 2/n "
            "keeps the signals about equally strong from layer to layer."
        ),
        seen=N_(
            "With zeros the loss ended at {failed_loss:.2f}, and {failed:.1%} of the validation images were read "
            "correctly. With random weights: {mended_loss:.2f} and {mended:.1%}."
        ),
    ),
    Failure(
        key="large-learning-rate",
        recipe=replace(BASE, learning_rate=10.0),
        cure={"learning_rate": 0.1},
        label=N_("Huge learning rate"),
        title=N_("Learning rate far too large"),
        setup=N_("Each step changes the weights a hundred times as much as usual."),
        guesses=(
            N_("Within ten steps the loss shoots up, and from then on the network only guesses."),
            N_("It learns a hundred times as fast."),
            N_("The loss jumps about for a while, but in the end the network reads well."),
        ),
        right=0,
        expect=N_(
            "Within the first ten steps the loss shoots up to a few thousand; the smoothed curve shows less. Then it "
            "settles a little above 2.30, the loss of a network that only guesses, and stays there for good."
        ),
        why=N_(
            "The gradient points downhill only at the place where you stand. A step W ← W − 10 · gradient "
            "leaps over the valley and lands higher on the other side, where the gradient is larger still. After "
            "a few such leaps nearly all hidden ReLUs output 0 for every image. Then no gradient comes back "
            "through them either: they are dead."
        ),
        why_cure=N_(
            "A learning rate a hundred times smaller. Each step stays so short that the gradient still holds at "
            "its end, and so the loss goes down."
        ),
        seen=N_(
            "With the large learning rate the loss rose to {failed_top:,.0f}, and at the end {failed:.1%} of the "
            "validation images were read correctly. With the small one: {mended:.1%}."
        ),
    ),
    Failure(
        key="raw-pixels",
        recipe=replace(
            BASE, hidden_sizes=(30,), activation="sigmoid", learning_rate=0.5, epochs=15, normalization="raw"
        ),
        cure={"normalization": "unit"},
        label=N_("Raw pixels"),
        title=N_("Raw pixels into sigmoids"),
        setup=N_("The pixels stay numbers from 0 to 255. Usually they are divided by 255 first."),
        guesses=(
            N_("Nothing changes: the pictures are the same."),
            N_("The loss grows beyond all bounds."),
            N_("It struggles: the loss jumps about, and at best about half of the images are read."),
        ),
        right=2,
        expect=N_(
            "The loss jumps up and down and hardly falls. About half of the images are read correctly at best, "
            "where the same network could read 19 of 20."
        ),
        why=N_(
            "A pixel is a number from 0 to 255, and a unit adds up 784 of them, each times its weight: sums of "
            "±100. But a sigmoid σ only lives between about −5 and 5; beyond that it stands at 0 or 1, and its "
            "slope σ(1 − σ) is almost 0. So the first layer gets nearly no gradient. The little that does come "
            "through is multiplied by up to 255, and throws the weights about."
        ),
        why_cure=N_(
            "Each pixel is divided by 255. The sums now lie around ±1, where the sigmoid is steepest, and every "
            "weight gets a gradient that it can use."
        ),
        seen=N_(
            "With raw pixels, {failed:.1%} of the validation images were read correctly at the end. With pixels "
            "between 0 and 1, it was {mended:.1%}."
        ),
    ),
    Failure(
        key="wide-init",
        recipe=replace(BASE, hidden_sizes=(64, 64, 64), optimizer="adam", learning_rate=0.001, init="standard-normal"),
        cure={"init": "he"},
        label=N_("Huge weights"),
        title=N_("Weights far too large"),
        setup=N_("The weights begin as random numbers, but about twenty times too large."),
        guesses=(
            N_("It learns nothing at all."),
            N_("It begins terribly wrong, and improves too slowly: in the end it misreads 10 to 30 of 100."),
            N_("After a moment it reads as well as with small weights."),
        ),
        right=1,
        expect=N_(
            "The loss begins in the thousands, where a network that merely guesses has 2.3. Adam brings it down, "
            "but too slowly: at the end 10 to 30 of 100 images are still misread. A milder failure than the "
            "others, since this network does learn."
        ),
        why=N_(
            "The weights are drawn from N(0, 1): a bell curve around 0 with the deviation 1. A sum of n inputs with "
            "such weights is about √n times as large as one input. Three hidden layers multiply that up, and wrong "
            "answers are given with absolute certainty. The optimizer Adam divides every gradient by its own usual "
            "size: so a weight moves by about the learning rate, 0.001, in a step, however wrong it is. Weights that "
            "are twenty times too large need very many such steps."
        ),
        why_cure=N_(
            "He's initial weights, from N(0, 2/n): with 784 inputs their deviation is 0.05 instead of 1. Sums "
            "are then as large as the inputs, through any number of layers, and Adam's small steps are enough."
        ),
        seen=N_(
            "With the large weights the loss began at {failed_first:,.0f} and ended at {failed_loss:.2f}, and "
            "{failed:.1%} of the validation images were read correctly. With He's weights: {mended_loss:.2f} and "
            "{mended:.1%}."
        ),
    ),
    Failure(
        key="no-shuffling",
        recipe=replace(BASE, sort_images=True, shuffle=False),
        cure={"shuffle": True},
        label=N_("No shuffling"),
        title=N_("Images sorted by digit"),
        setup=N_("The training images come in order: first all zeros, then all ones, and at last all nines."),
        guesses=(
            N_("The order makes no difference: it sees the same images."),
            N_("It learns better: one digit after the other, as at school."),
            N_("In training it looks brilliant, but it fails on images that it has not learned."),
        ),
        right=2,
        expect=N_(
            "On the training images (dotted) the accuracy looks brilliant, nearly 100%, and the loss is near 0. On "
            "the validation images (solid) 10% to 30% are correct, and the loss is above the 2.3 of guessing."
        ),
        why=N_(
            "First come all zeros, then all ones, and so on. For some 80 steps the right answer is the same, "
            "and the quickest way to a low loss is to answer it whatever is shown. With the next digit this is "
            "unlearned again. The gradient of a batch only points the right way if the batch is a random sample "
            "of all images."
        ),
        why_cure=N_(
            "The same images, but in a new random order in every epoch. Now each batch holds all ten digits, and "
            "what helps with it helps with all of them."
        ),
        seen=N_(
            "Sorted: {failed_train:.1%} correct on the training images in passing, but {failed:.1%} on the "
            "validation images. Shuffled: {mended_train:.1%} and {mended:.1%}."
        ),
    ),
    Failure(
        key="squared-error",
        # Outputs that are sure and wrong: where the two losses differ most.
        recipe=replace(BASE, init="standard-normal", head="squared-error"),
        cure={"head": "sigmoid"},
        label=N_("Squared error"),
        title=N_("Sigmoids with squared error"),
        setup=N_(
            "The network begins with answers that are very sure and mostly wrong. The squared error tells it how wrong."
        ),
        guesses=(
            N_("It keeps its wrong answers: in the end it reads only 10 to 30 of 100."),
            N_("The larger the mistake, the faster it learns: it catches up quickly."),
            N_("It reads as well as with any other loss."),
        ),
        right=0,
        expect=N_(
            "The loss falls a little and then stays at about 0.4 or 0.5. Only 10 to 30 of 100 images are "
            "read correctly. Compare the accuracies: the two losses are measured in different units."
        ),
        why=N_(
            "To show it plainly, both runs begin with weights that are too large: outputs that are quite sure, "
            "and mostly wrong. The gradient of the squared error is (σ − t) · σ(1 − σ), with the output σ and "
            "the right answer t. The last factor is the slope of the sigmoid, almost 0 for a sure output, also "
            "for one that is surely wrong. Where there is most to learn, the network learns least."
        ),
        why_cure=N_(
            "With the cross-entropy that factor cancels: its gradient is σ − t, largest where the output is most "
            "wrong. With good initial weights the squared error is merely slower: 94% against 97% in the same "
            "time."
        ),
        seen=N_(
            "With the squared error {failed:.1%} of the validation images were read correctly at the end, with "
            "the cross-entropy {mended:.1%}."
        ),
    ),
    Failure(
        key="few-images",
        recipe=replace(BASE, hidden_sizes=(13,), batch_size=20, epochs=40, train_images=100),
        cure={"train_images": None},
        label=N_("Few images"),
        title=N_("10,000 weights, 100 images"),
        setup=N_("A network with more than 10,000 weights learns from only 100 images."),
        guesses=(
            N_("100 images are too few to learn anything from."),
            N_("Soon it knows all 100 by heart, but of other images it reads only about 70%."),
            N_("It reads other images as well as its own 100."),
        ),
        right=1,
        expect=N_(
            "Soon all 100 training images are read correctly (dotted). Of the validation images (solid), which "
            "the network has never learned from, only about 70%. The training loss goes to 0, the validation loss "
            "stays near 1."
        ),
        why=N_(
            "10,345 weights and biases are enough to learn 100 images by heart: any chance spot that tells one "
            "of them from the others will do. That is overfitting. The sign of it is the gap between the two "
            "curves, and without validation images nobody would see it."
        ),
        why_cure=N_(
            "The same network with all training images. They are far too many to be learned by heart, so what "
            "pays is what all sevens have in common. The two curves run close together. (An epoch now has 540 "
            "times as many steps, so this run takes longer.)"
        ),
        seen=N_(
            "With 100 images: {failed_train:.1%} correct in training, {failed:.1%} on the validation images. With "
            "all images: {mended_train:.1%} and {mended:.1%}."
        ),
    ),
)

"""What each shipped recipe teaches, in the visitor's language."""

from webapp.formats import in_a_row
from webapp.i18n import gettext as _


def description(name: str) -> str:
    """Describe a recipe: what it teaches, what is odd about it, what was promised and what its code really gives.

    Raises:
        KeyError: if it has no description here.
    """
    full_batch = _(
        "Every step looks at all 60,000 images, so 2,400 steps take minutes. The pixels are not scaled, and numbers "
        "up to 255 drive the sigmoids to their ends, where they hardly learn (the tutorial's own sigmoid even "
        "overflows): the loss jumps from step to step, although no image is left to chance."
    )
    descriptions = {
        "quick": _(
            "A good one to begin with: in some ten seconds it reads 98% of the digits. One hidden layer, momentum, a "
            "learning rate that falls along a cosine."
        ),
        "accurate": _(
            "Our most accurate network within a minute: two hidden layers, 30 epochs, and a penalty on large weights."
        ),
        "handwriting": _(
            "The network of the drawing page, made for handwriting of all kinds: large layers, distorted images, and "
            "drawings that MNIST lacks. It trains for a quarter of an hour or more. For a first try, take quick, "
            "switch on “Distort the images” and give it 20 epochs: that is done in about a minute."
        ),
        "tanh-online": _(
            "Learning from one image at a time: 50,000 steps, each image once, in the order of the file. Single "
            "images disagree, so the loss of each step (the faint curve) jumps wildly while the mean falls. The "
            "tutorial lowers the learning rate only once, by a thousandth, which changes nothing that one could see. "
            "It reports no figure; its code reaches 91.2% on the test images."
        ),
        "sigmoid-full-batch": in_a_row(
            full_batch,
            _(
                "The tutorial reports 87.88%; its code reaches 88.9% on the test images. Its text speaks of 40 hidden "
                "units and a learning rate of 0.4, its code uses 10 and 0.04: this is the code."
            ),
        ),
        "sigmoid-full-batch-text": in_a_row(
            full_batch,
            _(
                "The tutorial's code uses 10 hidden units and a learning rate of 0.04, its text speaks of 40 and 0.4: "
                "this is the text. Here it reaches more than 94% on the test images, far above the published 87.88%."
            ),
        ),
        "dropout-mlp-sgd": _(
            "Dropout silences half of both hidden layers at random in every training step, but not when the "
            "validation images are read: so accuracy is higher there than in training. Plain SGD at this small "
            "learning rate is slow. The tutorial reports 87% on the validation images. Its code reaches 88.0% there "
            "and 87.4% on the test images, but forgets to switch dropout off when it reads, and so measures 79.8%."
        ),
        "dropout-mlp-adam": _(
            "The same network as dropout-mlp-sgd, at the same learning rate, but with Adam: see how much faster it "
            "learns. The tutorial reports 97% on the validation images. Its code reaches 97.7% there and on the test "
            "images, but forgets to switch dropout off when it reads, and so measures 95.6%."
        ),
        "classic-relu": _(
            "A sound classic: 128 ReLU units, He's initial weights, plain SGD with a cosine schedule, early stopping. "
            "The tutorial promises more than 95% on the test images (and shows 95.67%) and 98% on the training "
            "images; its code reaches 97.9% and 99.6%."
        ),
        "wide-adam": _(
            "A bad start: weights from the normal distribution with deviation 1 are far too large, so the loss begins "
            "above 100, and even Adam is thrown back. The tutorial promises “very good accuracy”, but its own loss "
            "turns into NaN in the first steps; computed stably, it reaches 93.3%. Choose He under “Initial weights” "
            "and compare."
        ),
    }
    return descriptions[name]

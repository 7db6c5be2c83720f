"""The exceptions that a caller may want to catch.

Every message says what was found, what was expected and what to do, so that the app and the command line can show it as
it is. Those of data sets and of weights come as a sentence with gaps, and what stands in the gaps, so that the app can
show them in other languages: the sentence is a plain string where the error is raised, and `make texts` finds it there.
(Pictures and recipes that are refused the app explains in words of its own.)
"""


class MnistCoreError(Exception):
    """Base of every error that this package raises on purpose.

    Attributes:
        template: the message in English, with gaps such as `{path}`; without values it is the whole message.
        values: what stands in the gaps; another error, too, which has a message of its own.
    """

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template)
        self.template = template
        self.values = values

    def __str__(self) -> str:
        """Return the message in English."""
        return self.template.format(**self.values) if self.values else self.template


class DataError(MnistCoreError):
    """A data set is missing, damaged, or not what it claims to be."""


class ImageError(MnistCoreError):
    """A picture cannot be read: its dtype, shape, size or file format is wrong."""


class RecipeError(MnistCoreError):
    """A setting of a recipe is out of range or contradicts another one."""


class WeightsError(MnistCoreError):
    """A file of weights or a checkpoint is damaged, hostile, or something else entirely."""


class DivergedError(MnistCoreError):
    """The loss of a training became infinite or NaN.

    Attributes:
        step: the update at which that happened, counted from 1.
        learning_rate: the learning rate of that update.
    """

    def __init__(self, step: int, learning_rate: float) -> None:
        super().__init__(
            f"training diverged: the loss was no longer a finite number at step {step} with learning rate "
            f"{learning_rate:g}. Try a learning rate ten times smaller, or another initialization."
        )
        self.step = step
        self.learning_rate = learning_rate

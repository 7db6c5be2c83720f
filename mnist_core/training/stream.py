"""Training as a stream of records: ask for the next one and one more step is taken; stop asking and it stops."""

from collections.abc import Iterator

from mnist_core.data.dataset import Dataset
from mnist_core.network import Network
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.loop import train_from
from mnist_core.training.records import Record
from mnist_core.training.split import make_split
from mnist_core.training.state import TrainingState, init_state


def train(
    recipe: Recipe, data: Dataset, *, begin_with: Network | None = None, validations_per_epoch: int = 1
) -> "Training":
    """Prepare a training; asking for its records carries it out.

    Args:
        recipe: the settings, with the seed: the same recipe and data give the same bits.
        data: what to learn from.
        begin_with: a trained network of the same layers, whose numbers are taken over; without it, the network begins
            with random weights.
        validations_per_epoch: see `train_from`.

    Returns:
        The training, at step 0.

    Raises:
        DataError: if the data set is too small to be split.
        RecipeError: if `begin_with` has other layers than the recipe.
    """
    state = init_state(recipe, begin_with=None if begin_with is None else begin_with.model)
    return Training(state, data, validations_per_epoch)


class Training(Iterator[Record]):
    """A training under way: an iterator of `StepEnd` after every update and `EpochEnd` after every epoch.

    Args:
        state: where to begin: of `init_state`, or of `load_checkpoint` to go on; changed in place.
        data: what to learn from.
        validations_per_epoch: see `train_from`.

    Attributes:
        state: where it stands: whole whenever a record was handed out, so it can be saved at any of them.
        data: as given.
        split: the images that it learns from, and those that it is validated with.
    """

    def __init__(self, state: TrainingState, data: Dataset, validations_per_epoch: int = 1) -> None:
        self.state = state
        self.data = data
        self.split = make_split(state.recipe, data)
        self._records = train_from(state, self.split, validations_per_epoch)

    def __next__(self) -> Record:
        """Train until the next record.

        Raises:
            DivergedError: if the loss is no longer a finite number.
        """
        return next(self._records)

    @property
    def recipe(self) -> Recipe:
        """The settings as they stand now."""
        return self.state.recipe

    def network(self, latest: bool = False) -> Network:
        """Build the network as it stands at this moment; the test images are left for the end.

        Args:
            latest: whether to take the newest weights; else the best so far by validation loss, if they were measured.
        """
        best = not latest and self.state.best is not None
        return Network(
            self.state.best_model() if best else self.state.current_model(),
            self.recipe,
            self.data.name,
            self.data.fingerprint,
            self.data.synthetic,
            validation_accuracy=self.state.best_accuracy if best else None,
        )

"""From a training to a network that can be used."""

from mnist_core.data.dataset import Dataset
from mnist_core.network import TrainedNetwork
from mnist_core.nn.metrics import evaluate
from mnist_core.training.state import Training


def finished_network(training: Training, dataset: Dataset) -> TrainedNetwork:
    """Take the best weights of a training, and measure them once on the test images.

    Args:
        training: at its end, or where it was stopped.
        dataset: what it was trained on.

    Returns:
        The network as it can be saved and used.
    """
    model, recipe = training.best_model(), training.recipe
    test = evaluate(model, recipe.head, recipe.normalization, dataset.test_images, dataset.test_labels)
    return TrainedNetwork(
        model,
        recipe,
        dataset.name,
        dataset.fingerprint,
        dataset.synthetic,
        None if training.best is None else training.best_accuracy,
        test.accuracy,
    )


def unfinished_network(training: Training, dataset: Dataset) -> TrainedNetwork:
    """Take the network of a training as it stands; the test images are left for its end.

    Args:
        training: at any record.
        dataset: what it is trained on.

    Returns:
        The network as it can be saved and used.
    """
    about = (dataset.name, dataset.fingerprint, dataset.synthetic)
    return TrainedNetwork(training.current_model(), training.recipe, *about, None, None)

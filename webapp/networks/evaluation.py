"""How the network of a run reads the test images, at this moment: calculated once for all visitors."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import streamlit as st

from mnist_core.data.dataset import Dataset
from mnist_core.errors import DataError, WeightsError
from mnist_core.network import Network
from mnist_core.nn.metrics import confusion_matrix
from webapp.datasets import data_name, dataset
from webapp.formats import in_a_row
from webapp.i18n import error_text
from webapp.i18n import gettext as _
from webapp.networks.file_cache import FileCache
from webapp.runs.snapshot import ACTIVE, Snapshot

LIVE_WORK, MAX_WORK = 3e9, 2e10
"""Images times parameters of one reading: less than a tenth of a second on an idle core while the network trains and
is read again every second, at most half a second for one that stays as it is (measured: 45e9 a second)."""
MIN_IMAGES = 100
MAX_BYTES = 200_000_000
"""Of all readings that are held ready: about 25 of 10,000 images each."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What a network read in the test images of a data set, or in some of them.

    Attributes:
        places: integer (N,), which of the test images were read.
        images: uint8 (N, 28, 28).
        labels: uint8 (N,), what they are.
        digits: integer (N,), what they were read as.
        probabilities: float32 (N, 10), rows that sum to 1, or are 0 if the network's numbers overflow.
        total: how many test images there are.
        data_name: of the data set.
        synthetic: whether its digits were drawn by code.
    """

    places: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    digits: np.ndarray
    probabilities: np.ndarray
    total: int
    data_name: str
    synthetic: bool

    @cached_property
    def confusion(self) -> np.ndarray:
        """How often each digit was read as each digit, see `confusion_matrix`."""
        return confusion_matrix(self.labels, self.digits)

    @cached_property
    def mistakes(self) -> np.ndarray:
        """The rows of all images that were read wrongly, the surest first: integer (M,)."""
        wrong = np.flatnonzero(self.digits != self.labels)
        return wrong[np.argsort(-self.probabilities[wrong, self.digits[wrong]], kind="stable")]


def read_test_images(network: Network, data: Dataset, max_work: float) -> Reading:
    """Read as many test images as a network can in a moment.

    Args:
        network: the network.
        data: whose test images are read.
        max_work: images times parameters; a large network reads fewer images, evenly spread over the file, since
            the first half of MNIST's is easier than the second. `MIN_IMAGES` are read in any case.
    """
    total = len(data.test_images)
    count = min(total, max(MIN_IMAGES, int(max_work / network.recipe.parameters)))
    places = np.linspace(0, total - 1, count).round().astype(int)
    images = data.test_images if count == total else data.test_images[places]
    with np.errstate(over="ignore", invalid="ignore"):  # a training that diverges has weights that overflow
        logits = network.logits(images)
        digits = logits.argmax(axis=1)  # as `Network.predict` does: probabilities may be equal by rounding
        probabilities = np.nan_to_num(network.probabilities(logits))
    labels = data.test_labels[places]
    return Reading(places, images, labels, digits, probabilities, total, data.name, data.synthetic)


def present_reading(snapshot: Snapshot) -> Reading | None:
    """Read the test images with a run's network as it is now; None, with a word on the page, if that fails."""
    path = snapshot.weights
    if path is None:
        st.info(_("The network is not there yet: this appears a few seconds after the training has begun."))
        return None
    try:
        work = LIVE_WORK if snapshot.state in ACTIVE else MAX_WORK
        return cached_reading(path, snapshot.job.data, work)
    except (DataError, WeightsError) as error:
        st.error(error_text(error), icon=":material/error:")
        return None


def describe_reading(reading: Reading) -> None:
    """Write which images were read, how well, and that they are not those of the training."""
    data = data_name(reading.data_name, reading.synthetic)
    right = 1 - len(reading.mistakes) / len(reading.labels)
    text = (
        _("The network as it is now reads {right:.2%} of the {count:,} test images of {data}.")
        if len(reading.labels) == reading.total
        else _(
            "The network as it is now reads {right:.2%} of {count:,} test images of {data}: it is large, so only "
            "some of the {total:,} are read, evenly spread."
        )
    )
    read = text.format(right=right, count=len(reading.labels), data=data, total=reading.total)
    honest = _("No training sees these images, and nothing is decided by them.")
    st.caption(in_a_row(read, honest))


def cached_reading(path: Path, data: str, max_work: float) -> Reading:
    """Read with the weights at `path` as `read_test_images` does, once for all visitors.

    Raises:
        DataError: if the data set can't be loaded.
        WeightsError: if the weights are not what they should be.
    """
    return _readings.get(path, lambda: read_test_images(Network.load(path), dataset(data), max_work), data, max_work)


def _size_of(reading: Reading) -> int:
    return sum(array.nbytes for array in (reading.images, reading.digits, reading.probabilities))


_readings = FileCache(MAX_BYTES, _size_of)

"""The one simple door: pixels in, digit out."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from mnist_core.losses import HEADS
from mnist_core.normalization import normalize
from mnist_core.preprocess import DEFAULT_STEPS, Stages, Steps, to_network_input
from mnist_core.weights import TrainedNetwork, load_weights

DEFAULT_WEIGHTS = Path(__file__).parent.parent / "weights" / "default.npz"


Certainty = Literal["sure", "unsure", "no digit"]


@dataclass(frozen=True, eq=False)
class Recognition:
    """What a network read in one drawing.

    Attributes:
        digit: the most probable digit; None when there is nothing to read.
        certainty: "sure", "unsure" between two digits, or "no digit" when no two of them stand out.
        probabilities: float32 (10,), they sum to 1; None when there is nothing to read.
        image: float32 (28, 28) in [0, 1], what the network saw; zeros when there is nothing to read.
        stages: the drawing on its way to that image.
    """

    digit: int | None
    certainty: Certainty
    probabilities: np.ndarray | None
    image: np.ndarray
    stages: Stages


class Recognizer:
    """Reads drawings of single digits. Loading takes a moment, reading a drawing about a millisecond.

    One recognizer may be used by several threads at once.

    Args:
        network: the network that reads.
        steps: how drawings are made ready for it.

    Example:
        >>> recognizer = Recognizer.load()
        >>> drawing = np.zeros((280, 280), np.uint8)
        >>> drawing[40:240, 130:150] = 255  # an upright stick
        >>> recognizer.recognize(drawing).digit
        1
    """

    def __init__(self, network: TrainedNetwork, steps: Steps = DEFAULT_STEPS) -> None:
        self.network = network
        self.steps = steps

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> "Recognizer":
        """Load a network from a file.

        Args:
            path: a file of weights; None for the one that ships with the product.

        Raises:
            WeightsError: if the file is not what it should be.
        """
        return cls(load_weights(DEFAULT_WEIGHTS if path is None else path))

    def recognize(self, pixels: np.ndarray) -> Recognition:
        """Read one drawing.

        Args:
            pixels: uint8 (H, W), (H, W, 3) or (H, W, 4), any size; see `preprocess.to_network_input`.

        Returns:
            The answer, with all that led to it.

        Raises:
            ImageError: if the array is not a picture.
        """
        return self.recognize_many([pixels])[0]

    def recognize_many(self, drawings: Sequence[np.ndarray]) -> list[Recognition]:
        """Read several drawings in one pass through the network.

        Args:
            drawings: each as for `recognize`; the sizes may differ.

        Returns:
            One recognition for each, in order.

        Raises:
            ImageError: if one of the arrays is not a picture.
        """
        stages = [to_network_input(pixels, self.steps) for pixels in drawings]
        if not stages:
            return []
        recipe = self.network.recipe
        x = normalize(np.stack([stage.centred for stage in stages]), recipe.normalization)  # (N, 784)
        logits = self.network.model.forward(x) / self.network.temperature  # (N, 10)
        rows = HEADS[recipe.head].probabilities(logits)
        return [
            Recognition(None, "no digit", None, stage.centred, stage)
            if stage.empty
            else Recognition(int(row.argmax()), self._certainty(row), row, stage.centred, stage)
            for stage, row in zip(stages, rows, strict=True)
        ]

    def _certainty(self, probabilities: np.ndarray) -> Certainty:
        second, first = np.sort(probabilities)[-2:]
        if first >= self.network.sure_from:
            return "sure"
        return "unsure" if first + second >= self.network.sure_from else "no digit"

"""The one simple door: pixels in, digit out."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mnist_core.imaging.photo import find_digits, find_rows, is_photo
from mnist_core.imaging.preprocess import (
    DEFAULT_OPTIONS,
    PreprocessOptions,
    PreprocessTrace,
    crop_to_ink,
    find_ink,
    stages_of_ink,
    to_grey,
    to_network_input,
)
from mnist_core.imaging.segmentation import Box, split_digits
from mnist_core.network import Network

Certainty = Literal["sure", "unsure", "no digit"]


@dataclass(frozen=True, eq=False)
class Recognition:
    """What a network read in one drawing.

    Attributes:
        digit: the most probable digit; None when there is nothing to read.
        certainty: "sure", "unsure" which digit it is, or "no digit" when it doesn't look like any.
        probabilities: float32 (10,), they sum to 1; None when there is nothing to read.
        logsumexp: log Σₖ e^zₖ over the logits z, see `Network.ood_threshold`; None when there is nothing to read.
        image: float32 (28, 28) in [0, 1], what the network saw; zeros when there is nothing to read.
        stages: the drawing on its way to that image.
    """

    digit: int | None
    certainty: Certainty
    probabilities: np.ndarray | None
    logsumexp: float | None
    image: np.ndarray
    stages: PreprocessTrace


@dataclass(frozen=True, eq=False)
class NumberPart:
    """One digit of a number.

    Attributes:
        box: where its ink is, in pixels of the drawing: `drawing[top:bottom, left:right]`.
        recognition: what was read there.
    """

    box: Box
    recognition: Recognition


class Recognizer:
    """Reads drawings of digits and numbers. Loading takes a moment, reading a drawing one or two milliseconds.

    One recognizer may be used by several threads at once.

    Args:
        network: the network that reads.
        options: how drawings are made ready for it.

    Example:
        >>> recognizer = Recognizer.load()
        >>> drawing = np.zeros((280, 280), np.uint8)
        >>> drawing[40:240, 130:150] = 255  # an upright stick
        >>> recognizer.recognize(drawing).digit
        1
    """

    def __init__(self, network: Network, options: PreprocessOptions = DEFAULT_OPTIONS) -> None:
        self.network = network
        self.options = options

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> "Recognizer":
        """Load a network from a file.

        Args:
            path: a file of weights; None for the one that ships with the product.

        Raises:
            WeightsError: if the file is not what it should be.
        """
        return cls(Network.load(path))

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
        return self.read_stages([to_network_input(pixels, self.options) for pixels in drawings])

    def recognize_number(self, pixels: np.ndarray, background: int | None = None) -> list[NumberPart]:
        """Read all digits of a drawing; one digit alone is read exactly as `recognize` reads it.

        Args:
            pixels: as for `recognize`.
            background: its grey level, if it is known; see `preprocess.find_ink`.

        Returns:
            The digits from left to right, see `segment` for what is one; none if nothing is drawn.

        Raises:
            ImageError: if the array is not a picture.

        Example:
            >>> drawing = np.zeros((280, 280), np.uint8)
            >>> drawing[80:200, 60:75] = drawing[80:200, 140:155] = 255  # two upright sticks
            >>> [part.recognition.digit for part in Recognizer.load().recognize_number(drawing)]
            [1, 1]
        """
        ink = find_ink(pixels, background)
        parts = split_digits(ink)
        if len(parts) == 1 and parts[0].ink.shape == crop_to_ink(ink).shape:  # nothing was left out
            stages = [stages_of_ink(ink, self.options)]
        else:
            stages = [stages_of_ink(part.ink / part.ink.max(), self.options) for part in parts]
        return [NumberPart(part.box, read) for part, read in zip(parts, self.read_stages(stages), strict=True)]

    def recognize_picture(self, pixels: np.ndarray) -> list[NumberPart]:
        """Read the digits of any picture, a photograph of paper as well.

        Args:
            pixels: as for `recognize`. A drawing on even ground is read as `recognize_number` reads it, unless it
                has several rows; a photograph as `photo` says: with uneven light, pencil, ruled or squared paper.

        Returns:
            The digits, row by row, from left to right; none if none was found. Of a photograph of something else
            they are few at most, and most of them no digits to the network.

        Raises:
            ImageError: if the array is not a picture.
        """
        grey = to_grey(pixels)
        if is_photo(grey):
            parts = find_digits(grey)
        elif not (parts := find_rows(find_ink(pixels))):
            return self.recognize_number(pixels)
        stages = [stages_of_ink(part.ink, self.options) for part in parts]
        return [NumberPart(part.box, read) for part, read in zip(parts, self.read_stages(stages), strict=True)]

    def read_stages(self, stages: Sequence[PreprocessTrace]) -> list[Recognition]:
        """Read drawings that were made ready before, in one pass through the network.

        Args:
            stages: of each drawing; what is read is `centred`, however it came about.

        Returns:
            One recognition for each, in order.
        """
        if not stages:
            return []
        logits = self.network.logits(np.stack([stage.centred for stage in stages]))  # (N, 10)
        logsumexps = np.logaddexp.reduce(logits, axis=1)  # (N,)
        rows = self.network.probabilities(logits)
        return [
            Recognition(None, "no digit", None, None, stage.centred, stage)
            if stage.empty
            else Recognition(int(row.argmax()), self._certainty(row, total), row, total, stage.centred, stage)
            for stage, row, total in zip(stages, rows, logsumexps.tolist(), strict=True)
        ]

    def _certainty(self, probabilities: np.ndarray, logsumexp: float) -> Certainty:
        network = self.network
        if network.ood_threshold is not None and logsumexp < network.ood_threshold:
            return "no digit"
        return "sure" if probabilities.max() >= network.confidence_threshold else "unsure"

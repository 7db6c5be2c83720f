"""Find, verify and split a data set.

A data set is four IDX files in one folder: training images and labels, test images and labels. Content decides what is
called MNIST, never a name: the SHA-256 of all four uncompressed files must be the well-known one. Every other folder of
the same form (Fashion-MNIST, KMNIST, a class's own digits) goes by its folder's name.

Nothing here downloads anything; `download` does.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import platformdirs

from mnist_core.constants import CLASSES, SIDE
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import DataError
from mnist_core.io.idx import idx_sha256, read_idx


@dataclass(frozen=True)
class MnistFile:
    """One of the four files of a data set.

    Attributes:
        stem: the beginning of its name, e.g. `train-images`.
        ndim: 3 for images, 1 for labels; part of the name.
        sha256: of the uncompressed content, if the file is MNIST's.
    """

    stem: str
    ndim: int
    sha256: str

    @property
    def name(self) -> str:
        """The name of the file on the mirrors."""
        return f"{self.stem}-idx{self.ndim}-ubyte.gz"

    def find(self, folder: Path) -> Path | None:
        """Return where the file is in a folder, under the first of its names that exists; None if it isn't there.

        The mirrors' name comes first, so that a download repairs a folder. Only ordinary files count: some archives
        unpack `train-images.idx3-ubyte` beside a folder that is called `train-images-idx3-ubyte`.
        """
        spellings = (f"{self.stem}-idx{self.ndim}-ubyte", f"{self.stem}.idx{self.ndim}-ubyte")
        paths = (folder / (spelling + suffix) for spelling in spellings for suffix in (".gz", ""))
        try:
            return next((path for path in paths if path.is_file()), None)
        except OSError:  # a folder that may not be entered, or a name too long for the system
            return None


MNIST_FILES = (
    MnistFile("train-images", 3, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    MnistFile("train-labels", 1, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    MnistFile("t10k-images", 3, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    MnistFile("t10k-labels", 1, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
)

LOCAL_FOLDER = Path("data/mnist")  # in the current folder, for the app the repository's root
SYNTHETIC_SEED = 28
SYNTHETIC_TRAIN, SYNTHETIC_TEST = 10_000, 2_000


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their labels, for training and for the final test.

    All arrays are uint8 and read-only, because everything in the app shares them. Two data sets are equal if their
    fingerprints are.

    Attributes:
        name: `MNIST`, `synthetic digits`, or the folder's name.
        train_images: (N, 28, 28), 0 for background and 255 for ink.
        train_labels: (N,), 0 to 9.
        test_images: (M, 28, 28).
        test_labels: (M,).
        fingerprint: SHA-256 of the four SHA-256 of the uncompressed IDX files (64 hexadecimal digits each, in the order
            above), so that a result can say which images it was measured on.
        synthetic: whether the digits were drawn by code rather than by people.
    """

    name: str
    train_images: npt.NDArray[np.uint8]
    train_labels: npt.NDArray[np.uint8]
    test_images: npt.NDArray[np.uint8]
    test_labels: npt.NDArray[np.uint8]
    fingerprint: str
    synthetic: bool


@dataclass(frozen=True, eq=False)
class Split:
    """The training images of a data set, divided into those to learn from and those to validate with.

    Attributes:
        train_images: uint8 (N - size, 28, 28).
        train_labels: uint8 (N - size,).
        validation_images: uint8 (size, 28, 28); size may be 0.
        validation_labels: uint8 (size,).
    """

    train_images: npt.NDArray[np.uint8]
    train_labels: npt.NDArray[np.uint8]
    validation_images: npt.NDArray[np.uint8]
    validation_labels: npt.NDArray[np.uint8]


def load_dataset(spec: str | os.PathLike[str]) -> Dataset:
    """Load a data set.

    Args:
        spec: `"mnist"` for MNIST, wherever `find_mnist` finds it; `"synthetic"` for 10,000 training and 2,000 test
            digits drawn by code, always the same; otherwise the folder with the four files.

    Returns:
        The data set. A folder with MNIST's content is called MNIST, too.

    Raises:
        DataError: MNIST is not on this computer (nothing is downloaded), a file is missing or damaged, images are not
            28 x 28, images and labels differ in number, a label is above 9, or what was found as MNIST is not MNIST.
    """
    if spec == "synthetic":
        return _synthetic_dataset()
    if spec == "mnist":
        folder = find_mnist()
        if folder is None:
            raise DataError(
                "found no MNIST on this computer, expected it in the folder that MNIST_DIR names (not set), in "
                "{local} or in {cache}. Fetch it with `python -m mnist_core data fetch` or the app's download button, "
                "or use the synthetic digits.",
                local=LOCAL_FOLDER.absolute(),
                cache=cache_folder(),
            )
    else:
        folder = expand_user(spec)
    paths = _find_files(folder)
    arrays = [read_idx(path) for path in paths]
    _check_pair(paths[0], arrays[0], paths[1], arrays[1])
    _check_pair(paths[2], arrays[2], paths[3], arrays[3])
    hashes = [idx_sha256(array) for array in arrays]
    if spec == "mnist":
        for path, file, digest in zip(paths, MNIST_FILES, hashes, strict=True):
            if digest != file.sha256:
                raise DataError(
                    "{path}: found content with the SHA-256 {found}, expected MNIST's {expected}. Put the original "
                    "file there, or load the folder by its path to use it as a data set of its own.",
                    path=path,
                    found=digest,
                    expected=file.sha256,
                )
    is_mnist = hashes == [file.sha256 for file in MNIST_FILES]
    return _dataset("MNIST" if is_mnist else _folder_name(folder), arrays, hashes, synthetic=False)


def find_mnist() -> Path | None:
    """Find MNIST's four files in `MNIST_DIR`, else in `data/mnist/`, else in the user's cache.

    Only names are checked here; `load_dataset` verifies the content.

    Returns:
        The first folder that holds all four files, or None.

    Raises:
        DataError: `MNIST_DIR` is set, but its folder does not hold them. Looking elsewhere silently would hide a
            misspelt path.
    """
    named = os.environ.get("MNIST_DIR")
    if named:
        folder = expand_user(named)
        try:
            _find_files(folder)
        except DataError as error:
            raise DataError("MNIST_DIR names the wrong folder: {reason} Or unset MNIST_DIR.", reason=error) from error
        return folder
    return next((folder for folder in (LOCAL_FOLDER, cache_folder()) if holds_dataset(folder)), None)


def holds_dataset(folder: Path) -> bool:
    """Return whether a folder has four files with the right names; their content is not checked."""
    return all(file.find(folder) for file in MNIST_FILES)


def cache_folder() -> Path:
    """Return the folder below the user's cache that `fetch_mnist` fills; it need not exist yet."""
    return platformdirs.user_cache_path("mnist-handwriting")


def split_validation(dataset: Dataset, size: int, seed: int | None) -> Split:
    """Split off some of the training images for validation.

    The test images have no part in it: they are read once, at the end, and decide nothing.

    Args:
        dataset: the data set, which is not changed.
        size: number of validation images, fewer than there are training images; 0 for none.
        seed: of the random choice; None for the last images of the file.

    Returns:
        Both parts: in random order, or without a seed in the order of the file.

    Raises:
        DataError: the size is out of range.
    """
    count = len(dataset.train_images)
    if not 0 <= size < count:
        raise DataError(
            "found a validation size of {size}, expected 0 to {most} for the {count} training images of {data}. "
            "Choose another size.",
            size=size,
            most=count - 1,
            count=count,
            data=dataset.name,
        )
    train: np.ndarray | slice
    validation: np.ndarray | slice
    if seed is None or size == 0:  # slices are views: nothing is copied
        train, validation = slice(count - size), slice(count - size, count)
    else:
        order = np.random.default_rng(seed).permutation(count)
        validation, train = order[:size], order[size:]
    return Split(
        train_images=dataset.train_images[train],
        train_labels=dataset.train_labels[train],
        validation_images=dataset.train_images[validation],
        validation_labels=dataset.train_labels[validation],
    )


def _synthetic_dataset() -> Dataset:
    """Draw the synthetic data set; training and test digits come from generators of their own."""
    arrays = [
        *synthetic_digits(SYNTHETIC_TRAIN, np.random.default_rng((SYNTHETIC_SEED, 0))),
        *synthetic_digits(SYNTHETIC_TEST, np.random.default_rng((SYNTHETIC_SEED, 1))),
    ]
    for array in arrays:
        array.flags.writeable = False
    return _dataset("synthetic digits", arrays, [idx_sha256(array) for array in arrays], synthetic=True)


def _dataset(name: str, arrays: Sequence[np.ndarray], hashes: Sequence[str], synthetic: bool) -> Dataset:
    """Put a data set together from its four arrays and their hashes, in the order of `MNIST_FILES`."""
    fingerprint = hashlib.sha256("".join(hashes).encode("ascii")).hexdigest()
    train_images, train_labels, test_images, test_labels = arrays
    return Dataset(name, train_images, train_labels, test_images, test_labels, fingerprint, synthetic)


def expand_user(folder: str | os.PathLike[str]) -> Path:
    """Replace `~` by the user's home.

    Raises:
        DataError: if there is no such home.
    """
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:
        raise DataError(
            "{folder}: found no home folder for its first part, expected one. Write the path in full.",
            folder=os.fspath(folder),
        ) from error


def _folder_name(folder: Path) -> str:
    """Return the name of a folder's data set, which must not pass for MNIST if it isn't."""
    name = Path(os.path.normpath(folder.absolute())).name or str(folder)
    return f"{name} (not MNIST)" if name.lower() == "mnist" else name


def _find_files(folder: Path) -> list[Path]:
    """Return the paths of the four files, in the order of `MNIST_FILES`."""
    paths = [file.find(folder) for file in MNIST_FILES]
    missing = [file.stem for file, path in zip(MNIST_FILES, paths, strict=True) if path is None]
    if missing:
        raise DataError(
            "{folder}: found no {missing}, expected a folder with four files named {names} (.gz or unpacked). Name the "
            "right folder, or put the files there.",
            folder=folder,
            missing=", ".join(missing),
            names=", ".join(file.name for file in MNIST_FILES),
        )
    return [path for path in paths if path is not None]


def _check_pair(
    images_path: Path, images: npt.NDArray[np.uint8], labels_path: Path, labels: npt.NDArray[np.uint8]
) -> None:
    """Check that images are 28 x 28, labels are digits, and there are as many labels as images."""
    if images.shape[1:] != (SIDE, SIDE):
        raise DataError(
            "{path}: found the shape {shape}, expected (N, {side}, {side}). "
            "Scale the images to {side} x {side} pixels, or choose another file.",
            path=images_path,
            shape=images.shape,
            side=SIDE,
        )
    if labels.ndim != 1:
        raise DataError(
            "{path}: found the shape {shape}, expected (N,), one label for each image. Choose the file of labels.",
            path=labels_path,
            shape=labels.shape,
        )
    if len(images) != len(labels):
        raise DataError(
            "{path}: found {labels} labels, expected {images}, as many as there are images in {other}. Use two files "
            "that belong together.",
            path=labels_path,
            labels=len(labels),
            images=len(images),
            other=images_path.name,
        )
    if labels.max() >= CLASSES:
        position = int(np.argmax(labels >= CLASSES))
        raise DataError(
            "{path}: found the label {label} at position {position} (counted from 0), expected 0 to {most}. Only sets "
            "of ten classes can be used.",
            path=labels_path,
            label=labels[position],
            position=position,
            most=CLASSES - 1,
        )

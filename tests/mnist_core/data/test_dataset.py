"""Data sets: where they are looked for, what they may be called, how they are split.

The last tests read the real MNIST from the folder that MNIST_DIR names; in CI it must be there."""

import hashlib
import os
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from mnist_core.data import dataset as data
from mnist_core.data.dataset import Dataset, find_mnist, load_dataset, split_validation
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import DataError
from mnist_core.io.idx import idx_sha256, read_idx
from tests.mnist_core.data.tiny_sets import DOT, DOT_GZ, GZ, HYPHEN, assert_holds, tiny_arrays, write_files

CACHE = data.cache_folder()
pytestmark = pytest.mark.usefixtures("empty_computer")


def message(spec: str | Path) -> str:
    """The text of the error that loading this gives, which must be one line."""
    with pytest.raises(DataError) as caught:
        load_dataset(spec)
    text = str(caught.value)
    assert "found " in text and "expected " in text and "\n" not in text
    return text


# Folders named by their path


@pytest.mark.parametrize("names", [HYPHEN, DOT, GZ, DOT_GZ, (GZ[0], DOT[1], HYPHEN[2], DOT_GZ[3])])
def test_every_spelling_loads_and_is_called_by_its_folder(tmp_path, names):
    folder = write_files(tmp_path / "class 5b, digits", tiny_arrays(), names)
    dataset = load_dataset(folder)
    assert dataset.name == "class 5b, digits"
    assert not dataset.synthetic
    assert_holds(dataset, tiny_arrays())


def test_the_name_of_a_path_in_other_forms(tmp_path, monkeypatch):
    folder = write_files(tmp_path / "my digits", tiny_arrays())
    monkeypatch.chdir(folder)
    assert load_dataset(".").name == "my digits"
    assert load_dataset(f"{folder}{os.sep}").name == "my digits"
    (folder / "inner").mkdir()
    assert load_dataset(folder / "inner" / "..").name == "my digits"
    (tmp_path / "link").symlink_to(folder)
    assert load_dataset(tmp_path / "link").name == "link"


def test_a_path_below_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_files(tmp_path / "my digits", tiny_arrays())
    assert load_dataset("~/my digits").name == "my digits"


def test_a_home_folder_that_does_not_exist():
    assert message("~nobody-of-this-name/digits").startswith("~nobody-of-this-name/digits: found no home folder")


def test_a_folder_beside_the_file_with_the_same_name_is_no_file(tmp_path):
    folder = write_files(tmp_path / "archive", tiny_arrays(), DOT)
    for name in HYPHEN:
        (folder / name).mkdir()
    assert load_dataset(folder).name == "archive"


def test_only_the_content_makes_it_mnist(tmp_path, tiny_mnist):
    assert load_dataset(write_files(tmp_path / "downloads", tiny_mnist, DOT)).name == "MNIST"
    assert load_dataset(write_files(tmp_path / "others", tiny_arrays(seed=1))).name == "others"
    assert load_dataset(write_files(tmp_path / "MNIST", tiny_arrays(seed=1))).name == "MNIST (not MNIST)"
    half = [*tiny_mnist[:2], *tiny_arrays(seed=1)[2:]]
    assert load_dataset(write_files(tmp_path / "half", half)).name == "half"


def test_the_fingerprint_is_that_of_the_uncompressed_files(tmp_path):
    plain = load_dataset(write_files(tmp_path / "a", tiny_arrays(), HYPHEN))
    packed = load_dataset(write_files(tmp_path / "b", tiny_arrays(), GZ))
    other = load_dataset(write_files(tmp_path / "c", tiny_arrays(seed=1), GZ))
    hashes = [hashlib.sha256((tmp_path / "a" / name).read_bytes()).hexdigest() for name in HYPHEN]
    assert plain.fingerprint == hashlib.sha256("".join(hashes).encode()).hexdigest()
    assert packed.fingerprint == plain.fingerprint != other.fingerprint


def test_a_data_set_cannot_be_changed(tmp_path):
    dataset = load_dataset(write_files(tmp_path / "a", tiny_arrays()))
    with pytest.raises(FrozenInstanceError):
        dataset.name = "MNIST"  # type: ignore[misc]
    for array in (dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels):
        assert not array.flags.writeable


def test_each_file_is_read_once(tmp_path, monkeypatch):
    folder = write_files(tmp_path / "a", tiny_arrays())
    names = []

    def counting(path):
        names.append(path.name)
        return read_idx(path)

    monkeypatch.setattr(data, "read_idx", counting)
    load_dataset(folder)
    assert names == list(GZ)


def test_a_missing_folder_and_missing_files(tmp_path):
    text = message(tmp_path / "nowhere")
    assert text.startswith(
        f"{tmp_path / 'nowhere'}: found no train-images, train-labels, t10k-images, t10k-labels, "
        f"expected a folder with four files named train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
    )
    folder = write_files(tmp_path / "three", tiny_arrays())
    (folder / GZ[3]).unlink()
    assert message(folder).startswith(f"{folder}: found no t10k-labels, expected a folder with four files")
    assert "found no train-images" in message(folder / GZ[0])  # a file instead of its folder
    assert "found no train-images" in message("x" * 5000)


@pytest.mark.parametrize(
    ("position", "array", "text"),
    [
        (0, np.zeros((12, 20, 20), np.uint8), "found the shape (12, 20, 20), expected (N, 28, 28). Scale the images"),
        (2, np.zeros(5, np.uint8), "found the shape (5,), expected (N, 28, 28)."),
        (1, np.zeros((12, 28, 28), np.uint8), "found the shape (12, 28, 28), expected (N,), one label for each image"),
        (1, np.zeros(11, np.uint8), "found 11 labels, expected 12, as many as there are images in train-images-idx3"),
        (3, np.zeros(6, np.uint8), "found 6 labels, expected 5, as many as there are images in t10k-images-idx3"),
        (
            3,
            np.array([1, 9, 9, 0, 10], np.uint8),
            "found the label 10 at position 4 (counted from 0), expected 0 to 9.",
        ),
        (3, np.array([1, 9, 10, 0, 255], np.uint8), "found the label 10 at position 2 (counted from 0), expected 0"),
    ],
)
def test_arrays_that_do_not_fit(tmp_path, position, array, text):
    arrays = tiny_arrays()
    arrays[position] = array
    folder = write_files(tmp_path / "my digits", arrays)
    assert message(folder).startswith(f"{folder / GZ[position]}: {text}")


def test_a_damaged_file_is_named(tmp_path):
    folder = write_files(tmp_path / "my digits", tiny_arrays(), HYPHEN)
    path = folder / HYPHEN[2]
    path.write_bytes(path.read_bytes()[:-1])
    assert message(folder).startswith(f"{path}: found {5 * 784 - 1} bytes after the header, expected 5 x 28 x 28 = ")


# MNIST by its name


def test_mnist_that_is_nowhere(tmp_path):
    assert find_mnist() is None
    text = message("mnist")
    assert text.startswith("found no MNIST on this computer, expected it in the folder that MNIST_DIR names (not set)")
    assert str(tmp_path / "work" / "data" / "mnist") in text and str(data.cache_folder()) in text
    assert "`python -m mnist_core data fetch`" in text and "synthetic digits" in text


def test_the_three_places_in_their_order(tmp_path, monkeypatch, tiny_mnist):
    cache = write_files(data.cache_folder(), tiny_mnist)
    assert find_mnist() == cache
    write_files(tmp_path / "work" / "data" / "mnist", tiny_mnist, HYPHEN)
    assert find_mnist() == Path("data/mnist")
    named = write_files(tmp_path / "with space", tiny_mnist, DOT)
    monkeypatch.setenv("MNIST_DIR", str(named))
    assert find_mnist() == named
    dataset = load_dataset("mnist")
    assert dataset.name == "MNIST" and not dataset.synthetic
    assert_holds(dataset, tiny_mnist)


def test_an_incomplete_place_is_passed_over(tmp_path, monkeypatch, tiny_mnist):
    local = write_files(tmp_path / "work" / "data" / "mnist", tiny_mnist)
    (local / GZ[1]).unlink()
    assert find_mnist() is None
    monkeypatch.setenv("MNIST_DIR", "")
    assert find_mnist() is None
    write_files(data.cache_folder(), tiny_mnist)
    assert find_mnist() == data.cache_folder()


def test_mnist_dir_without_the_files_is_an_error_even_if_they_are_elsewhere(tmp_path, monkeypatch, tiny_mnist):
    write_files(data.cache_folder(), tiny_mnist)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "mispelt"))
    with pytest.raises(DataError, match=r"MNIST_DIR names the wrong folder: .*mispelt: found no train-images, "):
        find_mnist()
    assert message("mnist").endswith("Or unset MNIST_DIR.")


def test_mnist_dir_below_the_home_folder(tmp_path, monkeypatch, tiny_mnist):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("MNIST_DIR", "~/digits")
    folder = write_files(tmp_path / "digits", tiny_mnist)
    assert find_mnist() == folder


@pytest.mark.parametrize("place", ["MNIST_DIR", "local", "cache"])
def test_other_content_in_the_place_of_mnist(tmp_path, monkeypatch, place, tiny_mnist):
    folders = {"MNIST_DIR": tmp_path / "named", "local": Path("data/mnist"), "cache": data.cache_folder()}
    if place == "MNIST_DIR":
        monkeypatch.setenv("MNIST_DIR", str(folders[place]))
    changed = tiny_mnist[2].copy()
    changed[0, 0, 0] ^= 1
    folder = write_files(folders[place], [*tiny_mnist[:2], changed, tiny_mnist[3]])
    assert message("mnist") == (
        f"{folder / GZ[2]}: found content with the SHA-256 {idx_sha256(changed)}, expected MNIST's "
        f"{idx_sha256(tiny_mnist[2])}. Put the original file there, or load the folder by its path to use it as "
        f"a data set of its own."
    )
    assert load_dataset(folder).name in ("named", "mnist (not MNIST)", "mnist-handwriting")


def test_the_cache_belongs_to_the_user():
    assert CACHE.is_absolute() and "mnist-handwriting" in CACHE.parts


# Synthetic digits


def test_synthetic_digits(monkeypatch):
    counts, states = [], []

    def fewer(count, rng):
        counts.append(count)
        states.append(str(rng.bit_generator.state))
        return synthetic_digits(count // 100, rng)

    monkeypatch.setattr(data, "synthetic_digits", fewer)
    dataset, again = load_dataset("synthetic"), load_dataset("synthetic")
    assert dataset.name == "synthetic digits" and dataset.synthetic
    assert counts == [10_000, 2_000] * 2
    assert states[:2] == states[2:] and states[0] != states[1]  # fixed, and different for training and test
    assert dataset.train_images.shape == (100, 28, 28) and dataset.test_images.shape == (20, 28, 28)
    assert set(dataset.train_labels.tolist()) == set(range(10))
    assert dataset.fingerprint == again.fingerprint and len(dataset.fingerprint) == 64
    assert_holds(again, [dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels])
    assert not dataset.train_images.flags.writeable


# Splitting


@pytest.fixture
def numbered() -> Dataset:
    """100 training images; every pixel of image i is i, and its label is i mod 10."""
    numbers = np.arange(100, dtype=np.uint8)
    images = np.broadcast_to(numbers[:, None, None], (100, 28, 28))
    return Dataset("numbered", images, numbers % 10, images[:5], numbers[:5], "0" * 64, synthetic=False)


@pytest.mark.parametrize("size", [1, 20, 99])
def test_a_split_is_a_permutation(numbered, size):
    split = split_validation(numbered, size, seed=3)
    assert split.train_images.shape == (100 - size, 28, 28) and split.validation_images.shape == (size, 28, 28)
    images = np.concatenate([split.train_images, split.validation_images])
    labels = np.concatenate([split.train_labels, split.validation_labels])
    assert images.dtype == labels.dtype == np.uint8
    assert sorted(images[:, 0, 0].tolist()) == list(range(100))
    np.testing.assert_array_equal(labels, images[:, 5, 7] % 10)  # every image kept its label


def test_a_split_depends_on_the_seed_alone(numbered):
    first, again, other = (split_validation(numbered, 20, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.validation_images, again.validation_images)
    np.testing.assert_array_equal(first.train_labels, again.train_labels)
    assert (first.validation_images != other.validation_images).any()
    assert first.validation_labels.tolist() != list(range(10)) * 2  # not simply the first ones


@pytest.mark.parametrize("size", [0, 1, 20, 99])
def test_without_a_seed_the_last_images_of_the_file_validate(numbered, size):
    split = split_validation(numbered, size, seed=None)
    assert split.train_images[:, 0, 0].tolist() == list(range(100 - size))
    assert split.validation_images[:, 0, 0].tolist() == list(range(100 - size, 100))
    np.testing.assert_array_equal(split.train_labels, numbered.train_labels[: 100 - size])
    np.testing.assert_array_equal(split.validation_labels, numbered.train_labels[100 - size :])
    assert np.shares_memory(split.train_images, numbered.train_images)  # 47 MB need no copy


@pytest.mark.parametrize("seed", [None, 3])
def test_a_split_without_validation_images_is_the_file_itself(numbered, seed):
    split = split_validation(numbered, 0, seed)
    np.testing.assert_array_equal(split.train_images, numbered.train_images)
    np.testing.assert_array_equal(split.train_labels, numbered.train_labels)
    assert split.validation_images.shape == (0, 28, 28) and split.validation_labels.shape == (0,)


@pytest.mark.parametrize("seed", [None, 0])
@pytest.mark.parametrize("size", [-1, 100, 101])
def test_a_split_of_impossible_size(numbered, size, seed):
    text = f"found a validation size of {size}, expected 0 to 99 for the 100 training images of numbered. Choose"
    with pytest.raises(DataError, match=text):
        split_validation(numbered, size, seed)


# The real MNIST


def test_the_real_mnist(real_mnist):
    dataset = load_dataset("mnist")
    assert dataset.name == "MNIST" and not dataset.synthetic
    assert dataset.train_images.shape == (60_000, 28, 28) and dataset.train_labels.shape == (60_000,)
    assert dataset.test_images.shape == (10_000, 28, 28) and dataset.test_labels.shape == (10_000,)
    assert dataset.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert dataset.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(dataset.train_labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert dataset.train_images.max() == 255 and round(float(dataset.train_images.mean()) / 255, 4) == 0.1307
    assert dataset.fingerprint == "c65580678af93f1ea48c2c0d01d543ec89307c6b8a0eb7ca542d7c18c5f4c681"


def test_the_real_mnist_in_a_folder_of_any_name(real_mnist, tmp_path):
    (tmp_path / "my link").symlink_to(real_mnist.absolute())
    assert load_dataset(tmp_path / "my link").name == "MNIST"

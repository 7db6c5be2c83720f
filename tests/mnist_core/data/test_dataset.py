"""Data sets: where they are looked for, what they may be called, how they are fetched and split.

Downloads run against a real web server on this computer. The last tests read the real MNIST from the folder that
MNIST_DIR names; in CI it must be there."""

import gzip
import hashlib
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from mnist_core.data import dataset as data
from mnist_core.data import download
from mnist_core.data.dataset import Dataset, find_mnist, load_dataset, split_validation
from mnist_core.data.download import fetch_mnist
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import DataError
from mnist_core.io.idx import idx_sha256, read_idx, write_idx

CACHE = data.cache_folder()

HYPHEN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
DOT = tuple(name.replace("-idx", ".idx") for name in HYPHEN)
GZ = tuple(f"{name}.gz" for name in HYPHEN)
DOT_GZ = tuple(f"{name}.gz" for name in DOT)


@pytest.fixture(autouse=True)
def empty_computer(tmp_path, monkeypatch):
    """No MNIST_DIR, an empty current folder, an empty cache: nothing outside the test's own folder is seen."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda project: tmp_path / "user cache" / project)


def tiny_arrays(seed: int = 0, train: int = 12, test: int = 5) -> list[np.ndarray]:
    """The four arrays of a data set of a few random images, in the order of `MNIST_FILES`."""
    rng = np.random.default_rng(seed)
    return [
        rng.integers(0, 256, (train, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, train, dtype=np.uint8),
        rng.integers(0, 256, (test, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, test, dtype=np.uint8),
    ]


def write_files(folder: Path, arrays: list[np.ndarray], names: tuple[str, ...] = GZ) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(names, arrays, strict=True):
        write_idx(folder / name, array)
    return folder


@pytest.fixture
def tiny_mnist(monkeypatch) -> list[np.ndarray]:
    """The arrays of a tiny set which counts as MNIST during this test."""
    arrays = tiny_arrays()
    files = [replace(file, sha256=idx_sha256(array)) for file, array in zip(data.MNIST_FILES, arrays, strict=True)]
    monkeypatch.setattr(data, "MNIST_FILES", tuple(files))
    monkeypatch.setattr(download, "MNIST_FILES", tuple(files))
    return arrays


def assert_holds(dataset: Dataset, arrays: list[np.ndarray]) -> None:
    loaded = (dataset.train_images, dataset.train_labels, dataset.test_images, dataset.test_labels)
    for found, expected in zip(loaded, arrays, strict=True):
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, expected)


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
        f"{tmp_path / 'nowhere'}: found no train-images and no train-labels and no t10k-images and no t10k-labels, "
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
    with pytest.raises(DataError, match=r"MNIST_DIR names the wrong folder: .*mispelt: found no train-images and"):
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


# Downloads


class Handler(SimpleHTTPRequestHandler):
    """Serves files in silence; below /encoded/ as a compressed answer, below /short/ with bytes missing."""

    def end_headers(self):
        if self.path.startswith("/encoded/"):
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()

    def copyfile(self, source, outputfile):
        content = source.read()
        outputfile.write(content[: len(content) // 2] if self.path.startswith("/short/") else content)

    def log_message(self, format, *args):
        pass


@pytest.fixture
def site(tmp_path, monkeypatch, tiny_mnist) -> Iterator[str]:
    """The address of a web server with several mirrors of the tiny set, most of them bad."""
    root = tmp_path / "site"
    for mirror in ("good", "encoded", "short"):
        write_files(root / mirror, tiny_mnist)
    write_files(root / "other", tiny_arrays(seed=1))
    (root / "page").mkdir()
    for name in GZ:
        (root / "page" / name).write_text("<html>Please log in to the school network.</html>")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root))) as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_fetch_into_the_cache(site, tiny_mnist):
    folder = fetch_mnist(mirrors=[f"{site}/good/"])
    assert folder == data.cache_folder() == find_mnist()
    assert sorted(path.name for path in folder.iterdir()) == sorted(GZ)
    dataset = load_dataset("mnist")
    assert dataset.name == "MNIST"
    assert_holds(dataset, tiny_mnist)


@pytest.mark.parametrize("bad", ["missing", "other", "page", "short"])
def test_the_second_mirror_helps_out(site, tmp_path, tiny_mnist, bad):
    folder = fetch_mnist(mirrors=[f"{site}/{bad}/", f"{site}/good"], folder=tmp_path / "my folder")
    assert sorted(path.name for path in folder.iterdir()) == sorted(GZ)
    assert load_dataset(folder).name == "MNIST"


def test_an_answer_that_is_unpacked_on_the_way(site, tmp_path, tiny_mnist):
    folder = fetch_mnist(mirrors=[f"{site}/encoded/"], folder=tmp_path / "my folder")
    assert (folder / GZ[1]).read_bytes()[:4] == bytes.fromhex("00000801")  # plain, in spite of its name
    assert load_dataset(folder).name == "MNIST"


def test_all_mirrors_fail(site, tmp_path):
    mirrors = [f"{site}/{name}/" for name in ("missing", "other", "page", "short")]
    mirrors += ["http://127.0.0.1:1/", "no address"]
    with pytest.raises(DataError) as caught:
        fetch_mnist(mirrors=mirrors, folder=tmp_path / "my folder")
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"train-images-idx3-ubyte.gz: found no mirror that gives it ({mirrors[0]}: 404 Client Error")
    assert f"; {mirrors[1]}: found content with the SHA-256 {idx_sha256(tiny_arrays(seed=1)[0])}, expected " in text
    assert f"; {mirrors[2]}: found the magic number 0x3c68746d, expected 0x00000801" in text
    assert all(f"{mirror}: " in text for mirror in mirrors)
    assert "expected one of 6" in text
    assert "data/mnist" in text and "MNIST_DIR" in text and "synthetic digits" in text
    assert "download-" not in text  # no word about the temporary folder, which is gone
    assert list((tmp_path / "my folder").iterdir()) == []


def test_only_what_is_missing_or_damaged_is_fetched(site, tmp_path, tiny_mnist):
    folder = write_files(tmp_path / "my folder", tiny_mnist, (DOT[0], *GZ[1:]))
    (folder / GZ[1]).write_bytes(gzip.compress(b"damaged"))
    (folder / GZ[2]).unlink()
    (folder / HYPHEN[2]).write_bytes(b"damaged too, and not packed")
    fetched = []
    fetch_mnist(lambda name, done, total: fetched.append(name), [f"{site}/good/"], folder)
    assert set(fetched) == {GZ[1], GZ[2]}
    assert load_dataset(folder).name == "MNIST"
    assert fetch_mnist(mirrors=[], folder=folder) == folder  # nothing to do, so no mirror is needed


def test_progress_counts_bytes_up_to_the_size_of_each_file(site, tmp_path, monkeypatch, capfd, caplog):
    monkeypatch.setattr(download, "DOWNLOAD_CHUNK", 1000)
    calls = []
    with caplog.at_level(logging.DEBUG, logger="pooch"):
        folder = fetch_mnist(lambda *call: calls.append(call), [f"{site}/good/"], tmp_path / "my folder")
    assert list(dict.fromkeys(name for name, _, _ in calls)) == list(GZ)
    for name in GZ:
        size = (folder / name).stat().st_size
        counts = [done for called, done, _ in calls if called == name]
        assert counts == sorted(counts) and counts[-1] == size
        assert {total for called, _, total in calls if called == name} == {size}
    assert len([name for name, _, _ in calls if name == GZ[0]]) > 5
    assert capfd.readouterr() == ("", "") and not caplog.records  # the core prints nothing, nor does pooch


def test_progress_of_a_file_of_unknown_size():
    calls = []
    bar = download._ProgressBar(lambda *call: calls.append(call), "digits")
    for count in (10, 10, 0):
        bar.update(count)
    assert calls == [("digits", 10, 0), ("digits", 20, 0), ("digits", 20, 0)]


def test_a_callback_can_stop_the_download(site, tmp_path):
    def stop(_name, _done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_mnist(stop, [f"{site}/good/"], tmp_path / "my folder")
    assert list((tmp_path / "my folder").iterdir()) == []


def test_a_folder_that_cannot_be_written(site, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"file: found that it cannot be written \(File exists\), expected a folder"):
        fetch_mnist(mirrors=[f"{site}/good/"], folder=tmp_path / "file")


def test_the_mirrors_are_two_and_their_files_have_the_usual_names():
    assert len(set(download.MIRRORS)) >= 2
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in download.MIRRORS)
    assert tuple(file.name for file in data.MNIST_FILES) == GZ


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

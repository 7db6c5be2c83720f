"""Downloads of MNIST, from a real web server on this computer."""

import gzip
import logging
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mnist_core.data import dataset as data
from mnist_core.data import download
from mnist_core.data.dataset import find_mnist, load_dataset
from mnist_core.data.download import fetch_mnist
from mnist_core.errors import DataError
from mnist_core.io.idx import idx_sha256
from tests.mnist_core.data.tiny_sets import DOT, GZ, HYPHEN, assert_holds, tiny_arrays, write_files

pytestmark = pytest.mark.usefixtures("empty_computer")


class Handler(SimpleHTTPRequestHandler):
    """Serves files silently; /encoded/ as a compressed answer, /short/ with bytes missing, /unsized/ without a size."""

    def send_header(self, keyword, value):
        if not (keyword == "Content-Length" and self.path.startswith("/unsized/")):
            super().send_header(keyword, value)

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
    """The address of a web server with several mirrors of the tiny set, most of them bad; a good one is to be used."""
    root = tmp_path / "site"
    for mirror in ("good", "encoded", "short", "unsized"):
        write_files(root / mirror, tiny_mnist)
    write_files(root / "other", tiny_arrays(seed=1))
    (root / "page").mkdir()
    for name in GZ:
        (root / "page" / name).write_text("<html>Please log in to the school network.</html>")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root))) as server:
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(download, "MIRRORS", [f"{address}/good/"])
        yield address
        server.shutdown()
        thread.join()


def test_fetch_into_the_cache(site, tiny_mnist):
    folder = fetch_mnist()
    assert folder == data.cache_folder() == find_mnist()
    assert sorted(path.name for path in folder.iterdir()) == sorted(GZ)
    dataset = load_dataset("mnist")
    assert dataset.name == "MNIST"
    assert_holds(dataset, tiny_mnist)


@pytest.mark.parametrize("bad", ["missing", "other", "page", "short"])
def test_the_second_mirror_helps_out(site, tmp_path, tiny_mnist, bad, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", [f"{site}/{bad}/", f"{site}/good"])
    folder = fetch_mnist(folder=tmp_path / "my folder")
    assert sorted(path.name for path in folder.iterdir()) == sorted(GZ)
    assert load_dataset(folder).name == "MNIST"


def test_an_answer_that_is_unpacked_on_the_way(site, tmp_path, tiny_mnist, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", [f"{site}/encoded/"])
    folder = fetch_mnist(folder=tmp_path / "my folder")
    assert (folder / GZ[1]).read_bytes()[:4] == bytes.fromhex("00000801")  # plain, in spite of its name
    assert load_dataset(folder).name == "MNIST"


def test_all_mirrors_fail(site, tmp_path, monkeypatch):
    mirrors = [f"{site}/{name}/" for name in ("missing", "other", "page", "short")]
    mirrors += ["http://127.0.0.1:1/", "no address"]
    monkeypatch.setattr(download, "MIRRORS", mirrors)
    with pytest.raises(DataError) as caught:
        fetch_mnist(folder=tmp_path / "my folder")
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


def test_only_what_is_missing_or_damaged_is_fetched(site, tmp_path, tiny_mnist, monkeypatch):
    folder = write_files(tmp_path / "my folder", tiny_mnist, (DOT[0], *GZ[1:]))
    (folder / GZ[1]).write_bytes(gzip.compress(b"damaged"))
    (folder / GZ[2]).unlink()
    (folder / HYPHEN[2]).write_bytes(b"damaged too, and not packed")
    fetched = []
    fetch_mnist(lambda name, done, total: fetched.append(name), folder)
    assert set(fetched) == {GZ[1], GZ[2]}
    assert load_dataset(folder).name == "MNIST"
    monkeypatch.setattr(download, "MIRRORS", [])
    assert fetch_mnist(folder=folder) == folder  # nothing to do, so no mirror is needed


def test_progress_counts_bytes_up_to_the_size_of_each_file(site, tmp_path, monkeypatch, capfd, caplog):
    monkeypatch.setattr(download, "DOWNLOAD_CHUNK", 1000)
    calls = []
    with caplog.at_level(logging.DEBUG, logger="pooch"):
        folder = fetch_mnist(lambda *call: calls.append(call), tmp_path / "my folder")
    assert list(dict.fromkeys(name for name, _, _ in calls)) == list(GZ)
    for name in GZ:
        size = (folder / name).stat().st_size
        counts = [done for called, done, _ in calls if called == name]
        assert counts == sorted(counts) and counts[-1] == size
        assert {total for called, _, total in calls if called == name} == {size}
    assert len([name for name, _, _ in calls if name == GZ[0]]) > 5
    assert capfd.readouterr() == ("", "") and not caplog.records  # the core prints nothing, nor does pooch


def test_progress_of_a_file_of_unknown_size(site, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", [f"{site}/unsized/"])
    calls = []
    fetch_mnist(lambda *call: calls.append(call), tmp_path / "my folder")
    assert list(dict.fromkeys(name for name, _, _ in calls)) == list(GZ)
    assert all(done > 0 and total == 0 for _, done, total in calls)


def test_a_callback_can_stop_the_download(site, tmp_path):
    def stop(_name, _done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_mnist(stop, tmp_path / "my folder")
    assert list((tmp_path / "my folder").iterdir()) == []


def test_a_folder_that_cannot_be_written(site, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"file: found that it cannot be written \(File exists\), expected a folder"):
        fetch_mnist(folder=tmp_path / "file")


def test_the_mirrors_are_two_and_their_files_have_the_usual_names():
    assert len(set(download.MIRRORS)) >= 2
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in download.MIRRORS)
    assert tuple(file.name for file in data.MNIST_FILES) == GZ

"""Downloads of MNIST, from a real web server on this computer."""

import contextlib
import gzip
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest

from mnist_core.data import dataset as data
from mnist_core.data import download
from mnist_core.data.dataset import find_mnist, load_dataset
from mnist_core.data.download import fetch_mnist
from mnist_core.errors import DataError
from mnist_core.io.idx import idx_header, idx_sha256
from tests.mnist_core.data.tiny_sets import DOT, GZ, HYPHEN, assert_holds, tiny_arrays, write_files

pytestmark = pytest.mark.usefixtures("empty_computer")


class Handler(SimpleHTTPRequestHandler):
    """Serves files silently; /encoded/ as a compressed answer, /short/ with bytes missing, /unsized/ without a size.

    Under the names of `HARMFUL`, it does what they say.
    """

    def do_GET(self):
        kind = self.path.split("/")[1].replace("%20", " ")
        if kind not in HARMFUL:
            return super().do_GET()
        begin = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
        with contextlib.suppress(OSError):  # the other side has gone
            match kind:
                case "silent":
                    self.rfile.read()
                case "silent half way":
                    self.wfile.write(begin + bytes(1000))
                    self.rfile.read()
                case "dripping":
                    self.wfile.write(begin)
                    while True:
                        self.wfile.write(b"x")
                        time.sleep(0.01)
                case "garbage":
                    self.wfile.write(bytes(range(256)) * 1000)
                case "endless":
                    self.wfile.write(begin.replace(b"Content-Length", b"X"))
                    while True:
                        self.wfile.write(bytes(10_000))
                case "bomb":
                    bomb = gzip.compress(idx_header((60_000,)) + bytes(60_000))
                    self.wfile.write(begin.replace(b"1000000", str(len(bomb)).encode()) + bomb)
                case "circle" | "another protocol":
                    to = self.path if kind == "circle" else "ftp://127.0.0.1/"
                    head = ("HTTP/1.1 302 Found", "Connection: close", f"Location: {to}", "Content-Length: 0")
                    self.wfile.write("\r\n".join((*head, "", "")).encode())
        return None

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


HARMFUL = {
    "silent": "timed out",
    "silent half way": "timed out",
    "dripping": r"found \d+ bytes within \d s, expected at least 10000 a second",
    "garbage": r"BadStatusLine\([^\x00-\x1f]*\)",
    "endless": "found more than 50000 bytes, expected a file of MNIST",
    "bomb": "found the dimensions 60000 bytes, expected at most 50000",
    "circle": "Exceeded 30 redirects",
    "another protocol": "ftp",
}
"""What a mirror may do, and what is said of it."""


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


@pytest.mark.parametrize("kind", HARMFUL)
def test_a_harmful_mirror_is_given_up_soon_and_the_next_one_helps_out(site, tmp_path, tiny_mnist, monkeypatch, kind):
    monkeypatch.setattr(download, "DOWNLOAD_TIMEOUT", 0.3)
    monkeypatch.setattr(download, "MAX_BYTES", 50_000)
    mirror = f"{site}/{kind}/".replace(" ", "%20")
    began = time.monotonic()
    monkeypatch.setattr(download, "MIRRORS", [mirror])
    with pytest.raises(DataError, match=HARMFUL[kind]) as caught:
        fetch_mnist(folder=tmp_path / "my folder")
    assert len(str(caught.value)) < 900 and "\n" not in str(caught.value)
    assert list((tmp_path / "my folder").iterdir()) == []
    monkeypatch.setattr(download, "MIRRORS", [mirror, f"{site}/good/"])
    folder = write_files(tmp_path / "my folder", tiny_mnist)
    (folder / GZ[1]).unlink()
    fetch_mnist(folder=folder)
    assert time.monotonic() - began < 10
    assert sorted(path.name for path in folder.iterdir()) == sorted(GZ)
    assert load_dataset(folder).name == "MNIST"


@pytest.mark.parametrize("jump", [-90_000, 90_000])
def test_a_clock_that_is_set_during_a_download_gives_no_mirror_up(site, tmp_path, tiny_mnist, monkeypatch, jump):
    clock = count(time.time(), jump)
    monkeypatch.setattr(time, "time", lambda: next(clock))
    assert load_dataset(fetch_mnist(folder=tmp_path / "my folder")).name == "MNIST"


def test_an_answer_that_says_it_is_compressed(site, tmp_path, tiny_mnist, monkeypatch):
    monkeypatch.setattr(download, "MIRRORS", [f"{site}/encoded/"])
    assert load_dataset(fetch_mnist(folder=tmp_path / "my folder")).name == "MNIST"


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


def test_progress_counts_bytes_up_to_the_size_of_each_file(site, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(download, "DOWNLOAD_CHUNK", 1000)
    calls = []
    folder = fetch_mnist(lambda *call: calls.append(call), tmp_path / "my folder")
    assert list(dict.fromkeys(name for name, _, _ in calls)) == list(GZ)
    for name in GZ:
        size = (folder / name).stat().st_size
        counts = [done for called, done, _ in calls if called == name]
        assert counts == sorted(counts) and counts[-1] == size
        assert {total for called, _, total in calls if called == name} == {size}
    assert len([name for name, _, _ in calls if name == GZ[0]]) > 5
    assert capfd.readouterr() == ("", "")  # the core prints nothing


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

"""What `predict` reads, prints and leaves behind: digits and numbers, every stage as a picture, and how it says no."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_core.cli.predict import AGAINST, ENLARGED, FOR, STAGES, draw_boxes, draw_why
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.imaging.image_file import read_picture
from mnist_core.imaging.preprocess import PreprocessOptions
from mnist_core.network import Network
from mnist_core.recognizer import Recognizer
from tests.mnist_core.cli.test_main import call, good, json_lines, refusal


@pytest.fixture(scope="module")
def weights(small_network, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "small.npz"
    small_network.save(path)
    return path


# One digit a picture


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    """Ten digits, large and black on white, as PNG and JPEG in turn."""
    images, labels = synthetic_digits(10, np.random.default_rng(5))
    images[images < 32] = 0  # clean paper
    paths = []
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = tmp_path / f"digit {label}.{'png' if i % 2 else 'jpg'}"
        Image.fromarray(255 - np.kron(image, np.ones((8, 8), np.uint8))).save(path)
        paths.append(path)
    return paths


def test_predict_reads_png_and_jpeg(weights, pictures):
    lines = json_lines(good("predict", *pictures, "--weights", weights, "--json"))
    assert [line["image"] for line in lines] == [str(path) for path in pictures]
    right = sum(line["digit"] == int(path.stem[-1]) for line, path in zip(lines, pictures, strict=True))
    assert right >= 6
    for line in lines:
        assert sum(line["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert line["digit"] == int(np.argmax(line["probabilities"]))


def rewritten(weights: Path, path: Path, **changes: float | None) -> Path:
    """The same weights with another temperature or other thresholds."""
    replace(Network.load(weights), **changes).save(path)  # type: ignore[arg-type]
    return path


def evidence_of(weights: Path, pictures: list[Path]) -> np.ndarray:
    recognizer = Recognizer.load(weights)
    return np.array([recognizer.recognize(read_picture(path)).logsumexp for path in pictures])


@pytest.fixture
def graded(weights, pictures, tmp_path) -> Path:
    """Weights that take three of the pictures for no digit, and are sure of about half of the others."""
    lines = json_lines(good("predict", *pictures, "--weights", weights, "--json"))
    best = np.array([max(line["probabilities"]) for line in lines])
    evidence = evidence_of(weights, pictures)
    digit_from = float(np.sort(evidence)[3])
    sure_from = float(np.median(best[evidence >= digit_from]))
    return rewritten(weights, tmp_path / "graded.npz", confidence_threshold=sure_from, ood_threshold=digit_from)


def test_predict_says_how_sure_it_is(graded, pictures):
    lines = json_lines(good("predict", *pictures, "--weights", graded, "--json"))
    network = Network.load(graded)
    for line, evidence in zip(lines, evidence_of(graded, pictures), strict=True):
        assert set(line) == {"image", "digit", "certainty", "probabilities", "text", "digits"}
        sure = "sure" if max(line["probabilities"]) >= network.confidence_threshold else "unsure"
        assert line["certainty"] == ("no digit" if evidence < network.ood_threshold else sure)
    assert [line["certainty"] for line in lines].count("no digit") == 3
    assert {line["certainty"] for line in lines} == {"sure", "unsure", "no digit"}


def test_predict_in_words(graded, pictures):
    in_json = json_lines(good("predict", *pictures, "--weights", graded, "--json"))
    lines = good("predict", *pictures, "--weights", graded).splitlines()
    for line, path, answer in zip(lines, pictures, in_json, strict=True):
        words = {"sure": "{}", "unsure": "{}, unsure", "no digit": "no digit, at best {}"}[answer["certainty"]]
        assert line.startswith(f"{path}: {words.format(answer['digit'])}   (0: ") and line.endswith("%)")
        assert line.count("%") == 10


@pytest.mark.parametrize(
    ("temperature", "sure_from", "digit_from", "certainty"),
    [
        (1.0, 0.0, None, "sure"),
        (0.01, 0.5, None, "sure"),
        (100.0, 0.9, None, "unsure"),
        (100.0, 0.9, -1e6, "unsure"),
        (0.01, 0.5, 1e6, "no digit"),
    ],
)
def test_predict_takes_the_certainty_from_the_weights(
    weights, pictures, tmp_path, temperature, sure_from, digit_from, certainty
):
    changes = {"temperature": temperature, "confidence_threshold": sure_from, "ood_threshold": digit_from}
    path = rewritten(weights, tmp_path / "w.npz", **changes)
    lines = json_lines(good("predict", *pictures, "--weights", path, "--json"))
    usual = json_lines(good("predict", *pictures, "--weights", weights, "--json"))
    assert {line["certainty"] for line in lines} == {certainty}
    assert [line["digit"] for line in lines] == [line["digit"] for line in usual]


def test_an_empty_picture(weights, tmp_path):
    Image.new("L", (50, 50), 255).save(tmp_path / "empty.png")
    assert good("predict", tmp_path / "empty.png", "--weights", weights) == f"{tmp_path / 'empty.png'}: nothing drawn\n"
    assert json_lines(good("predict", tmp_path / "empty.png", "--weights", weights, "--json")) == [
        {
            "image": str(tmp_path / "empty.png"),
            "digit": None,
            "certainty": "no digit",
            "probabilities": None,
            "text": "",
            "digits": [],
        }
    ]


def test_an_unreadable_picture_is_reported_and_the_others_are_read(weights, pictures, tmp_path):
    (tmp_path / "bad.png").write_text("no picture")
    result = call(
        "predict", pictures[0], tmp_path / "bad.png", tmp_path / "nowhere.png", pictures[1], "--weights", weights
    )
    assert result.exit_code == 1
    assert [line.split(": ")[0] for line in result.stdout.splitlines()] == [str(pictures[0]), str(pictures[1])]
    errors = result.stderr.splitlines()
    assert len(errors) == 2
    assert errors[0].startswith(f"Error: {tmp_path / 'bad.png'}: found no readable picture")
    assert errors[1].startswith(f"Error: {tmp_path / 'nowhere.png'}: found no readable file")


def test_predict_without_weights(pictures, tmp_path):
    assert "there is no such file" in refusal("predict", pictures[0], "--weights", tmp_path / "nowhere.npz")


# Several digits


@pytest.fixture
def number(tmp_path) -> Path:
    """Two upright sticks of 80 by 10 pixels, black on white."""
    pixels = np.full((100, 120), 255, np.uint8)
    pixels[10:90, 20:30] = pixels[12:92, 70:80] = 0
    Image.fromarray(pixels).save(tmp_path / "number.png")
    return tmp_path / "number.png"


def test_a_number_as_json(weights, number):
    (line,) = json_lines(good("predict", number, "--weights", weights, "--json"))
    parts = Recognizer.load(weights).recognize_number(read_picture(number))
    assert [digit["box"] for digit in line["digits"]] == [[10, 20, 90, 30], [12, 70, 92, 80]]
    for digit, part in zip(line["digits"], parts, strict=True):
        read = part.recognition
        assert read.probabilities is not None
        assert digit["probabilities"] == read.probabilities.tolist()
        assert (digit["digit"], digit["certainty"]) == (read.digit, read.certainty)
        assert digit["evidence"] == read.logsumexp
    assert line["digit"] is None and line["probabilities"] is None  # there is no single one
    assert line["text"] == "".join(str(digit["digit"]) for digit in line["digits"])


def test_what_is_no_digit_is_a_question_mark_and_the_number_as_doubtful_as_its_worst(weights, number, tmp_path):
    """The sticks are 10 and 20 pixels wide, so that the network has not the same evidence of both."""
    pixels = read_picture(number).copy()
    pixels[10:90, 20:40] = 0
    Image.fromarray(pixels).save(number)
    (line,) = json_lines(good("predict", number, "--weights", weights, "--json"))
    evidence = [digit["evidence"] for digit in line["digits"]]
    assert evidence[0] != evidence[1]
    strict = rewritten(weights, tmp_path / "strict.npz", ood_threshold=sum(evidence) / 2, confidence_threshold=0.0)
    (line,) = json_lines(good("predict", number, "--weights", strict, "--json"))
    digits = [str(digit["digit"]) for digit in line["digits"]]
    digits[int(np.argmin(evidence))] = "?"
    assert line["text"] == "".join(digits) and line["certainty"] == "no digit"
    assert sorted(digit["certainty"] for digit in line["digits"]) == ["no digit", "sure"]


def test_a_number_in_words(weights, number):
    (in_json,) = json_lines(good("predict", number, "--weights", weights, "--json"))
    first, *digits = good("predict", number, "--weights", weights).splitlines()
    assert first == f"{number}: {in_json['text']}"
    assert digits[0].startswith("  digit 1, rows 10-89, columns 20-29: ")
    assert digits[1].startswith("  digit 2, rows 12-91, columns 70-79: ")


def test_one_reads_the_whole_picture_as_one_digit(weights, number):
    (line,) = json_lines(good("predict", number, "--weights", weights, "--one", "--json"))
    read = Recognizer.load(weights).recognize(read_picture(number))
    assert line["digit"] == read.digit and read.probabilities is not None
    assert line["probabilities"] == read.probabilities.tolist()
    assert [digit["box"] for digit in line["digits"]] == [[10, 20, 92, 80]]


def test_one_of_an_empty_picture(weights, tmp_path):
    Image.new("L", (50, 50), 255).save(tmp_path / "empty.png")
    assert good("predict", tmp_path / "empty.png", "--weights", weights, "--one").endswith(": nothing drawn\n")


# Steps


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        (("--without", "crop"), PreprocessOptions(crop=False)),
        (("--without", "stroke-width"), PreprocessOptions(stroke_width=False)),
        (("--without", "centre"), PreprocessOptions(centre=False)),
        (("--with", "slant"), PreprocessOptions(slant=True)),
        (("--without", "centre", "--without", "stroke-width"), PreprocessOptions(stroke_width=False, centre=False)),
    ],
)
def test_steps_can_be_left_out(weights, pictures, options, steps):
    lines = json_lines(good("predict", *pictures, "--weights", weights, "--one", "--json", *options))
    reader = Recognizer(Network.load(weights), steps)
    for line, path in zip(lines, pictures, strict=True):
        read = reader.recognize(read_picture(path))
        assert read.probabilities is not None and line["probabilities"] == read.probabilities.tolist()


# Pictures


def test_every_stage_of_every_digit_is_a_picture(weights, number, tmp_path):
    folder = tmp_path / "new" / "stages"
    good("predict", number, "--weights", weights, "--stages", folder)
    names = [f"number-{place}-{stage}.png" for place in (1, 2) for stage in STAGES]
    assert {path.name for path in folder.iterdir()} == {*names, "number-boxes.png"}
    parts = Recognizer.load(weights).recognize_number(read_picture(number))
    for place, part in enumerate(parts, start=1):
        for stage in STAGES:
            expected = getattr(part.recognition.stages, stage)
            found = read_picture(folder / f"number-{place}-{stage}.png")
            np.testing.assert_allclose(found / 255, expected, atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_boxes_are_drawn_around_the_ink_and_not_over_it(small_network, channels):
    ink = np.zeros((100, 120), bool)
    ink[30:90, 20:30] = ink[32:92, 70:80] = True
    pixels = np.where(ink, 0, 255).astype(np.uint8)
    pixels = pixels if not channels else np.repeat(pixels[..., None], channels[0], axis=2)
    if channels == (4,):
        pixels[..., 3] = 255
    parts = Recognizer(small_network).recognize_number(pixels)
    before = pixels.copy()
    drawn = np.asarray(draw_boxes(pixels, parts).convert("RGB"))
    np.testing.assert_array_equal(pixels, before)
    coloured = (drawn != drawn[..., :1]).any(axis=2) | (drawn == 128).all(axis=2)
    assert not coloured[ink].any()
    for part in parts:
        top, left, bottom, right = part.box
        assert coloured[top - 2, left - 2 : right + 2].all() and coloured[bottom + 1, left - 2 : right + 2].all()
        assert coloured[top - 2 : bottom + 2, left - 2].all() and coloured[top - 2 : bottom + 2, right + 1].all()


def test_why_is_a_picture_in_two_colours(weights, number, tmp_path, small_network):
    good("predict", number, "--weights", weights, "--why", tmp_path / "why")
    assert {path.name for path in (tmp_path / "why").iterdir()} == {"number-1-why.png", "number-2-why.png"}
    (read, _other) = (part.recognition for part in Recognizer(small_network).recognize_number(read_picture(number)))
    picture = np.asarray(draw_why(small_network, read))
    np.testing.assert_array_equal(read_picture(tmp_path / "why" / "number-1-why.png"), picture)
    assert picture.shape == (28 * ENLARGED, 28 * ENLARGED, 3)
    small = picture[::ENLARGED, ::ENLARGED].astype(int)
    assert (small[read.image == 0] == 0).all()  # where there is no ink, nothing speaks
    strongest = {tuple((colour * 255).round().astype(int)) for colour in (FOR, AGAINST)}
    assert strongest & {tuple(colour) for colour in small.reshape(-1, 3)}
    assert (small[..., 2] > small[..., 0]).any()  # something blue


def test_nothing_cannot_be_explained(small_network):
    with pytest.raises(ValueError, match="found no digit to explain"):
        draw_why(small_network, Recognizer(small_network).recognize(np.zeros((9, 9), np.uint8)))


@pytest.mark.parametrize("option", ["--stages", "--why"])
def test_pictures_of_one_name_would_replace_each_other(weights, number, tmp_path, option):
    images = number, number.with_suffix(".jpg")
    text = refusal("predict", *images, "--weights", weights, option, tmp_path / "out", code=2)
    assert "2 pictures are called 'number'" in text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--stages", "--why"])
def test_a_folder_that_cannot_be_made_is_one_line(weights, number, option):
    assert "number.png" in refusal("predict", number, "--weights", weights, option, number / "below")


def test_a_picture_that_cannot_be_written_leaves_nothing_half_written(weights, number, tmp_path):
    (tmp_path / "out" / "number-1-crop.png").mkdir(parents=True)  # a folder stands in its place
    assert "number-1-crop.png" in refusal("predict", number, "--weights", weights, "--stages", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"number-1-ink.png", "number-1-crop.png"}

"""The one door: it reads digits, says how sure it is, takes any picture, and serves several threads at once."""

import itertools
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageDraw
from scipy.special import expit, logsumexp, softmax

from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import ImageError, WeightsError
from mnist_core.imaging.preprocess import DEFAULT_OPTIONS, PreprocessOptions, to_network_input
from mnist_core.network import DEFAULT_WEIGHTS, MAX_LOGSUMEXP, Network
from mnist_core.nn.losses import HEADS
from mnist_core.nn.normalization import NORMALIZATIONS
from mnist_core.recipes.recipe import Recipe
from mnist_core.recognizer import Recognition, Recognizer
from mnist_core.training.loop import train_from
from mnist_core.training.split import make_split
from mnist_core.training.state import init_state
from mnist_core.training.stream import Training
from tests.paths import ROOT

STICK = np.zeros((60, 60), np.uint8)
STICK[10:50, 28:33] = 255


@pytest.fixture(scope="module")
def recognizer(small_network) -> Recognizer:
    return Recognizer(small_network)


@pytest.fixture(scope="module")
def shipped() -> Recognizer:
    return Recognizer.load()


@pytest.fixture(scope="module")
def drawings() -> tuple[list[np.ndarray], np.ndarray]:
    """Digits that the network has never seen, ten times as large, black on white."""
    images, labels = synthetic_digits(60, np.random.default_rng(99))
    return [255 - np.kron(image, np.ones((10, 10), np.uint8)) for image in images], labels


def network_that_answers(
    logits: Sequence[float],
    temperature: float = 1.0,
    confidence_threshold: float = 0.5,
    ood_threshold: float | None = None,
    head: str = "softmax",
) -> Network:
    """A network without hidden layers that gives the same logits whatever it sees."""
    recipe = Recipe("answers", "tests", hidden_sizes=(), head=head)
    model = init_state(recipe).model
    model.params["0.W"][...] = 0
    model.params["0.b"][...] = logits
    network = Network(model, recipe, "nothing", "f" * 64, True, None, 0.1)
    return replace(
        network, temperature=temperature, confidence_threshold=confidence_threshold, ood_threshold=ood_threshold
    )


def answer(
    logits: Sequence[float],
    temperature: float = 1.0,
    confidence_threshold: float = 0.5,
    ood_threshold: float | None = None,
    head: str = "softmax",
) -> Recognition:
    """What a recognizer makes of these logits."""
    return Recognizer(network_that_answers(logits, temperature, confidence_threshold, ood_threshold, head)).recognize(
        STICK
    )


def probabilities_of(recognition: Recognition) -> np.ndarray:
    assert recognition.probabilities is not None
    return recognition.probabilities


def test_most_drawings_are_read_rightly(recognizer, drawings):
    pictures, labels = drawings
    digits = [recognizer.recognize(picture).digit for picture in pictures]
    assert (np.array(digits) == labels).mean() > 0.7


def test_a_recognition_is_consistent(recognizer, drawings):
    for picture in drawings[0][:10]:
        recognition = recognizer.recognize(picture)
        assert type(recognition.digit) is int
        assert recognition.probabilities.dtype == np.float32 and recognition.probabilities.shape == (10,)
        assert recognition.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert recognition.digit == recognition.probabilities.argmax()
        assert type(recognition.logsumexp) is float
        assert recognition.image is recognition.stages.centred
        assert recognition.stages.ink.shape == (280, 280)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_the_network_reads_the_image_as_its_recipe_says(small_network, drawings, head, normalization):
    """Worked out step by step in float64."""
    network = replace(small_network, recipe=replace(small_network.recipe, head=head, normalization=normalization))
    recognition = Recognizer(network).recognize(drawings[0][0])
    assert recognition.probabilities is not None
    image = recognition.image.astype(np.float64).reshape(784)  # in [0, 1]
    x = {
        "unit": image,
        "standard": (image - 0.1307) / 0.3081,
        "raw": image * 255,
        "min-max": (image - image.min()) / (image.max() - image.min()),
    }[normalization]
    params = {name: param.astype(np.float64) for name, param in network.model.params.items()}
    logits = np.maximum(x @ params["0.W"] + params["0.b"], 0) @ params["2.W"] + params["2.b"]
    shares = np.exp(logits - logits.max()) if head == "softmax" else expit(logits)
    np.testing.assert_allclose(recognition.probabilities, shares / shares.sum(), rtol=2e-3, atol=1e-6)
    assert recognition.logsumexp == pytest.approx(logsumexp(logits), rel=1e-4, abs=1e-4)


def test_a_network_with_batch_norm_and_dropout_reads_one_image_like_many(small_dataset, drawings):
    recipe = Recipe("both", "tests", hidden_sizes=(16,), batch_norm=True, dropout=0.3, batch_size=50, epochs=2)
    training = init_state(recipe)
    for _ in train_from(training, make_split(recipe, small_dataset)):
        pass
    recognizer = Recognizer(Training(training, small_dataset).network().tested(small_dataset))
    together = recognizer.recognize_many(drawings[0][:10])
    for picture, found in zip(drawings[0], together, strict=False):
        alone = recognizer.recognize(picture)
        assert alone.probabilities is not None and found.probabilities is not None
        np.testing.assert_allclose(alone.probabilities, found.probabilities, atol=1e-6)


def test_one_by_one_or_all_at_once(recognizer, drawings):
    pictures = [*drawings[0][:7], np.zeros((5, 9), np.uint8), *drawings[0][7:12]]
    together = recognizer.recognize_many(pictures)
    assert len(together) == len(pictures)
    for picture, found in zip(pictures, together, strict=True):
        alone = recognizer.recognize(picture)
        assert alone.digit == found.digit and alone.certainty == found.certainty
        np.testing.assert_array_equal(alone.image, found.image)
        if alone.probabilities is not None and found.probabilities is not None:
            np.testing.assert_allclose(alone.probabilities, found.probabilities, atol=1e-5)
            assert alone.logsumexp == pytest.approx(found.logsumexp, rel=1e-5, abs=1e-5)
    assert together[7].digit is None and together[7].logsumexp is None and together[7].certainty == "no digit"
    assert {recognition.certainty for recognition in together} > {"no digit"}
    assert recognizer.recognize_many([]) == []


@pytest.mark.parametrize("shape", [(280, 280), (1, 1), (30, 20, 3), (30, 20, 4)])
@pytest.mark.parametrize("value", [0, 255])
def test_where_nothing_is_drawn_nothing_is_read(recognizer, shape, value):
    recognition = recognizer.recognize(np.full(shape, value, np.uint8))
    assert recognition.digit is None and recognition.probabilities is None and recognition.logsumexp is None
    assert recognition.certainty == "no digit" and recognition.stages.empty
    np.testing.assert_array_equal(recognition.image, np.zeros((28, 28)))


@given(
    hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 30), st.integers(1, 30)).flatmap(
            lambda size: st.sampled_from([size, (*size, 3), (*size, 4)])
        ),
        elements=st.integers(0, 255) | st.sampled_from([0, 255]),
    )
)
@settings(max_examples=50, deadline=None)
def test_any_picture_gets_an_answer(small_network, pixels):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recognition = Recognizer(small_network).recognize(pixels)
    if recognition.digit is None:
        assert recognition.probabilities is None and recognition.logsumexp is None and recognition.stages.empty
        assert recognition.certainty == "no digit"
    else:
        assert 0 <= recognition.digit <= 9
        assert recognition.probabilities is not None and recognition.probabilities.min() >= 0
        assert recognition.probabilities.sum() == pytest.approx(1, abs=1e-5)
        assert recognition.logsumexp is not None and np.isfinite(recognition.logsumexp)


# How sure it is


def few(*probabilities: float) -> list[float]:
    """Logits whose softmax is this for the first digits and 0 for the others."""
    assert sum(probabilities) == pytest.approx(1)
    return [*np.log(probabilities), *[-1e4] * (10 - len(probabilities))]


@pytest.mark.parametrize(
    ("probabilities", "evidence", "confidence_threshold", "ood_threshold", "certainty"),
    [
        ((0.97, 0.03), 8, 0.9, 5, "sure"),
        ((0.91, 0.05, 0.04), 8, 0.9, 5, "sure"),
        ((0.89, 0.11), 8, 0.9, 5, "unsure"),
        ((0.05, 0.03, 0.45, 0.47), 8, 0.9, 5, "unsure"),
        ((0.1,) * 10, 8, 0.9, 5, "unsure"),
        ((0.55, 0.45), 8, 0.5, 5, "sure"),
        ((0.45, 0.1, 0.45), 8, 0.5, 5, "unsure"),
        ((0.97, 0.03), 4.9, 0.9, 5, "no digit"),
        ((0.89, 0.11), 4.9, 0.9, 5, "no digit"),
        ((0.1,) * 10, 4.9, 0.0, 5, "no digit"),
        ((0.97, 0.03), -3, 0.9, -4, "sure"),
        ((0.97, 0.03), -5, 0.9, -4, "no digit"),
        ((0.97, 0.03), 8, 0.9, MAX_LOGSUMEXP, "no digit"),
        ((0.97, 0.03), -8, 0.9, -MAX_LOGSUMEXP, "sure"),
        ((0.97, 0.03), -50, 0.9, None, "sure"),
        ((0.5, 0.35, 0.15), -50, 0.9, None, "unsure"),
        ((0.1,) * 10, -50, 0.9, None, "unsure"),
    ],
)
def test_what_counts_as_a_digit_and_as_sure(probabilities, evidence, confidence_threshold, ood_threshold, certainty):
    """What is added to all logits changes the evidence alone."""
    recognition = answer(
        np.add(few(*probabilities), evidence), confidence_threshold=confidence_threshold, ood_threshold=ood_threshold
    )
    np.testing.assert_allclose(probabilities_of(recognition)[: len(probabilities)], probabilities, rtol=1e-4)
    assert recognition.logsumexp == pytest.approx(evidence, abs=1e-4)
    assert recognition.certainty == certainty
    assert recognition.digit == int(np.argmax(probabilities))  # said whatever the certainty


@pytest.mark.parametrize(
    ("alike", "confidence_threshold", "certainty"),
    [
        (1, 1.0, "sure"),
        (2, 0.5, "sure"),
        (2, np.nextafter(np.float32(0.5), np.float32(1)), "unsure"),
        (2, 1.0, "unsure"),
        (4, 0.25, "sure"),
        (4, np.nextafter(np.float32(0.25), np.float32(1)), "unsure"),
        (8, 0.0, "sure"),
    ],
)
def test_exactly_sure_from_is_sure(alike, confidence_threshold, certainty):
    """1, 2, 4 or 8 digits share the probability; their shares are exact."""
    recognition = answer([0.0] * alike + [-1e4] * (10 - alike), confidence_threshold=float(confidence_threshold))
    np.testing.assert_array_equal(probabilities_of(recognition), [1 / alike] * alike + [0] * (10 - alike))
    assert recognition.certainty == certainty


@pytest.mark.parametrize("evidence", [7.25, 0.0, -3.5])
def test_exactly_digit_from_is_a_digit(evidence):
    """One logit far above the others is all of the evidence, without rounding."""
    logits = [evidence] + [-1e4] * 9
    found = [
        answer(logits, ood_threshold=float(ood_threshold))
        for ood_threshold in (np.nextafter(evidence, -np.inf), evidence, np.nextafter(evidence, np.inf))
    ]
    assert [recognition.logsumexp for recognition in found] == [evidence] * 3
    assert [recognition.certainty for recognition in found] == ["sure", "sure", "no digit"]


@given(
    st.lists(st.floats(-20, 20, width=32), min_size=10, max_size=10),
    st.floats(0.01, 100),
    st.floats(0, 1),
    st.none() | st.floats(-20, 25),
    st.sampled_from(list(HEADS)),
)
@settings(max_examples=100, deadline=None)
def test_certainty_follows_from_probabilities_and_evidence(
    logits, temperature, confidence_threshold, ood_threshold, head
):
    recognition = answer(logits, temperature, confidence_threshold, ood_threshold, head)
    probabilities = probabilities_of(recognition)
    assert probabilities.dtype == np.float32 and probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert probabilities[recognition.digit] == probabilities.max()
    evidence = logsumexp(np.array(logits))
    assert recognition.logsumexp == pytest.approx(evidence, abs=3e-5)
    allowed = {  # either answer is right where rounding decides
        "no digit"
        if ood_threshold is not None and evidence + more < ood_threshold
        else "sure"
        if probabilities.max() >= confidence_threshold + less
        else "unsure"
        for more in (-3e-5, 3e-5)
        for less in (-1e-6, 1e-6)
    }
    assert recognition.certainty in allowed


@pytest.mark.parametrize("size", [1e2, 1e4, 1e30])
@pytest.mark.parametrize("head", HEADS)
def test_large_logits_do_not_overflow(size, head):
    """e^100 is more than a float32 can hold, e^10000 more than a float64."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        high = answer([-size, size, *[-size] * 8], ood_threshold=90.0, head=head)
        low = answer([-size] * 10, ood_threshold=-90.0, head=head)
    assert high.digit == 1 and high.certainty == "sure" and low.certainty == "no digit"
    assert high.logsumexp == pytest.approx(size) and low.logsumexp == pytest.approx(np.log(10) - size)
    np.testing.assert_allclose(probabilities_of(low), 0.1, rtol=1e-5)


LOGITS = [3.0, -1.0, 0.5, 7.0, 2.0, -4.0, 6.0, 0.0, 1.0, -2.5]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("temperature", [0.01, 0.5, 1.0, 1.7, 20.0, 100.0])
def test_logits_are_divided_by_the_temperature(head, temperature):
    recognition = answer(LOGITS, temperature, head=head)
    assert recognition.logsumexp == answer(LOGITS, head=head).logsumexp == pytest.approx(logsumexp(LOGITS))  # not they
    found = probabilities_of(recognition)
    divided = np.array(LOGITS) / temperature
    expected = softmax(divided if head == "softmax" else np.minimum(divided, 0) - np.log1p(np.exp(-abs(divided))))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)
    assert found.dtype == np.float32
    if 0.5 <= temperature <= 20:  # where no two are rounded to the same
        assert recognition.digit == 3
        np.testing.assert_array_equal(np.argsort(found), np.argsort(LOGITS))


def test_a_higher_temperature_makes_less_sure():
    """7 against 6 and 3: at 0.2 the best stands alone, at 2 no more; it looks like a digit as much as before."""
    answers = [answer(LOGITS, temperature, confidence_threshold=0.8, ood_threshold=7.0) for temperature in (0.2, 2, 50)]
    assert [found.certainty for found in answers] == ["sure", "unsure", "unsure"]
    assert [found.digit for found in answers] == [3, 3, 3]
    best = [probabilities_of(answer(LOGITS, temperature))[3] for temperature in (0.1, 0.5, 1, 2, 5, 50)]
    assert best == sorted(best, reverse=True)


def test_an_empty_drawing_is_no_digit_however_easily_the_network_is_sure():
    for ood_threshold in (None, -MAX_LOGSUMEXP):
        network = network_that_answers(LOGITS, confidence_threshold=0, ood_threshold=ood_threshold)
        recognition = Recognizer(network).recognize(np.zeros((60, 60), np.uint8))
        assert (recognition.digit, recognition.certainty) == (None, "no digit")
        assert recognition.probabilities is None and recognition.logsumexp is None


# How drawings are made ready


@pytest.mark.parametrize(
    "steps", [PreprocessOptions(*switches) for switches in itertools.product([True, False], repeat=4)]
)
def test_the_steps_are_taken(small_network, steps):
    drawing = written(7, 10)
    recognizer = Recognizer(small_network, steps)
    assert recognizer.options == steps
    expected = to_network_input(drawing, steps)
    for found in (recognizer.recognize(drawing), *recognizer.recognize_many([drawing, drawing])):
        for name in ("ink", "crop", "evened", "fitted", "centred"):
            np.testing.assert_array_equal(getattr(found.stages, name), getattr(expected, name))
        np.testing.assert_array_equal(found.image, expected.centred)
    logits = small_network.model(expected.centred.reshape(1, 784))
    np.testing.assert_allclose(probabilities_of(recognizer.recognize(drawing)), softmax(logits[0]), atol=1e-5)


def test_without_steps_the_usual_ones_are_taken(small_network):
    assert Recognizer(small_network).options == Recognizer.load().options == DEFAULT_OPTIONS


# The weights that ship


Point = tuple[float, float]


def curve(x: float, y: float, half_width: float, half_height: float, start: float, end: float) -> list[Point]:
    """Part of an ellipse, clockwise on the screen; angles in degrees from the right."""
    turns = np.radians(np.linspace(start, end, 25))
    return list(zip(x + half_width * np.cos(turns), y + half_height * np.sin(turns), strict=True))


STROKES: list[list[list[Point]]] = [
    [curve(0.5, 0.5, 0.3, 0.45, 0, 360)],
    [[(0.5, 0.05), (0.5, 0.95)]],
    [[*curve(0.5, 0.28, 0.27, 0.23, 190, 395), (0.22, 0.95), (0.8, 0.95)]],
    [[*curve(0.45, 0.28, 0.25, 0.22, 200, 450), *curve(0.45, 0.72, 0.3, 0.23, 270, 520)]],
    [[(0.3, 0.05), (0.2, 0.55), (0.8, 0.55)], [(0.68, 0.1), (0.65, 0.95)]],
    [[(0.75, 0.05), (0.3, 0.05), (0.27, 0.42), *curve(0.47, 0.67, 0.28, 0.27, 230, 505)]],
    [[*curve(0.85, 0.6, 0.6, 0.58, 260, 180), *curve(0.5, 0.7, 0.25, 0.24, 180, 540)]],
    [[(0.2, 0.08), (0.8, 0.08), (0.42, 0.95)]],
    [[*curve(0.5, 0.27, 0.2, 0.22, 90, 450), *curve(0.5, 0.72, 0.25, 0.23, 270, 630)]],
    [[*curve(0.5, 0.3, 0.24, 0.24, 0, 360), (0.74, 0.3), (0.66, 0.95)]],
]
"""For each digit its strokes, in a box from 0 to 1, y down."""


def written(digit: int, pen: int, side: int = 280) -> np.ndarray:
    """A digit, black on white, uint8 (side, side)."""
    picture = Image.new("L", (side, side), 255)
    draw = ImageDraw.Draw(picture)
    for stroke in STROKES[digit]:
        points = [((0.15 + 0.7 * x) * side, (0.15 + 0.7 * y) * side) for x, y in stroke]
        draw.line(points, fill=0, width=pen, joint="curve")
        for x, y in points:
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=0)
    return np.asarray(picture)


@pytest.mark.parametrize("digit", range(10))
def test_the_weights_that_ship_read_plain_digits_with_any_pen(shipped, digit):
    pens = (6, 10, 16, 22, 30)
    found = shipped.recognize_many([written(digit, pen) for pen in pens])
    assert [recognition.digit for recognition in found] == [digit] * len(pens)
    assert [recognition.certainty for recognition in found].count("sure") >= len(pens) - 1


def test_the_weights_that_ship_find_nothing_on_an_empty_canvas(shipped):
    assert shipped.recognize(np.full((280, 280), 255, np.uint8)).certainty == "no digit"


# Together, apart, and from a file


def test_a_picture_and_what_is_none_in_one_list(recognizer, drawings):
    with pytest.raises(ImageError, match="found dtype float64"):
        recognizer.recognize_many([drawings[0][0], np.zeros((28, 28))])


def test_several_threads_share_one_recognizer(recognizer, drawings):
    pictures = drawings[0]
    alone = [recognizer.recognize(picture) for picture in pictures]
    rng = np.random.default_rng(0)
    order = rng.integers(0, len(pictures), 400)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda i: recognizer.recognize(pictures[i]), order))
    for i, recognition in zip(order, found, strict=True):
        assert recognition.digit == alone[i].digit and recognition.certainty == alone[i].certainty
        np.testing.assert_array_equal(recognition.probabilities, alone[i].probabilities)
        np.testing.assert_array_equal(recognition.image, alone[i].image)
        assert recognition.logsumexp == alone[i].logsumexp


def test_reading_changes_neither_network_nor_drawing(recognizer, drawings):
    before = {name: param.tobytes() for name, param in recognizer.network.model.params.items()}
    picture = drawings[0][0].copy()
    picture.flags.writeable = False
    first, again = recognizer.recognize(picture), recognizer.recognize(picture)
    np.testing.assert_array_equal(first.probabilities, again.probabilities)
    assert {name: param.tobytes() for name, param in recognizer.network.model.params.items()} == before


def test_a_recognizer_from_a_file_reads_the_same(tmp_path, small_network, recognizer, drawings):
    evidence = [found.logsumexp for found in recognizer.recognize_many(drawings[0])]
    colder = replace(small_network, temperature=0.7, confidence_threshold=0.9, ood_threshold=float(np.median(evidence)))
    small_network.save(tmp_path / "a.npz")
    colder.save(tmp_path / "colder.npz")
    for path, expected in (
        (tmp_path / "a.npz", recognizer),
        (str(tmp_path / "a.npz"), recognizer),
        (tmp_path / "colder.npz", Recognizer(colder)),
    ):
        found = Recognizer.load(path).recognize_many(drawings[0])
        for one, two in zip(found, expected.recognize_many(drawings[0]), strict=True):
            np.testing.assert_array_equal(one.probabilities, two.probabilities)
            assert one.certainty == two.certainty and one.logsumexp == two.logsumexp


def test_a_missing_file(tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere\.npz: there is no such file; check the path"):
        Recognizer.load(tmp_path / "nowhere.npz")


def test_the_default_weights_lie_beside_the_package_wherever_it_is_started(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert DEFAULT_WEIGHTS.is_absolute()
    assert ROOT / "weights" / "default.npz" == DEFAULT_WEIGHTS

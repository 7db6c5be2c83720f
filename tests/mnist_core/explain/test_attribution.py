"""Ink for and against a digit: networks worked by hand, central differences for every kind of network, and sums."""

import dataclasses

import numpy as np
import pytest

from mnist_core.explain import attribution
from mnist_core.explain.attribution import gradient_times_input, occlusion, without_ninths
from mnist_core.network import Network
from mnist_core.nn.activations import ReLU
from mnist_core.nn.layers import BatchNorm, Layer, Linear
from mnist_core.nn.mlp import MLP, build_mlp
from mnist_core.nn.normalization import DEVIATION, normalize
from mnist_core.recipes.recipe import Recipe


def network_of(model: MLP, normalization: str = "unit") -> Network:
    recipe = Recipe("by hand", "test", normalization=normalization)
    return Network(model, recipe, "none", "", True, None, None)


def linear_network(weights: dict[tuple[int, int, int], float], normalization: str = "unit") -> Network:
    """One layer; the weights from a pixel (row, column) to a digit."""
    W = np.zeros((28, 28, 10), np.float32)
    for place, weight in weights.items():
        W[place] = weight
    return network_of(MLP([Linear(W.reshape(784, 10), np.zeros(10, np.float32))]), normalization)


def image_of(ink: dict[tuple[int, int], float]) -> np.ndarray:
    image = np.zeros((28, 28), np.float32)
    for place, value in ink.items():
        image[place] = value
    return image


def some_image(seed: int = 1) -> np.ndarray:
    """Ink in the middle of the field, as in a drawing."""
    image = np.zeros((28, 28), np.float32)
    image[6:22, 8:20] = np.random.default_rng(seed).random((16, 12))
    return image


def some_model(activation: str = "relu", batch_norm: bool = False, dropout: float = 0.0) -> MLP:
    """A network in float64 whose running means are not those of a fresh one."""
    rng = np.random.default_rng(2)
    model = build_mlp(
        (784, 12, 9, 10), activation, "he", rng, np.float64, biases="standard-normal", batch_norm=batch_norm,
        dropout=dropout,
    )  # fmt: skip
    for array in model.state.values():
        array[...] = rng.uniform(0.5, 2, array.shape)
    return model


# Gradient × input


def test_by_hand_without_hidden_layers():
    """z4 = 3 · ½ − 2 · 1 and z9 = 5 · ½: each share is the weight times the ink."""
    network = linear_network({(5, 6, 4): 3, (7, 8, 4): -2, (5, 6, 9): 5, (9, 9, 4): 100})
    image = image_of({(5, 6): 0.5, (7, 8): 1})
    np.testing.assert_array_equal(gradient_times_input(network, image, 4), image_of({(5, 6): 1.5, (7, 8): -2}))
    np.testing.assert_array_equal(gradient_times_input(network, image, 4, 9), image_of({(5, 6): -1, (7, 8): -2}))


def test_by_hand_with_a_hidden_layer():
    """Units ReLU(2p + q) = 3 and ReLU(p − 3q) = 0 at p = q = 1; z1 = 4 · 3 + 7 · 0, so p gives 8 and q gives 4."""
    W, V = np.zeros((784, 2), np.float32), np.zeros((2, 10), np.float32)
    W[0], W[1] = (2, 1), (1, -3)
    V[:, 1] = 4, 7
    layers: list[Layer] = [Linear(W, np.zeros(2, np.float32)), ReLU(), Linear(V, np.zeros(10, np.float32))]
    shares = gradient_times_input(network_of(MLP(layers)), image_of({(0, 0): 1, (0, 1): 1}), 1)
    np.testing.assert_array_equal(shares, image_of({(0, 0): 8, (0, 1): 4}))


@pytest.mark.parametrize("activation", ["relu", "leaky-relu"])
def test_without_biases_the_shares_sum_to_the_logits(activation):
    model = some_model(activation)
    for name, param in model.params.items():
        if name.endswith("b"):
            param[...] = 0
    network, image = network_of(model), some_image()
    logits = model(image.reshape(1, 784).astype(np.float64))[0]
    assert gradient_times_input(network, image, 3).sum() == pytest.approx(logits[3], rel=1e-5)
    assert gradient_times_input(network, image, 3, 8).sum() == pytest.approx(logits[3] - logits[8], rel=1e-5)


@pytest.mark.parametrize("normalization", ["unit", "standard", "raw", "min-max"])
def test_an_empty_pixel_has_no_share(normalization):
    """Also in "standard", where its number is not 0."""
    network = network_of(some_model("tanh"), normalization)
    image = some_image()
    assert not gradient_times_input(network, image, 0)[image == 0].any()


def test_the_background_is_what_ink_is_compared_with():
    network = linear_network({(5, 6, 4): 3}, "standard")
    shares = gradient_times_input(network, image_of({(5, 6): 0.5}), 4)
    assert shares[5, 6] == pytest.approx(3 * 0.5 / DEVIATION, rel=1e-6)


def test_a_training_that_goes_on_notices_nothing():
    """Its caches stay as they are, and so do running means and masks."""
    asked, left_alone = (some_model("relu", batch_norm=True, dropout=0.4) for _ in range(2))
    x, grad = np.random.default_rng(1).random((5, 784)), np.ones((5, 10)) / 5
    (_, caches), (_, same) = (model.forward(x, training=True) for model in (asked, left_alone))
    gradient_times_input(network_of(asked), some_image(), 1, 7)
    occlusion(network_of(asked), some_image(), 1)
    for model, own in ((asked, caches), (left_alone, same)):
        model.backward(own, grad)
    np.testing.assert_array_equal(asked.flat_grads, left_alone.flat_grads)
    np.testing.assert_array_equal(asked.flat, left_alone.flat)
    assert any(isinstance(layer, BatchNorm) for layer in asked.layers)


def test_a_network_in_float32_gives_float32():
    network = linear_network({(5, 6, 4): 3})
    assert gradient_times_input(network, some_image(), 4).dtype == np.float32
    assert occlusion(network, some_image(), 4).dtype == np.float32


# Occlusion


def test_occlusion_by_hand(monkeypatch):
    """One inked pixel that z4 gets 3 from: every patch that covers it costs 3. Four of them cover (10, 10), in patches
    that begin at 8 and 10; its neighbours up to (13, 13) lie in fewer of those four."""
    monkeypatch.setattr(attribution, "PATCH", 4)
    network = linear_network({(10, 10, 4): 6, (10, 10, 9): 2})
    falls = occlusion(network, image_of({(10, 10): 0.5}), 4)
    assert falls[10, 10] == 3
    assert falls[12, 11] == 3 * 2 / 4  # in the patches of the rows from 10 on
    assert falls[13, 13] == falls[8, 8] == 3 / 4
    assert falls[7, 10] == falls[14, 10] == 0
    np.testing.assert_array_equal(occlusion(network, image_of({(10, 10): 0.5}), 4, 9), falls * 2 / 3)


def test_occlusion_reaches_the_corners(monkeypatch):
    monkeypatch.setattr(attribution, "PATCH", 6)
    network = linear_network({(0, 0, 4): 1, (27, 27, 4): -1})
    falls = occlusion(network, image_of({(0, 0): 1, (27, 27): 1}), 4)
    assert falls[0, 0] == 1
    assert falls[27, 27] == -1


@pytest.mark.parametrize("normalization", ["standard", "min-max"])
def test_occlusion_is_what_the_network_says_without_the_patch(normalization, monkeypatch):
    """A patch as large as the field: the four that cover a pixel wipe a quarter of it, a half, or all of it."""
    monkeypatch.setattr(attribution, "PATCH", 28)
    model = some_model("sigmoid", batch_norm=True)
    network, image = network_of(model, normalization), some_image()

    def score(shown: np.ndarray) -> float:
        return float(model(normalize(shown[None], normalization, np.float64))[0, 2])

    falls = []
    for rows in (slice(0, 14), slice(0, 28), slice(14, 28)):
        for columns in (slice(0, 14), slice(0, 28), slice(14, 28)):
            wiped = image.copy()
            wiped[rows, columns] = 0
            falls.append(score(image) - score(wiped))
    top_left = (falls[0] + falls[1] + falls[3] + falls[4]) / 4
    bottom_right = (falls[4] + falls[5] + falls[7] + falls[8]) / 4
    measured = occlusion(network, image, 2)
    assert measured[3, 3] == pytest.approx(top_left, rel=1e-4)
    assert measured[20, 20] == pytest.approx(bottom_right, rel=1e-4)


def test_the_image_is_left_as_it_is():
    image = some_image()
    occlusion(network_of(some_model()), image, 1)
    without_ninths(network_of(some_model()), image)
    np.testing.assert_array_equal(image, some_image())


# Ninths


def test_without_each_ninth():
    network = linear_network({(5, 5, 1): 1, (12, 20, 1): 2, (27, 13, 1): 4})
    whole, without = without_ninths(network, image_of({(5, 5): 1, (12, 20): 1, (27, 13): 1}))
    assert whole[1] == 7
    np.testing.assert_array_equal(without[:, :, 1], [[6, 7, 7], [7, 7, 5], [7, 3, 7]])


# The network that ships


def test_a_trained_network_loses_its_digit_where_the_ink_for_it_is_wiped(small_network, small_dataset):
    """The half of the ink that speaks most for the digit is missed more than the half that speaks least for it."""
    missed = []
    for pixels in small_dataset.test_images[:40]:
        image = (pixels / 255).astype(np.float32)
        recipe = small_network.recipe
        logits = small_network.model(normalize(image[None], recipe.normalization))[0]
        digit = int(logits.argmax())
        shares = gradient_times_input(small_network, image, digit)
        middle = np.median(shares[image > 0])
        for kept in (shares < middle, shares >= middle):  # without the half for it, without the half against it
            left = small_network.model(normalize((image * kept)[None], recipe.normalization))[0]
            missed.append(logits[digit] - left[digit])
    for_it, against_it = np.array(missed).reshape(-1, 2).T
    assert (for_it > against_it).mean() > 0.9


def test_a_network_of_another_normalization_is_asked_in_its_own_numbers(small_network):
    image = some_image()
    standard = dataclasses.replace(
        small_network, recipe=dataclasses.replace(small_network.recipe, normalization="standard")
    )
    assert not np.array_equal(occlusion(standard, image, 1), occlusion(small_network, image, 1))

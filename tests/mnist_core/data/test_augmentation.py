"""Distorted copies: the documented mathematics, checked with SciPy and by statistics over many draws."""

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnist_core.data import augmentation as augment
from mnist_core.data.augmentation import CHUNK, ELASTIC, ROTATION, SCALE, SHEAR, SHIFT, SIGMA, THICKNESS, Distortion
from mnist_core.data.synthetic import synthetic_digits

NOISE = np.random.default_rng(0).integers(0, 256, (70, 784), np.uint8)
NOISE.flags.writeable = False
GRID = np.mgrid[:28, :28].reshape(2, 784)
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
"""A pixel and its four neighbours."""
COUNTS = [1, 31, 32, 33]
any_images = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 3), st.just(784)),
    elements=st.sampled_from([0, 1, 254, 255]) | st.integers(0, 255),
)
strengths = st.floats(0, 3)
seeds = st.integers(0, 2**32)


def distorted(
    images: np.ndarray,
    strength: float = 1.0,
    seed: int = 0,
    dtype: type[np.floating] = np.float32,
    distortion: Distortion | None = None,
) -> np.ndarray:
    out = np.full(images.shape, np.nan, dtype)
    (distortion or Distortion(strength)).distort(images, np.random.default_rng(seed), out)
    return out


def places(strength: float, count: int, seed: int = 0) -> np.ndarray:
    """Rows and columns where the pixels of so many images are looked up, (2, count, 784)."""
    return np.array(Distortion(strength).places(count, np.random.default_rng(seed)))


def thickened(images: np.ndarray, strength: float, seed: int = 0) -> np.ndarray:
    return Distortion(strength).thickened(images.reshape(-1, 28, 28), np.random.default_rng(seed))


# The batch


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("count", COUNTS)
def test_strength_0_leaves_the_images_as_they_are(count, dtype):
    out = distorted(NOISE[:count], 0, dtype=dtype)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, NOISE[:count])


@pytest.mark.parametrize("count", COUNTS)
def test_every_image_of_a_batch_is_distorted_in_its_own_way(count):
    same = np.repeat(NOISE[:1], count, axis=0)
    assert len({image.tobytes() for image in (NOISE[0].astype(np.float32), *distorted(same))}) == count + 1


def test_the_state_of_the_generator_decides():
    assert distorted(NOISE).tobytes() == distorted(NOISE).tobytes()
    assert (distorted(NOISE, seed=1) != distorted(NOISE)).any(axis=1).all()


def test_the_global_random_state_plays_no_part():
    before = np.random.get_state(legacy=True)[1].copy()  # type: ignore[index]  # noqa: NPY002 - must stay untouched
    distorted(NOISE)
    assert np.array_equal(np.random.get_state(legacy=True)[1], before)  # type: ignore[index]  # noqa: NPY002


def test_a_batch_is_worked_through_piece_by_piece_from_one_stream_of_randomness():
    """So 70 images are 32, 32 and 6, one after the other, to the bit: other pieces would give another training."""
    rng, parts = np.random.default_rng(0), np.empty((70, 784), np.float32)
    for part in (slice(0, 32), slice(32, 64), slice(64, 70)):
        Distortion(1).distort(NOISE[part], rng, parts[part])
    np.testing.assert_array_equal(parts, distorted(NOISE))


def test_the_memory_that_is_used_again_carries_nothing_over():
    distortion = Distortion(1)
    first = distorted(NOISE[:33], distortion=distortion)
    kept = first.copy()
    distorted(255 - NOISE[:40], seed=5, distortion=distortion)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(distorted(NOISE[:33], distortion=distortion), kept)


def test_float64_gets_the_same_numbers():
    np.testing.assert_array_equal(distorted(NOISE, dtype=np.float64), distorted(NOISE))


@given(any_images, strengths, seeds, st.sampled_from([np.float32, np.float64]))
@settings(max_examples=40, deadline=None)
def test_any_image_gives_grey_levels_and_is_not_changed(images, strength, seed, dtype):
    kept = images.copy()
    out = distorted(images, strength, seed, dtype)
    assert out.dtype == dtype and np.isfinite(out).all()
    assert out.min() >= 0 and out.max() <= 255
    np.testing.assert_array_equal(images, kept)


@given(st.integers(0, 255), strengths, seeds)
@settings(max_examples=25, deadline=None)
def test_beyond_its_edge_an_image_goes_on_so_an_even_one_stays_even(level, strength, seed):
    even = np.full((2, 784), level, np.uint8)
    np.testing.assert_array_equal(distorted(even, strength, seed), even)


# Looking up


@pytest.mark.parametrize("strength", [0.3, 1, 3])
def test_each_pixel_is_interpolated_between_four_as_by_scipy(strength):
    """The thickened image, looked up at its places; places beyond the edge find the outermost pixels."""
    distortion, rng = Distortion(strength), np.random.default_rng(3)
    there = np.array(distortion.places(CHUNK, rng), np.float64)
    inked = distortion.thickened(NOISE[:CHUNK].reshape(-1, 28, 28), rng).astype(np.float64)
    beyond = (there < 0) | (there > 27)
    assert beyond.any() and not beyond.all()
    expected = [
        scipy.ndimage.map_coordinates(image, place, order=1, mode="nearest")
        for image, place in zip(inked, there.swapaxes(0, 1), strict=True)
    ]
    # A place near 27 in float32 is known to 2e-6 of a pixel, and pixels differ by up to 255 grey levels.
    np.testing.assert_allclose(distorted(NOISE[:CHUNK], strength, 3), expected, atol=2e-3)


# Turning, slanting, stretching and moving


@pytest.mark.parametrize("strength", [0.5, 1, 3])
def test_without_waves_every_map_is_affine_with_all_its_parts_in_their_ranges_and_independent(monkeypatch, strength):
    """The maps are fitted and taken apart again: stretched · slanted · turned, about the middle of the image."""
    monkeypatch.setattr(augment, "ELASTIC", 0.0)
    count = 500
    found = places(strength, count).reshape(2 * count, 784).astype(np.float64)
    terms = np.vstack([np.ones(784), GRID - 13.5])  # (3, 784)
    coefficients = np.linalg.lstsq(terms.T, found.T)[0]  # (3, 2 · count)
    np.testing.assert_allclose(coefficients.T @ terms, found, atol=1e-4)

    coefficients = coefficients.reshape(3, 2, count)
    moves, matrices = coefficients[0] - 13.5, coefficients[1:].transpose(2, 1, 0)  # (2, count) and (count, 2, 2)
    turned, upper = np.linalg.qr(matrices.swapaxes(1, 2))
    signs = np.sign(np.diagonal(upper, axis1=1, axis2=2))
    turned, lower = turned * signs[:, None], (upper * signs[:, :, None]).swapaxes(1, 2)  # matrix = lower · turnedᵀ
    parts = {
        "turn": (np.rad2deg(np.arctan2(turned[:, 1, 0], turned[:, 0, 0])), ROTATION),
        "height": (np.log(lower[:, 0, 0]), SCALE),
        "width": (np.log(lower[:, 1, 1]), SCALE),
        "slant": (lower[:, 1, 0] / lower[:, 1, 1], SHEAR),
        "down": (moves[0], SHIFT),
        "across": (moves[1], SHIFT),
    }
    for name, (values, limit) in parts.items():
        shares = values / (strength * limit)
        assert 0.97 < np.abs(shares).max() <= 1 + 1e-4, name
        # Evenly spread, as far as 500 draws can tell: mean 0, mean square 1/3, a quarter beyond ½.
        assert abs(shares.mean()) < 0.1, name
        assert abs((shares**2).mean() - 1 / 3) < 0.06, name
        assert abs((shares > 0.5).mean() - 0.25) < 0.07, name
    correlations = np.corrcoef([values for values, _ in parts.values()]) - np.eye(6)
    assert np.abs(correlations).max() < 0.16


# Bending


def test_elastic_is_as_strong_as_simard_s_fields_far_from_any_edge():
    """Noise in [−1, 1], of mean square 1/3, blurred with sigma 5 and multiplied by 34."""
    impulse = np.zeros((81, 81))
    impulse[40, 40] = 1
    blur = scipy.ndimage.gaussian_filter(impulse, SIGMA)
    assert 34 * np.sqrt((blur**2).sum() / 3) == pytest.approx(ELASTIC, abs=0.02)


@pytest.mark.parametrize("strength", [0.5, 1])
def test_elastic_displacements_vary_like_blurred_white_noise(monkeypatch, strength):
    for name in ("ROTATION", "SCALE", "SHEAR", "SHIFT"):
        monkeypatch.setattr(augment, name, 0.0)
    # The rounded middle of the image is no part of a displacement, and at this size nothing else is lost.
    fields = (places(strength, 1000) - GRID[:, None]) / (strength * ELASTIC)  # (2, 1500, 784), mean square 1
    assert np.sqrt((fields**2).mean()) == pytest.approx(1, rel=0.03)
    assert np.abs(fields.mean(axis=1)).max() < 0.15
    assert abs((fields[0] * fields[1]).mean()) < 0.05  # rows move without regard to columns
    assert (fields[0] != fields[1]).all()

    blur = scipy.ndimage.gaussian_filter1d(np.eye(28), SIGMA, axis=0, mode="reflect")
    along = blur @ blur.T  # what blurring makes of white noise on a line of 28 pixels
    along /= np.trace(along) / 28
    expected = np.kron(along, along)
    both = fields.reshape(2000, 784)
    np.testing.assert_allclose(both.T @ both / 2000, expected, atol=0.25)
    # Averaged over all pairs of pixels so far apart, chance is gone and what is left is the length of the waves.
    covariance = (both.T @ both / 2000).reshape(28, 28, 28, 28)
    for apart in (3, 6, 10):
        wanted = np.trace(along, apart) / (28 - apart)
        down = np.einsum("ijij->ij", covariance[:-apart, :, apart:]).mean()
        across = np.einsum("ijij->ij", covariance[:, :-apart, :, apart:]).mean()
        assert (down, across) == pytest.approx((wanted, wanted), abs=0.03)


def test_the_waves_hold_almost_all_that_blurring_leaves_of_noise():
    """Exactly, without chance: the covariance that the amplitudes give, beside that of the blur."""
    basis, amplitudes = augment.displacement_basis()
    waves = basis[3:] * amplitudes[:, None]
    blur = scipy.ndimage.gaussian_filter1d(np.eye(28), SIGMA, axis=0, mode="reflect", truncate=8)
    along = blur @ blur.T
    along /= np.trace(along) / 28
    np.testing.assert_allclose(waves.T @ waves, np.kron(along, along), atol=1e-4)
    assert (amplitudes**2).sum() == pytest.approx(1, rel=1e-6)


# Thicker and thinner


def widest(images: np.ndarray) -> np.ndarray:
    return scipy.ndimage.maximum_filter(images, footprint=CROSS, axes=(1, 2), mode="nearest")


def thinnest(images: np.ndarray) -> np.ndarray:
    return scipy.ndimage.minimum_filter(images, footprint=CROSS, axes=(1, 2), mode="nearest")


@given(any_images, strengths, seeds)
@settings(max_examples=30, deadline=None)
def test_strokes_grow_or_shrink_by_one_pixel_at_most_and_never_both(images, strength, seed):
    images = images.reshape(-1, 28, 28)
    kept = images.copy()
    after = thickened(images, strength, seed)
    grown = ((images <= after) & (after <= widest(images))).all(axis=(1, 2))
    shrunken = ((thinnest(images) <= after) & (after <= images)).all(axis=(1, 2))
    assert (grown | shrunken).all()
    np.testing.assert_array_equal(images, kept)


def test_how_far_strokes_grow_and_shrink():
    """A white dot grows into its four neighbours, all to the same share, or is eaten from all sides."""
    dots = np.zeros((2000, 28, 28), np.uint8)
    dots[:, 14, 14] = 255
    after = thickened(dots, 1)
    growth, left = after[:, 13, 14] / 255, after[:, 14, 14] / 255
    np.testing.assert_array_equal(
        after, dots * left[:, None, None] + np.rint((widest(dots) - dots) * growth[:, None, None])
    )
    assert not growth[left < 1].any()
    assert THICKNESS - 0.01 < growth.max() <= THICKNESS + 1 / 256
    assert THICKNESS / 2 - 0.01 < 1 - left.min() <= THICKNESS / 2 + 2 / 255
    # The amounts are even from −0.4 to 0.8.
    assert (left < 1).mean() == pytest.approx(1 / 3, abs=0.04)
    assert growth[growth > 0].mean() == pytest.approx(THICKNESS / 2, abs=0.03)
    assert (1 - left[left < 1]).mean() == pytest.approx(THICKNESS / 4, abs=0.03)


def test_at_a_great_strength_strokes_grow_and_shrink_by_a_whole_pixel_and_no_more():
    """At strength 3 amounts lie between −1.2 and 2.4: 39% are above 1, and 6% below −1."""
    images = np.repeat(NOISE[:1], 400, axis=0).reshape(-1, 28, 28)
    after = thickened(images, 3)
    assert (after == widest(images)).all(axis=(1, 2)).mean() == pytest.approx(0.39, abs=0.08)
    assert (after == thinnest(images)).all(axis=(1, 2)).mean() == pytest.approx(0.06, abs=0.04)


# All together


def test_digits_stay_about_as_inky_and_change_in_both_directions():
    digits = synthetic_digits(300, np.random.default_rng(1))[0].reshape(300, 784)
    ratios = distorted(digits).sum(axis=1) / digits.sum(axis=1)
    assert 0.3 < ratios.min() < 0.7 and 1.8 < ratios.max() < 3
    assert 1 < np.median(ratios) < 1.4  # strokes rather grow than shrink
    differences = [np.abs(distorted(digits, strength) - digits).mean() for strength in (0.25, 0.5, 1, 2)]
    assert differences == sorted(differences) and differences[0] > 1

"""Schedules: values worked by hand, end points, bounds.

Run alone: python -m pytest tests/mnist_core/test_schedules.py
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_core.schedules import SCHEDULES, constant, cosine

progress = st.floats(0, 1)


@pytest.mark.parametrize(("at", "factor"), [(0, 1), (1 / 3, 0.75), (1 / 2, 0.5), (2 / 3, 0.25), (1, 0)])
def test_cosine_by_hand(at, factor):
    assert cosine(at) == pytest.approx(factor, abs=1e-15)


@pytest.mark.parametrize("at", [0, 0.3, 1])
def test_constant(at):
    assert constant(at) == 1


@pytest.mark.parametrize("name", SCHEDULES)
@given(at=progress)
def test_every_schedule_begins_at_1_and_stays_within_bounds(name, at):
    assert SCHEDULES[name](0.0) == 1
    assert 0 <= SCHEDULES[name](at) <= 1


@given(progress, progress)
def test_cosine_never_rises_and_is_symmetric(one, other):
    early, late = sorted((one, other))
    assert cosine(early) >= cosine(late)
    assert cosine(one) + cosine(1 - one) == pytest.approx(1, abs=1e-12)

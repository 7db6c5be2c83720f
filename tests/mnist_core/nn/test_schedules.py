"""Schedules: values worked by hand, end points, bounds, and what a warm-up does to each."""

import math
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mnist_core.nn.schedules import (
    SCHEDULES,
    Schedule,
    build_schedule,
    constant,
    cosine,
    exponential,
    one_cycle,
    step_decay,
    warm_up,
)

LOW, END = 1 / 25, 1 / 250_000


def plain(name: str, factor: float = 0.1, warmup: float = 0.0) -> Schedule:
    return build_schedule(name, (0.5, 0.75), factor, warmup)


def curve(schedule: Schedule, steps: int) -> list[float]:
    return [schedule(step, steps) for step in range(steps)]


# By hand


@pytest.mark.parametrize(
    ("name", "factor", "expected"),
    [
        ("constant", 0.1, [1, 1, 1, 1]),
        ("step", 0.1, [1, 1, 0.1, 0.01]),
        ("step", 1.0, [1, 1, 1, 1]),
        ("exponential", 0.0001, [1, 0.1, 0.01, 0.001]),
        ("cosine", 0.1, [1, 0.5 + math.sqrt(0.125), 0.5, 0.5 - math.sqrt(0.125)]),  # 0, 45, 90 and 135 degrees
    ],
)
def test_four_steps(name, factor, expected):
    assert curve(plain(name, factor), 4) == pytest.approx(expected, rel=1e-14)


def test_cosine_in_thirds():
    assert curve(cosine, 3) == pytest.approx([1, 0.75, 0.25], rel=1e-14)


def test_one_cycle_by_hand():
    # 10 steps: the top at step 0.3 * 10 - 1 = 2, the end at step 9; half way up at step 1
    ten = curve(one_cycle, 10)
    assert ten[:3] == pytest.approx([LOW, (LOW + 1) / 2, 1], rel=1e-14)
    assert ten[-1] == pytest.approx(END, rel=1e-9)
    # 20 steps: the top at step 5, the end at step 19; half way down at step 12
    twenty = curve(one_cycle, 20)
    assert (twenty[0], twenty[5], twenty[12], twenty[19]) == pytest.approx((LOW, 1, (1 + END) / 2, END), rel=1e-9)


def test_a_drop_counts_from_the_first_step_that_lies_at_or_behind_it():
    rates = [step_decay(step, 10, (0.25, 0.5), 0.5) for step in range(10)]
    assert rates == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25]


@given(steps=st.integers(2, 10**6), data=st.data())
@example(steps=100, data=None)
@settings(max_examples=50, deadline=None)
def test_a_drop_lies_at_its_step_whatever_the_rounding(steps, data):
    """As a float, 0.55 times 100 is above 55."""
    drop = 55 if data is None else data.draw(st.integers(1, steps - 1))
    assert step_decay(drop - 1, steps, (drop / steps,), 0.5) == 1
    assert step_decay(drop, steps, (drop / steps,), 0.5) == 0.5


@pytest.mark.parametrize("drops", [(), (0.75, 0.5), (0.5, 0.5)])
def test_drops_in_any_number_and_order(drops):
    rates = [step_decay(step, 4, drops, 0.1) for step in range(4)]
    expected = {(): [1, 1, 1, 1], (0.75, 0.5): [1, 1, 0.1, 0.01], (0.5, 0.5): [1, 1, 0.01, 0.01]}
    assert rates == pytest.approx(expected[drops], rel=1e-14)


def test_warm_up_by_hand():
    # the first fifth of ten steps: from a tenth along a line
    assert [warm_up(step, 10, 0.2) for step in range(4)] == pytest.approx([0.1, 0.55, 1, 1], rel=1e-14)
    assert [warm_up(step, 1000, 0.0) for step in (0, 1, 999)] == [1, 1, 1]


# Whatever the settings

settings_of_a_schedule = {
    "name": st.sampled_from(list(SCHEDULES)),
    "drops": st.lists(st.floats(0, 1, exclude_min=True, exclude_max=True), max_size=5),
    "factor": st.floats(0, 1, exclude_min=True),
    "warmup": st.floats(0, 1, exclude_max=True),
}
steps_and_step = st.integers(1, 10**7).flatmap(lambda steps: st.tuples(st.just(steps), st.integers(0, steps - 1)))


@given(**settings_of_a_schedule, place=steps_and_step)
@settings(max_examples=200, deadline=None)
def test_every_schedule_stays_within_0_and_1(name, drops, factor, warmup, place):
    steps, step = place
    assert 0 <= build_schedule(name, drops, factor, warmup)(step, steps) <= 1


@given(**settings_of_a_schedule, place=steps_and_step)
@settings(max_examples=100, deadline=None)
def test_a_warm_up_multiplies_whatever_the_schedule_is(name, drops, factor, warmup, place):
    steps, step = place
    without = build_schedule(name, drops, factor, 0.0)(step, steps)
    assert build_schedule(name, drops, factor, warmup)(step, steps) == without * warm_up(step, steps, warmup)


@pytest.mark.parametrize("name", SCHEDULES)
def test_any_number_of_steps_works(name):
    for steps in (*range(1, 41), 1000):
        assert all(0 <= rate <= 1 for rate in curve(plain(name, warmup=0.1), steps)), steps


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 17])
def test_one_cycle_ends_at_its_end_however_short_it_is(steps):
    assert curve(one_cycle, steps)[-1] == pytest.approx(END, rel=1e-6)


@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "one-cycle"])
@given(factor=st.floats(1e-6, 1), steps=st.integers(1, 300))
@example(factor=1.0, steps=1)
@settings(max_examples=20, deadline=None)
def test_all_others_begin_at_1_and_never_rise(name, factor, steps):
    rates = curve(plain(name, factor), steps)
    assert rates[0] == 1
    assert all(early >= late for early, late in pairwise(rates))


@given(steps=st.integers(4, 300))
@settings(max_examples=30, deadline=None)
def test_one_cycle_rises_to_one_top_and_then_falls(steps):
    rates = curve(one_cycle, steps)
    top = rates.index(max(rates))
    assert rates[0] == pytest.approx(LOW, rel=1e-9)
    assert abs(top - (0.3 * steps - 1)) <= 1
    assert all(early < late for early, late in pairwise(rates[: top + 1]))
    assert all(early > late for early, late in pairwise(rates[top:]))


@given(share=st.floats(0, 1, exclude_max=True), steps=st.integers(1, 300))
@settings(max_examples=30, deadline=None)
def test_a_warm_up_never_falls_and_is_over_after_its_share(share, steps):
    rates = [warm_up(step, steps, share) for step in range(steps)]
    assert all(early <= late for early, late in pairwise(rates))
    assert all(rate == 1 for step, rate in enumerate(rates) if step >= share * steps)
    assert rates[0] == pytest.approx(0.1 if share else 1)


@given(steps=st.integers(1, 1000))
@settings(max_examples=30, deadline=None)
def test_cosine_is_symmetric_about_its_middle(steps):
    for step in range(steps + 1):
        assert cosine(step, steps) + cosine(steps - step, steps) == pytest.approx(1, abs=1e-12)


@given(factor=st.floats(1e-9, 1), place=steps_and_step)
@settings(max_examples=50, deadline=None)
def test_exponential_falls_by_the_same_share_at_every_step(factor, place):
    steps, step = place
    assert exponential(step + 1, steps, factor) == pytest.approx(
        exponential(step, steps, factor) * factor ** (1 / steps), rel=1e-9
    )
    assert exponential(steps, steps, factor) == factor


def test_constant():
    assert curve(constant, 3) == [1, 1, 1]


def test_names():
    assert list(SCHEDULES) == ["constant", "step", "exponential", "cosine", "one-cycle"]
    with pytest.raises(KeyError):
        plain("unheard-of")

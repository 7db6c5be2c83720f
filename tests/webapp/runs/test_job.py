"""A job read back from what was written: only what a job can be."""

from typing import Any

import pytest

from mnist_core.errors import RecipeError
from mnist_core.recipes.presets import QUICK
from webapp.runs.job import Job, Parent

FORK = Job(QUICK, "mnist", True, Parent("quick-1", 2)).to_json()


def test_what_earlier_versions_left_out_is_as_usual():
    assert Job.from_json({"recipe": QUICK.to_json(), "data": "mnist"}) == Job(QUICK, "mnist")
    assert Job.from_json(FORK) == Job(QUICK, "mnist", True, Parent("quick-1", 2))


@pytest.mark.parametrize(
    "change",
    [
        {"data": 3},
        {"data": ["mnist"]},
        {"begins_paused": "no"},
        {"begins_paused": None},
        {"parent": "quick-1"},
        {"parent": {"run": 1, "epoch": 2}},
        {"parent": {"run": "quick-1", "epoch": "2"}},
        {"parent": {"run": "quick-1"}},
        {"parent": {"run": "quick-1", "epoch": 2, "more": 1}},
        {"recipe": {"name": "quick", "source": "", "epochs": 0}},
    ],
)
def test_what_no_job_can_be_is_refused(change: dict[str, Any]):
    with pytest.raises((ValueError, TypeError, RecipeError)):
        Job.from_json({**FORK, **change})

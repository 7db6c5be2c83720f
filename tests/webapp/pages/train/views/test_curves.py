"""The curves of a run: how long their time axis is."""

from array import array

import pytest

from mnist_core.recipes.presets import RECIPES
from webapp.pages.train.views.curves import figures
from webapp.runs.records import Records


@pytest.mark.parametrize("end, last_epoch", [({}, 5), ({"record": "end", "state": "stopped"}, 2)])
def test_of_a_run_that_was_stopped_no_empty_epochs_are_drawn(end, last_epoch):
    steps = array("d", [0.5] * 12)
    records = Records(loss=steps, accuracy=steps, learning_rate=steps, end=end)
    for figure in figures(records, RECIPES["quick"], steps_per_epoch=10):
        assert figure["layout"]["xaxis"]["range"] == [0, last_epoch]

"""A run as it stands: what follows from its records."""

from tests.webapp.written_runs import RECIPE
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job
from webapp.runs.records import Records
from webapp.runs.snapshot import Snapshot, seconds_left, steps_per_second


def test_a_clock_that_stands_still_or_runs_back_tells_no_pace(tmp_path):
    for seconds in (2.0, 1.5):
        records = Records(clock=[(2.0, 4), (seconds, 9)])
        run = Snapshot("r", "r", "", "running", Job(RECIPE, "mnist"), records, 0, False, False, RunFolder(tmp_path))
        assert steps_per_second(run) is None and seconds_left(run) is None

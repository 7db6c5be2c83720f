"""Nothing that comes from outside breaks the product: what is not valid is refused with an error of its own, at once.

`FUZZ_CASES` says how many cases each target gets, `FUZZ_FROM` the number of the first one: a case follows from its
target and its number, and a failure names both. With `-rP`, pytest shows how many were accepted. A night's work, with
another first number every night:

    FUZZ_FROM=$(date +%s) FUZZ_CASES=100000 python -m pytest tests/fuzz --numprocesses auto --dist worksteal -rP
"""

import os
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.targets import TARGETS
from webapp.i18n import texts_in

CASES, FIRST = int(os.environ.get("FUZZ_CASES", "200")), int(os.environ.get("FUZZ_FROM", "0"))
PART = 2000  # cases of a test: parts can run side by side
SECONDS = 3.0
"""Of the processor, for one case."""
MEGABYTES = 300
"""How much a part may need beside what there was before."""
STARTS = range(FIRST, FIRST + CASES, PART)


@pytest.mark.filterwarnings("ignore")  # NumPy's, of odd headers
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", TARGETS)
def test_what_comes_from_outside_is_valid_or_refused_at_once(tmp_path: Path, name: str, start: int):
    target = TARGETS[name]
    samples = target.samples(tmp_path)
    assert all(target.read(tmp_path, sample) is not None for sample in samples)
    cases, before = range(start, min(start + PART, FIRST + CASES)), _peak_megabytes()
    accepted, slowest = 0, 0.0
    for case in cases:
        content = target.change(Random(f"{name} {case}"), samples)  # noqa: S311
        again = f"FUZZ_FROM={case} FUZZ_CASES=1 pytest tests/fuzz -k {name!r}"
        began = time.process_time()
        try:
            with texts_in("en"):
                accepted += target.read(tmp_path, content) is not None
        except target.declared:
            pass
        except Exception as error:
            raise AssertionError(f"{error!r}, with {content[:200]!r}; once more: {again}") from error
        slowest = max(slowest, time.process_time() - began)
        assert slowest < SECONDS, f"it took {slowest:.1f} s; once more: {again}"
    grown = _peak_megabytes() - before
    assert grown < MEGABYTES, f"cases from {start} on took {grown:.0f} MB more"
    print(f"{name}: {accepted} of {len(cases)} cases accepted, the others refused; the slowest took {slowest:.2f} s")
    if len(cases) >= 100:
        assert 0 < accepted < len(cases)  # else the samples were changed too much, or not at all


def _peak_megabytes() -> float:
    resource = pytest.importorskip("resource")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

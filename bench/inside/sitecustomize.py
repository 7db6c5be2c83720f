"""Counts a measured server's objects from inside.

Python runs this file first where `PYTHONPATH` names its folder. At each SIGUSR1 the server writes how many objects of
each type its garbage collector knows into the file that `COUNTS` names.
"""

import gc
import json
import os
import signal
from collections import Counter
from pathlib import Path


def _count(*_: object) -> None:
    counts = Counter(type(found).__name__ for found in gc.get_objects())
    path = Path(os.environ["COUNTS"])
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(counts))
    unfinished.rename(path)


signal.signal(signal.SIGUSR1, _count)

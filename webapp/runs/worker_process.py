"""The process of a worker, as the server sees it."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from webapp.runs.folder import RunFolder

PROJECT = Path(__file__).parents[2]
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class WorkerProcess:
    """A process of `worker.py`, which hears commands until it is sent away.

    Args:
        folder: of the run.
        paused: whether it begins with a pause.

    Attributes:
        sent_away: whether it was told to keep a checkpoint and leave.

    Raises:
        OSError: if it can't be started.
    """

    def __init__(self, folder: RunFolder, paused: bool) -> None:
        self.sent_away = False
        with folder.log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "webapp.runs.worker", str(folder.path.absolute()), *["paused"] * paused],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                env={**os.environ, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join((str(PROJECT), *sys.path))},
                start_new_session=True,  # Ctrl-C in the server's terminal reaches workers as the end of their input
            )

    @property
    def is_alive(self) -> bool:
        """Whether the process still goes."""
        return self._process.poll() is None

    @property
    def hears(self) -> bool:
        """Whether it obeys commands."""
        return self.is_alive and not self.sent_away

    def tell(self, **command: Any) -> None:
        """Pass a command on, if it hears."""
        pipe = self._process.stdin
        if self.hears and pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # it has just ended by itself
                pipe.write(json.dumps(command) + "\n")
                pipe.flush()

    def send_away(self) -> None:
        """Let it keep a checkpoint and leave: its input ends."""
        self.sent_away = True
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it has ended, for some time at most."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def close(self) -> None:
        """Send it away, and wait until it has ended."""
        self._process.communicate()

"""The server's log: what happens to it and to trainings, with no word about visitors: no address, name, or drawing."""

import json
import logging
import os
from collections.abc import Mapping

LINES = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """Each message as a JSON object on a line of its own, with the values in it also by their names."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a message's line."""
        about: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if isinstance(record.args, Mapping):
            about.update(record.args)
        if record.exc_info:
            about["traceback"] = self.formatException(record.exc_info)
        return json.dumps(about, default=str, ensure_ascii=False)


def set_up_log() -> None:
    """Write the app's messages to standard error; with `LOG_FORMAT=json` all of the server's as JSON lines.

    Raises:
        ValueError: if `LOG_FORMAT` is something else.
    """
    kind = os.environ.get("LOG_FORMAT", "") or "text"
    if kind not in ("text", "json"):
        raise ValueError(f'LOG_FORMAT is "{kind}"; it can be text or json')
    own = logging.getLogger("webapp")
    own.setLevel(logging.INFO)
    own.propagate = False
    own.handlers = [logging.StreamHandler()]
    own.handlers[0].setFormatter(logging.Formatter(LINES))
    if kind == "json":
        loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
        for handler in (handler for logger in (logging.root, *loggers) for handler in logger.handlers):
            handler.setFormatter(JsonLines())

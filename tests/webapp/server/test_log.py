"""The log: lines for people, or JSON for what watches the server."""

import json
import logging
import sys

import pytest

from webapp.server.log import set_up_log


@pytest.fixture(autouse=True)
def handlers_stay():
    """What is changed is put back."""
    loggers = [logging.root, *map(logging.getLogger, ("webapp", *logging.root.manager.loggerDict))]
    before = [(logger, list(logger.handlers), logger.propagate, logger.level) for logger in loggers]
    formatters = [(handler, handler.formatter) for _logger, handlers, *_ in before for handler in handlers]
    yield
    for logger, handlers, propagate, level in before:
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)
    for handler, formatter in formatters:
        handler.setFormatter(formatter)


def test_a_message_is_a_line(monkeypatch, capsys):
    monkeypatch.delenv("LOG_FORMAT", raising=False)
    set_up_log()
    logging.getLogger("webapp.runs").info("run %(run)s: deleted", {"run": "quick-1"})
    assert capsys.readouterr().err.endswith(" INFO webapp.runs: run quick-1: deleted\n")


def test_with_json_its_values_stand_by_themselves_and_other_loggers_follow(monkeypatch, capsys):
    monkeypatch.setenv("LOG_FORMAT", "json")
    other = logging.getLogger("some.library")
    other.handlers = [logging.StreamHandler(sys.stderr)]
    set_up_log()
    logging.getLogger("webapp.runs").info("run %(run)s: 训练", {"run": 'x"\n'})
    try:
        raise ValueError("why")
    except ValueError:
        other.exception("it %s", "failed")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["message"], first["run"], first["level"]) == ('run x"\n: 训练', 'x"\n', "INFO")
    assert second["message"] == "it failed" and "ValueError: why" in second["traceback"]


def test_another_format_is_refused(monkeypatch):
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(ValueError, match=r"xml.*text or json"):
        set_up_log()

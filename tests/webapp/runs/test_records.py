"""Records read back from their lines; above all what a worker that begins again from a checkpoint takes back."""

import json
import threading
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_core.errors import DataError
from mnist_core.training.layer_statistics import LayerRecord, LayerStatistics, layers_to_json
from mnist_core.training.records import EpochEnd, StepEnd, to_json
from webapp.runs import records
from webapp.runs.records import RecordReader, Records, described, numbers, reason_of

Line = dict[str, Any]


def step(number: int, epoch: int = 1, validation: float | None = None) -> Line:
    return to_json(StepEnd(number, epoch, 2 / number, number / 100, 0.1, validation, validation))


def epoch_end(epoch: int, at: int, validation: float | None = 0.5, best: bool = True) -> Line:
    return to_json(EpochEnd(epoch, at, 1 / epoch, 0.9, validation, validation, best, 1.0))


def layers(at: int) -> Line:
    layer = LayerStatistics((0.0, 0.1, 0.2, 0.3, None), 0.25, 0.0, (0.0,) * 5, 0.1, at + 1.0)
    return layers_to_json(LayerRecord(at, (layer, layer)))


def clock(seconds: float, at: int) -> Line:
    return {"record": "clock", "seconds": seconds, "step": at}


def change(at: int, **settings: float) -> Line:
    return {"record": "change", "step": at, **settings}


def go_on(at: int, epochs: int) -> Line:
    return {"record": "continue", "step": at, "epochs": epochs}


BEGIN = {"record": "begin", "data_name": "digits", "train_images": 75, "validation_images": 10}


def read(*lines: Line) -> Records:
    records = Records()
    for line in lines:
        records.add(json.loads(json.dumps(line)))
    return records


TWO_EPOCHS = [
    go_on(0, 0),
    BEGIN,
    layers(0),
    step(1),
    step(2, validation=0.7),
    layers(2),
    clock(0.5, 2),
    step(3),
    epoch_end(1, 3, 0.6),
    change(3, learning_rate=0.05),
    step(4, 2),
    clock(1.0, 4),
    step(5, 2, validation=0.8),
    step(6, 2),
    layers(6),
    epoch_end(2, 6, 0.9, best=False),
    change(6, dropout=0.5, learning_rate=0.01),
]


def test_every_kind_of_line():
    records = read(*TWO_EPOCHS)
    assert records.begin["train_images"] == 75
    assert records.loss == array("d", [2 / number for number in range(1, 7)])
    assert records.accuracy == array("d", [number / 100 for number in range(1, 7)])
    assert records.learning_rate == array("d", [0.1] * 6)
    assert records.validation_loss == [(2, 0.7), (3, 0.6), (5, 0.8), (6, 0.9)] == records.validation_accuracy
    assert [(epoch.epoch, epoch.step, epoch.best) for epoch in records.epochs] == [(1, 3, True), (2, 6, False)]
    assert records.clock == [(0.0, 0), (0.5, 2), (1.0, 4)]
    assert records.changes == [{"step": 3, "learning_rate": 0.05}, {"step": 6, "dropout": 0.5, "learning_rate": 0.01}]
    assert [record.step for record in records.layers] == [0, 2, 6]
    assert records.layers[1].layers[0].weight_rms == 3.0
    assert not records.paused and records.end == {}


def test_nothing_yet():
    records = Records()
    assert (records.best, records.seconds, records.begin, records.settings_at(0)) == (None, 0.0, {}, {})


def test_the_best_epoch_is_the_last_one_that_was():
    records = read(*(epoch_end(epoch, 3 * epoch, best=epoch in (1, 3)) for epoch in range(1, 6)))
    assert records.best is not None and records.best.epoch == 3
    assert read(epoch_end(1, 3, None, best=False)).best is None


def test_seconds_are_those_of_the_clock():
    assert read(*TWO_EPOCHS).seconds == 1.0


def test_pause_resume_and_end():
    records = read(*TWO_EPOCHS, {"record": "pause"}, {"record": "pause"})
    assert records.paused
    records.add({"record": "resume"})
    assert not records.paused
    records.add({"record": "end", "state": "stopped", "test_accuracy": 0.5})
    assert records.end["state"] == "stopped"


def test_why_a_run_failed_can_be_said_in_other_languages():
    error = DataError("{folder}: found no {missing}", folder=Path("here"), missing="labels")
    end = read({"record": "end", "state": "failed", **described(error)}).end
    assert end["error"] == "here: found no labels"
    reason = reason_of(end)
    assert (reason.template, reason.values) == (error.template, {"folder": "here", "missing": "labels"})
    assert str(reason_of({"error": "as an {older} version wrote it"})) == "as an {older} version wrote it"


def test_an_unknown_line_is_an_error():
    with pytest.raises(ValueError, match="found a record of kind 'unheard-of'"):
        read({"record": "unheard-of"})


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (2, {}),
        (3, {"learning_rate": 0.05}),
        (5, {"learning_rate": 0.05}),
        (6, {"learning_rate": 0.01, "dropout": 0.5}),
        (7, {"learning_rate": 0.01, "dropout": 0.5}),
        (8, {"learning_rate": 0.01, "dropout": 0.0, "epochs": 9}),
    ],
)
def test_settings_at_a_step_are_the_last_ones_up_to_it(at, expected):
    records = read(*TWO_EPOCHS, change(8, fork=2, epochs=9, dropout=0.0))
    assert records.settings_at(at) == expected


# Beginning again from a checkpoint


def test_from_the_middle_of_an_epoch():
    """The step of the checkpoint stays with all that belongs to it."""
    records = read(*TWO_EPOCHS, go_on(5, 1))
    assert records == read(*TWO_EPOCHS[:13])
    assert records.validation_loss[-1] == (5, 0.8)


def test_from_an_epoch_s_last_step_before_its_end_was_recorded():
    """The validation at the epoch's end comes once more, with the end."""
    records = read(*TWO_EPOCHS, go_on(6, 1))
    assert len(records.loss) == 6 and [record.step for record in records.layers] == [0, 2, 6]
    assert len(records.epochs) == 1
    assert records.validation_loss == [(2, 0.7), (3, 0.6), (5, 0.8)] == records.validation_accuracy
    records.add(epoch_end(2, 6, 0.9, best=False))
    assert records == read(*TWO_EPOCHS)


def test_from_an_epoch_s_end():
    records = read(*TWO_EPOCHS, go_on(3, 1))
    assert records == read(*TWO_EPOCHS[:10])  # with the change at this step
    assert records.validation_loss == [(2, 0.7), (3, 0.6)]
    assert read(*TWO_EPOCHS, go_on(6, 2)) == read(*TWO_EPOCHS)


def test_from_the_start():
    """Once the data are loaded they need not be loaded again to be known."""
    records = read(*TWO_EPOCHS, go_on(0, 0))
    assert records == read(*TWO_EPOCHS[:3])
    assert read(go_on(0, 0)) == Records()


def test_without_validation_images():
    lines = [BEGIN, step(1), step(2), epoch_end(1, 2, None), step(3, 2), step(4, 2), epoch_end(2, 4, None)]
    assert read(*lines, go_on(2, 0)) == read(*lines[:3])
    assert read(*lines, go_on(2, 1), *lines[4:]) == read(*lines)
    assert read(*lines, go_on(4, 1), *lines[6:]) == read(*lines)


def test_a_pause_and_an_end_are_over():
    """The end is that of the run that a fork has left."""
    records = read(*TWO_EPOCHS, {"record": "pause"}, {"record": "end", "state": "finished"}, go_on(6, 2))
    assert records == read(*TWO_EPOCHS)


def test_what_is_known_of_other_steps_changes_nothing():
    records = read(*TWO_EPOCHS)
    for _ in range(2):
        records.add(go_on(6, 2))
    assert records == read(*TWO_EPOCHS)


@st.composite
def undisturbed(draw: st.DrawFn) -> list[list[Line]]:
    """A whole training: groups of lines, between which a checkpoint may be kept, the first one before any step."""
    steps, epochs = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    measured = draw(st.booleans())
    groups = [[go_on(0, 0), BEGIN, layers(0)]]
    for at in range(1, steps * epochs + 1):
        last = at % steps == 0
        in_middle = measured and not last and draw(st.booleans())
        groups.append([step(at, (at - 1) // steps + 1, at / 10 if in_middle else None)])
        if draw(st.booleans()):
            groups[-1].append(layers(at))
        if draw(st.booleans()):
            groups[-1].append(clock(at / 2, at))
        if draw(st.booleans()):
            groups[-1].append(change(at, learning_rate=at / 100))
        if last:
            groups.append([epoch_end(at // steps, at, at / 20 if measured else None)])
    return groups


@given(groups=undisturbed(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_cut_anywhere_and_done_again_from_any_checkpoint_the_records_are_those_of_an_undisturbed_training(groups, data):
    file = [*groups[0]]
    begin = 1  # the group to go on with
    for _ in range(data.draw(st.integers(0, 4))):
        done = data.draw(st.integers(begin, len(groups)))
        file += [line for group in groups[begin:done] for line in group]
        if done < len(groups):
            file += groups[done][: data.draw(st.integers(0, len(groups[done])))]
        begin = data.draw(st.integers(1, done))
        before = [line["record"] for group in groups[:begin] for line in group]
        file.append(go_on(before.count("step"), before.count("epoch")))
    file += [line for group in groups[begin:] for line in group]
    assert read(*file) == read(*(line for group in groups for line in group))


# Reading a file that grows


def test_a_growing_file_is_read_on_and_a_half_line_waits(tmp_path):
    path = tmp_path / "records.jsonl"
    reader = RecordReader(path)
    assert reader.read() == Records()  # there is no file yet
    text = "".join(json.dumps(line) + "\n" for line in TWO_EPOCHS)
    for end in range(0, len(text), 7):
        path.write_text(text[:end])
        lines = TWO_EPOCHS[: text.count("\n", 0, end)]
        assert reader.read() == read(*lines)
    path.write_text(text)
    assert reader.read() is reader.records
    assert reader.records == read(*TWO_EPOCHS) == RecordReader(path).read()


def test_a_half_line_that_is_taken_away_was_never_there(tmp_path):
    path = tmp_path / "records.jsonl"
    reader = RecordReader(path)
    whole = json.dumps(step(1)) + "\n"
    path.write_text(whole + '{"record": "st')
    assert len(reader.read().loss) == 1
    path.write_text(whole)
    assert len(reader.read().loss) == 1
    path.write_text(whole + json.dumps(go_on(1, 0)) + "\n" + json.dumps(step(2)) + "\n")
    assert len(reader.read().loss) == 2


# Lines that a full disk has torn

NAN: list[Any] = [float("nan"), "1", []]
CHANGES: list[tuple[str, Any]] = [
    ("learning_rate", -1),
    ("dropout", "much"),
    ("epochs", 0.5),
    ("colour", 1),
    ("fork", -1),
]
GARBAGE = [
    b"",
    b"{",
    b'{"record": "step", "st{"record": "step", "step": 3}',
    b"\x00" * 50,
    b"\xff\xfe\n\r",
    b"[" * 100_000,
    b"null",
    b"7",
    b"[]",
    b'"step"',
    b"{}",
    b'{"record": ["step"]}',
    b'{"record": "unheard-of"}',
    b'{"record": "step"}',
    *(
        json.dumps({**step(7, 2, 0.5), name: value}).encode()
        for name in ("step", "loss", "accuracy", "learning_rate", "validation_accuracy")
        for value in (*NAN, {}, 10**400)
    ),
    *(
        json.dumps({**epoch_end(3, 9), name: value}).encode()
        for name in ("epoch", "step", "train_loss", "validation_loss", "best", "seconds")
        for value in NAN
    ),
    *(json.dumps({**clock(2.0, 6), name: None}).encode() for name in ("seconds", "step")),
    *(json.dumps({**go_on(0, 0), name: -1}).encode() for name in ("step", "epochs")),
    *(json.dumps(change(6, **{name: value})).encode() for name, value in CHANGES),
    json.dumps({**layers(6), "layers": [{"outputs": "abc"}]}).encode(),
    json.dumps({**layers(6), "layers": [{**layers(6)["layers"][0], "dead": "x"}]}).encode(),
    b'{"record": "begin", "train_images": "many"}',
    b'{"record": "end"}',
    b'{"record": "end", "state": "sleeping"}',
    b'{"record": "end", "state": "finished", "test_accuracy": "good"}',
    b'{"record": "end", "state": "failed", "diverged": true}',
    b'{"record": "end", "state": "failed", "error": "x", "template": "y"}',
    b'{"record": "end", "state": "failed", "error": "x", "template": "{x}", "values": {"y": "x"}}',
    b'{"record": "end", "state": "failed", "error": "x", "template": "{}", "values": {"y": "x"}}',
    b'{"record": "end", "state": "failed", "error": "x", "template": 7, "values": {"y": "x"}}',
    b'{"record": "end", "state": "failed", "error": "x", "template": "x", "values": {"template": "x"}}',
    b'{"record": "end", "state": "failed", "error": "x", "template": "x", "values": "x"}',
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=[line[:60].decode("ascii", "replace") for line in GARBAGE])
def test_a_line_that_is_no_record_is_skipped(tmp_path, garbage):
    path = tmp_path / "records.jsonl"
    lines = [json.dumps(line).encode() for line in TWO_EPOCHS]
    path.write_bytes(b"\n".join([*lines, garbage, json.dumps(END).encode()]) + b"\n")
    assert RecordReader(path).read() == read(*TWO_EPOCHS, END)


END = {"record": "end", "state": "finished", "test_accuracy": 0.5}


@given(data=st.data())
@settings(deadline=None)
def test_wherever_garbage_stands_the_records_around_it_are_read(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("torn") / "records.jsonl"
    lines = [json.dumps(line).encode() for line in [*TWO_EPOCHS, END]]
    for garbage in data.draw(st.lists(st.one_of(st.sampled_from(GARBAGE), st.binary(max_size=40)), max_size=8)):
        lines.insert(data.draw(st.integers(0, len(lines))), garbage)
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert RecordReader(path).read() == read(*TWO_EPOCHS, END)


def test_a_line_longer_than_memory_should_hold_is_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "PIECE", 300)
    path = tmp_path / "records.jsonl"
    lines = [json.dumps(step(1)), "x" * 10_000, json.dumps(step(2))]
    path.write_text("\n".join(lines) + "\n")
    assert len(RecordReader(path).read().loss) == 2


def test_what_was_written_twice_counts_once():
    assert read(*TWO_EPOCHS, step(6, 2), epoch_end(2, 6, 0.9, best=False)) == read(*TWO_EPOCHS)


def test_a_column_can_be_looked_at_while_it_grows():
    records = Records()

    def grow() -> None:
        for _ in range(300_000):
            records.loss.append(1.0)

    writer = threading.Thread(target=grow)
    writer.start()
    sizes = []
    while writer.is_alive():
        sizes.append(len(numbers(records.loss)))
    writer.join()
    assert sizes == sorted(sizes) and len(numbers(records.loss)) == 300_000

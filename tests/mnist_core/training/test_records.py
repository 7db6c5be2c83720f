"""Records: plain, frozen, comparable without the clock, and through JSON and back."""

import json
from dataclasses import FrozenInstanceError, replace

import pytest

from mnist_core.training.records import EpochEnd, StepEnd, from_json, to_json

STEP = StepEnd(3, 1, 2.25, 0.125, 0.1)
MEASURED = replace(STEP, validation_loss=1.5, validation_accuracy=0.0)
EPOCH = EpochEnd(1, 15, 0.1 + 0.2, 0.75, 1 / 3, 0.5, True, 12.5)
UNMEASURED = replace(EPOCH, validation_loss=None, validation_accuracy=None, best=False)  # no validation images


def test_json_by_hand():
    assert to_json(STEP) == {
        "record": "step",
        "step": 3,
        "epoch": 1,
        "loss": 2.25,
        "accuracy": 0.125,
        "learning_rate": 0.1,
    }
    assert to_json(EPOCH) == {
        "record": "epoch",
        "epoch": 1,
        "step": 15,
        "train_loss": 0.1 + 0.2,
        "train_accuracy": 0.75,
        "validation_loss": 1 / 3,
        "validation_accuracy": 0.5,
        "best": True,
        "seconds": 12.5,
    }
    assert to_json(MEASURED)["validation_accuracy"] == 0.0  # a zero is not a missing value


def test_an_epoch_without_validation_images_says_so():
    """A step leaves out what it did not measure: there are thousands of them."""
    assert to_json(UNMEASURED) == {
        **to_json(EPOCH),
        "validation_loss": None,
        "validation_accuracy": None,
        "best": False,
    }


@pytest.mark.parametrize("record", [STEP, MEASURED, EPOCH, UNMEASURED])
def test_through_json_text_and_back_bit_for_bit(record):
    again = from_json(json.loads(json.dumps(to_json(record))))
    assert again == record and type(again) is type(record)


def test_the_clock_is_not_compared_and_everything_else_is():
    assert replace(EPOCH, seconds=99.0) == EPOCH
    for name, value in to_json(EPOCH).items():
        if name not in ("record", "seconds"):
            assert replace(EPOCH, **{name: value + 1}) != EPOCH, name
    for name, value in to_json(MEASURED).items():
        if name != "record":
            assert replace(MEASURED, **{name: value + 1}) != MEASURED, name


@pytest.mark.parametrize("record", [STEP, EPOCH])
def test_records_are_frozen(record):
    with pytest.raises(FrozenInstanceError):
        record.step = 5


def test_from_json_leaves_its_argument_alone():
    values = to_json(STEP)
    from_json(values)
    assert values == to_json(STEP)


@pytest.mark.parametrize(
    ("values", "error", "text"),
    [
        ({"record": "batch"}, ValueError, "found a record of kind 'batch', expected 'step' or 'epoch'"),
        ({}, ValueError, "found a record of kind None, expected 'step' or 'epoch'"),
        ({"record": "step", "step": 1}, TypeError, "missing 4 required positional arguments"),
        ({**to_json(STEP), "colour": 1}, TypeError, "unexpected keyword argument 'colour'"),
    ],
)
def test_what_is_no_record_is_refused(values, error, text):
    with pytest.raises(error, match=text):
        from_json(values)

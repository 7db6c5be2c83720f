"""What is found in a training has words for it, with the numbers in place."""

import math

import pytest

from mnist_core.training import diagnosis
from mnist_core.training.diagnosis import Finding
from webapp.pages.train.findings import finding_text

NUMBERS = (
    *("step", "steps", "epoch", "epochs", "best", "loss", "lowest", "first", "chance", "accuracy", "train"),
    *("validation", "layer", "layers", "share", "rms", "last"),
)
KINDS = [value for name, value in vars(diagnosis).items() if name.isupper() and isinstance(value, str)]


def test_there_are_kinds_to_speak_of():
    assert set(KINDS) > diagnosis.PROBLEMS
    assert len(KINDS) == len(set(KINDS))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_text_of_one_to_three_short_sentences(kind):
    text = finding_text(Finding(kind, dict.fromkeys(NUMBERS, 2)))
    assert text.endswith(".")
    assert 30 < len(text) < 240


def test_overfitting_in_words():
    numbers = {"epochs": 3, "best": 4, "train": 0.99, "validation": 0.97}
    assert finding_text(Finding(diagnosis.OVERFITTING, numbers)) == (
        "Validation loss has not fallen for 3 epochs, while training loss goes on falling: overfitting. "
        "The best network so far is that of epoch 4, and it is kept."
    )


def test_stuck_in_words():
    text = finding_text(Finding(diagnosis.STUCK, {"loss": 2.3031, "chance": math.log(10)}))
    assert text.startswith("The loss is stuck at 2.303, and pure guessing gives ln 10 = 2.303: nothing is learned yet.")
    other_head = finding_text(Finding(diagnosis.STUCK, {"loss": 3.24, "chance": 3.25083}))
    assert other_head.startswith("The loss is stuck at 3.240, and pure guessing gives 3.251: nothing is learned yet.")


def test_a_good_end_names_the_epoch_of_its_figure():
    text = finding_text(Finding(diagnosis.FINISHED_WELL, {"epochs": 12, "best": 9, "accuracy": 0.981}))
    assert text == "Well trained: 98.1% right after its best epoch, 9."


def test_what_was_stopped_while_it_still_learned_is_not_called_well_trained():
    best_is_last = Finding(diagnosis.FINISHED_WELL, {"epochs": 1, "best": 1, "accuracy": 0.953})
    assert finding_text(best_is_last, stopped=True) == (
        "95.3% right after epoch 1, then it was stopped. More epochs would probably help."
    )
    assert finding_text(best_is_last).startswith("Well trained")
    best_was_before = Finding(diagnosis.FINISHED_WELL, {"epochs": 12, "best": 9, "accuracy": 0.981})
    assert finding_text(best_was_before, stopped=True).startswith("Well trained")


def test_a_learning_rate_that_decays_is_only_advised_where_it_does_not_yet():
    advised = {
        kind: "decays" in finding_text(Finding(kind, {"loss": 0.3, "epochs": 6}))
        for kind in (diagnosis.PLATEAU, diagnosis.LAST_PLATEAU)
    }
    assert advised == {diagnosis.PLATEAU: True, diagnosis.LAST_PLATEAU: False}


def test_what_is_no_kind_is_refused():
    with pytest.raises(KeyError, match="rain"):
        finding_text(Finding("rain"))

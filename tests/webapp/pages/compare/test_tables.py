"""Rows and tables: the right numbers, only what differs, the best emphasized, and names that stay text."""

import dataclasses
import re

import pytest

from tests.webapp.written_runs import RECIPE, write_run
from webapp.charts.comparison import colour
from webapp.pages.compare.tables import Placed, comparison_table, differing_fields, legend, list_row, without_validation
from webapp.runs.registry import Runs

STRANGE = '<b onclick="x">*Tom* & Ida'
ESCAPED = "&lt;b onclick=&quot;x&quot;&gt;*Tom* &amp; Ida"


@pytest.fixture
def placed(tmp_path) -> Placed:
    """Two runs, in the first place and in the third."""
    write_run(tmp_path, "slow", accuracy=0.95, seconds=4.0, test_accuracy=0.94)
    recipe = dataclasses.replace(RECIPE, optimizer="adam", learning_rate=0.001, validation_fraction=0.0)
    other = write_run(tmp_path, "fast", recipe, accuracy=None, seconds=2.0, test_accuracy=0.97)
    other.append({"record": "change", "step": 3, "learning_rate": 0.01, "epochs": 9})
    runs = Runs(tmp_path, at_once=1)
    runs.describe("slow", STRANGE, "a <note>")
    return [(place, run) for place, run_id in ((0, "slow"), (2, "fast")) if (run := runs.snapshot(run_id)) is not None]


def table_of(text: str) -> dict[str, list[str]]:
    """Read a table's rows, by their names."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', text)
    return {name: re.findall("<td>(.*?)</td>", cells) for name, cells in rows}


def test_results_and_differing_settings_stand_side_by_side(placed):
    text = comparison_table(placed)
    assert table_of(text) == {
        "State": ["Finished", "Finished"],
        "Validation accuracy (best epoch)": ["95.00%", "–"],
        "Best epoch": ["1", "–"],
        "Test accuracy": ["94.00%", "<strong>97.00%</strong>"],
        "Training time": ["4.0 s", "<strong>2.0 s</strong>"],
        "Steps": ["4", "4"],
        "Steps per second": ["1", "<strong>2</strong>"],
        "Parameters": ["12,730", "12,730"],
        "Note": ["a &lt;note&gt;", ""],
        "Method": ["SGD (plain)", "Adam"],
        "Learning rate": ["0.1", "0.001"],
        "β₁": ["–", "0.9"],
        "β₂": ["–", "0.999"],
        "ε": ["–", "1e-08"],
        "Choice of the validation images": ["at random", "–"],
        "Validation share": ["0.1", "0"],
        "Patience": ["endless", "–"],
        "Smallest improvement": ["0", "–"],
        "Changed while it trained": ["–", "step 3: Learning rate 0.01; step 3: Epochs 9"],
    }
    assert "different data sets" not in text


def test_every_head_of_the_table_says_what_it_is_the_head_of(placed):
    text = comparison_table(placed)
    assert set(re.findall(r"<th( .*?)>", text)) == {
        ' scope="col"',
        ' scope="row"',
        ' scope="rowgroup" colspan="3"',
    }
    assert text.count("<tbody>") == text.count('scope="rowgroup"') == 2  # results, and settings that differ
    assert 'role="region" aria-label="The runs side by side" tabindex="0"' in text  # arrow keys scroll it


def test_names_are_text_everywhere(placed):
    (_place, run), _other = placed
    for text in (comparison_table(placed), legend(placed, STRANGE), list_row(run, 0, mine=True)):
        assert ESCAPED in text
        assert "<b onclick" not in text


def test_a_run_has_one_colour_everywhere(placed):
    _first, (place, run) = placed
    for text in (comparison_table(placed), legend(placed, ""), list_row(run, place, mine=False)):
        assert colour(2) in text
    assert "run-line" not in list_row(run, None, mine=False)


def test_a_row_of_the_list(placed):
    (_place, run), _other = placed
    text = " ".join(re.sub("<[^>]*>", " ", list_row(run, None, mine=True)).split())
    assert text == (
        "&lt;b onclick=&quot;x&quot;&gt;*Tom* &amp; Ida Finished mine 95.00% validation (best epoch) · 94.00% test "
        "quick · 784-16-10 · synthetic digits "
        "Epochs: 10 · Batch size: 25 · Method: SGD (plain) · Schedule: constant "
        "4.0 s · 12,730 parameters · step 4 a &lt;note&gt;"
    )
    assert "mine" not in list_row(run, None, mine=False)


def test_runs_without_validation_images_are_named(placed):
    assert without_validation(placed).endswith(": quick · fast")
    assert without_validation(placed[:1]) == ""


def test_different_data_sets_are_warned_of(tmp_path):
    write_run(tmp_path, "a")
    write_run(tmp_path, "b", data="mnist")
    runs = Runs(tmp_path, at_once=1)
    placed = [(place, run) for place, run_id in enumerate("ab") if (run := runs.snapshot(run_id)) is not None]
    text = comparison_table(placed)
    assert "different data sets" in text
    assert table_of(text)["Data set"] == ["Synthetic digits (drawn by code)", "MNIST"]


def test_equal_settings_are_said_to_be_equal_and_one_run_differs_from_nothing(tmp_path):
    write_run(tmp_path, "a")
    write_run(tmp_path, "b")
    runs = Runs(tmp_path, at_once=1)
    placed = [(place, run) for place, run_id in enumerate("ab") if (run := runs.snapshot(run_id)) is not None]
    text = comparison_table(placed)
    assert "All settings are the same" in text
    assert "<strong>" not in text
    assert "ettings" not in comparison_table(placed[:1])


def test_a_setting_without_effect_does_not_differ():
    sgd = dataclasses.replace(RECIPE, optimizer="sgd")
    assert differing_fields([sgd, dataclasses.replace(sgd, momentum=0.5, beta1=0.5)]) == []
    assert differing_fields([sgd, dataclasses.replace(sgd, optimizer="momentum")]) == ["optimizer", "momentum"]
    assert differing_fields([sgd, dataclasses.replace(sgd, source="elsewhere")]) == []

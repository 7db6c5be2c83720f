"""A class's trainings in one figure."""

import numpy as np

from webapp.charts.class_curves import Kind, class_figure
from webapp.charts.comparison import Curve

Curves = list[tuple[Kind, Curve]]


def curve(name: str, *shares: float) -> Curve:
    return Curve(name, 0, np.arange(1.0, len(shares) + 1), np.array(shares))


def test_the_best_lies_on_top_and_names_are_no_markup():
    curves: Curves = [
        ("best", curve("<b>Mia</b>", 0.9, 0.98)),
        ("over", curve("Tom", 0.9)),
        ("going", curve("Ali", 0.8)),
    ]
    figure = class_figure(curves, "epoch", "accuracy")
    assert [line["name"] for line in figure["data"]] == ["Tom", "Ali", "&lt;b&gt;Mia&lt;/b&gt;"]
    widths = [line["line"]["width"] for line in figure["data"]]
    assert widths == sorted(set(widths))


def test_what_fails_does_not_press_all_others_into_one_line():
    good: Curves = [("over", curve(f"run {place}", 0.95, 0.97 + place / 1000)) for place in range(3)]
    bad: Curves = [("over", curve(f"failed {place}", 0.1, 0.1)) for place in range(2)]
    low, high = class_figure([*bad, *good], "epoch", "accuracy")["layout"]["yaxis"]["range"]
    assert low == 0.9 and high > 1
    assert class_figure(bad, "epoch", "accuracy")["layout"]["yaxis"]["range"][0] == 0


def test_without_a_curve_there_is_an_empty_chart():
    assert class_figure([("going", curve("just begun"))], "epoch", "accuracy")["data"] == []

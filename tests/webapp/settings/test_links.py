"""Links: whatever can be trained survives the way through a link bit for bit, and nothing else gets in."""

import dataclasses
import json
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import SETTINGS, Recipe
from tests.mnist_core.recipes.values import recipes
from webapp.runs.job import Job
from webapp.settings import links
from webapp.settings.links import (
    OWN_PARAMETERS,
    LinkError,
    job_of_query,
    local_address,
    settings_query,
)

ANY = "0.0.0.0"  # noqa: S104
FOLDERS = [Path("data/fashion"), Path("data/our digits 三")]


@settings(deadline=None, max_examples=300)
@given(recipes(), some.sampled_from(["mnist", "synthetic", *map(str, FOLDERS)]))
def test_a_job_comes_out_of_its_link_as_it_went_in(recipe, data):
    query = dict(parse_qsl(urlencode(settings_query(Job(recipe, data))), keep_blank_values=True))
    job = job_of_query(query, FOLDERS)
    assert job == Job(recipe, data)
    assert json.dumps(job.recipe.to_json()) == json.dumps(recipe.to_json())  # -0.0 is not 0.0


def test_no_setting_is_a_parameter_of_the_app():
    assert not (OWN_PARAMETERS | {"recipe", "data"}) & set(SETTINGS)


def test_a_link_is_short_and_can_be_read():
    quick = RECIPES["quick"]
    assert settings_query(Job(quick, "mnist")) == {"recipe": "quick", "data": "mnist"}
    changed = dataclasses.replace(
        RECIPES["classic-relu"], hidden_sizes=(128, 64), batch_norm=True, patience=None, learning_rate=1e-3
    )
    assert settings_query(Job(changed, "data/fashion")) == {
        "recipe": "classic-relu",
        "data": "fashion",
        "hidden_sizes": "128,64",
        "batch_norm": "true",
        "patience": "none",
        "learning_rate": "0.001",
    }
    no_layers = settings_query(Job(dataclasses.replace(quick, hidden_sizes=()), "mnist"))
    assert no_layers["hidden_sizes"] == "none"


def test_links_and_run_folders_of_earlier_versions_are_read():
    """Literally as they were written, with another value for every setting."""
    link = (
        "recipe=quick&data=synthetic&normalization=standard&hidden_sizes=16,12&activation=silu&batch_norm=true&"
        "dropout=0.3&label_smoothing=0.1&init=xavier-normal&bias_init=small-normal&optimizer=adamw&learning_rate=0.003&"
        "momentum=0.5&beta1=0.8&beta2=0.99&eps=1e-06&weight_decay=0.1&schedule=step&schedule_unit=epoch&"
        "schedule_drops=0.2,0.3333333333333333&schedule_factor=0.3&warmup=0.1&batch_size=500&epochs=2500&shuffle=false&"
        "train_images=1000&sort_images=true&seed=7&l1=1e-05&l2=0.0001&clip_norm=2.0&distortion=2.0&rare_digits=0.2&"
        "not_digits=0.1&ema_decay=0.99&validation=last&validation_fraction=0.2&patience=3&min_delta=0.001"
    )
    in_a_run_folder = (
        '{"name": "quick", "source": "this project: 98% test accuracy in the fewest seconds", "normalization": '
        '"standard", "hidden_sizes": [16, 12], "activation": "silu", "batch_norm": true, "dropout": 0.3, "head": '
        '"softmax", "label_smoothing": 0.1, "init": "xavier-normal", "bias_init": "small-normal", "optimizer": '
        '"adamw", "learning_rate": 0.003, "momentum": 0.5, "beta1": 0.8, "beta2": 0.99, "eps": 1e-06, "weight_decay": '
        '0.1, "schedule": "step", "schedule_unit": "epoch", "schedule_drops": [0.2, 0.3333333333333333], '
        '"schedule_factor": 0.3, "warmup": 0.1, "batch_size": 500, "epochs": 2500, "shuffle": false, "train_images": '
        '1000, "sort_images": true, "seed": 7, "l1": 1e-05, "l2": 0.0001, "clip_norm": 2.0, "distortion": 2.0, '
        '"rare_digits": 0.2, "not_digits": 0.1, "ema_decay": 0.99, "validation": "last", "validation_fraction": 0.2, '
        '"patience": 3, "min_delta": 0.001}'
    )
    job = job_of_query(dict(parse_qsl(link)), [])
    assert job is not None
    old, new = json.loads(in_a_run_folder), job.recipe.to_json()
    assert {name: new[name] for name in old} == old
    assert Recipe.from_json(old) == job.recipe
    none = "recipe=classic-relu&data=mnist&hidden_sizes=none&head=squared-error&schedule_drops=none&patience=none"
    without = {"hidden_sizes": (), "head": "squared-error", "schedule_drops": (), "patience": None}
    expected = dataclasses.replace(RECIPES["classic-relu"], **without)  # type: ignore[arg-type]
    assert job_of_query(dict(parse_qsl(none)), []) == Job(expected, "mnist")


def test_the_path_of_a_data_set_stays_at_home():
    query = settings_query(Job(RECIPES["quick"], "/home/teacher/data/fashion"))
    assert query["data"] == "fashion"


def test_a_recipe_that_does_not_ship_goes_as_changes_of_quick():
    own = dataclasses.replace(RECIPES["wide-adam"], name="mine", source="me")
    job = job_of_query(settings_query(Job(own, "mnist")), [])
    assert job is not None
    assert dataclasses.replace(job.recipe, name="mine", source="me") == own


def test_without_a_recipe_there_is_no_job():
    assert job_of_query({}, []) is None
    assert job_of_query({"run": "quick-1", "hidden_sizes": "../"}, []) is None


def test_parameters_of_the_app_are_left_alone():
    query = dict.fromkeys(OWN_PARAMETERS, "anything") | {"recipe": "quick"}
    assert job_of_query(query, []) == Job(RECIPES["quick"], "mnist")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recipe": "slow"}, "no recipe `slow`"),
        ({"data": "../../etc"}, "no data set `../../etc` on this computer"),
        ({"data": "data/fashion"}, "no data set `data/fashion`"),  # a path, even a right one
        ({"colour": "red"}, "no setting `colour`"),
        ({"name": "mine"}, "no setting `name`"),
        ({"__class__": "1"}, "no setting"),
        ({"epochs": "many"}, "`epochs` can't be `many`"),
        ({"epochs": "1.5"}, "`epochs` can't be `1.5`"),
        ({"epochs": "1_000"}, "`epochs`"),
        ({"epochs": "٣"}, "`epochs`"),
        ({"epochs": ""}, "`epochs` can't be ``"),
        ({"epochs": "none"}, "`epochs` can't be `none`"),
        ({"epochs": "0"}, "`epochs` can't be `0`, only `epochs = 1, 2, …, 1000000000`"),
        ({"seed": str(2**53)}, "`seed`"),
        ({"seed": "9" * 100_000}, "`seed`"),
        ({"hidden_sizes": "1," * 100_000 + "1"}, "…`, only `hidden_sizes = 1, 2, …, 16384 (≤ 16)`"),
        ({"hidden_sizes": "128;64"}, "`hidden_sizes`"),
        ({"learning_rate": "nan"}, "`learning_rate` can't be `nan`"),
        ({"learning_rate": "1e999"}, "`learning_rate` can't be `inf`, only `0 < learning_rate`"),
        ({"learning_rate": "0.1,0.2"}, "`learning_rate`"),
        ({"batch_norm": "yes"}, "`batch_norm` can't be `yes`"),
        ({"optimizer": "../"}, "`optimizer` can't be `../`, only `optimizer = sgd | momentum | "),
        ({"dropout": "1"}, "only `0 ≤ dropout < 1`"),
        ({"train_images": "0"}, "only `train_images = 1, 2, … | none`"),
        ({"batch_norm": "true", "batch_size": "1"}, "`batch_size` can't be `1` together with the other settings"),
        (
            {"patience": "3", "validation_fraction": "0"},
            "`patience` can't be `3` unless `0 < validation_fraction`",
        ),
        ({f"x{n}": "1" for n in range(5000)}, "no setting `x0`"),
    ],
)
def test_a_wrong_link_says_what_is_wrong(change, message):
    with pytest.raises(LinkError) as error:
        job_of_query({"recipe": "quick", **change}, FOLDERS)
    assert message in str(error.value)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("key", ["recipe", "data", "optimizer", "hidden_sizes", "a` ![x](http://evil) `"])
def test_what_a_stranger_wrote_is_shown_as_code_and_never_as_a_link(key):
    query = {"recipe": "quick", key: "x`\n\n![](http://evil/x.png)\n\n`"}
    with pytest.raises(LinkError) as error:
        job_of_query(query, [])
    outside = str(error.value).split("`")[::2]
    assert "evil" in str(error.value)
    assert "evil" not in "".join(outside)
    assert "\n" not in str(error.value)


@settings(deadline=None, max_examples=300)
@given(some.dictionaries(some.sampled_from([*SETTINGS, "data", "recipe", "x"]) | some.text(), some.text()))
def test_nothing_else_than_a_link_error_comes_of_a_hostile_link(query):
    try:
        job = job_of_query({"recipe": "quick", **query}, FOLDERS)
    except LinkError:
        return
    assert job is not None


@pytest.mark.parametrize(
    ("url", "bound_to", "expected"),
    [
        ("http://localhost:8501/train", "localhost", None),
        ("http://127.0.0.1:8501/train", "127.0.0.1", None),
        ("http://localhost:8501/train", None, "http://192.168.7.5:8501/train"),
        ("http://localhost:8501/train", ANY, "http://192.168.7.5:8501/train"),
        ("http://[::1]:8501/", "::", "http://192.168.7.5:8501/"),
        ("http://localhost/x/train", "10.0.0.9", "http://10.0.0.9/x/train"),
        ("http://localhost:8501/", "fd00::7", "http://[fd00::7]:8501/"),
        ("http://192.168.7.9:8501/train", ANY, "http://192.168.7.9:8501/train"),
        ("https://digits.example/train", "localhost", "https://digits.example/train"),
    ],
)
def test_the_address_for_others(monkeypatch, url, bound_to, expected):
    monkeypatch.setattr(links, "get_internal_ip", lambda: "192.168.7.5")
    assert local_address(url, bound_to) == expected


def test_without_a_network_there_is_no_address_for_others(monkeypatch):
    monkeypatch.setattr(links, "get_internal_ip", lambda: "127.0.0.1")  # what it says then
    assert local_address("http://localhost:8501/", ANY) is None

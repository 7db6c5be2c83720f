"""The command line as its users meet it: what it prints, what it leaves behind, and how it says no."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner, Result

from mnist_core.cli.main import main
from mnist_core.data.dataset import MNIST_FILES
from mnist_core.network import Network
from mnist_core.nn import optimizers
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import SETTINGS, Recipe
from mnist_core.training.checkpoint import load_checkpoint, save_checkpoint
from mnist_core.training.loop import train_from
from mnist_core.training.records import EpochEnd, StepEnd, from_json
from mnist_core.training.split import make_split
from mnist_core.training.state import init_state
from tests.paths import ROOT


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def good(*arguments: object) -> str:
    """What a command prints; it must succeed."""
    result = call(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refusal(*arguments: object, code: int = 1) -> str:
    """What a command says when it fails: for exit code 1 one line, and never a traceback."""
    result = call(*arguments)
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    if code == 1:
        assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    return result.stderr


def json_lines(text: str) -> list[dict[str, Any]]:
    return [
        json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON")) for line in text.splitlines()
    ]


def without_clock(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


@pytest.fixture(scope="module")
def weights(small_network, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "small.npz"
    small_network.save(path)
    return path


# train


def test_train_in_words(data_folder):
    result = call("train", "--data", data_folder, "--epochs", 2, "--hidden", "16")
    assert result.exit_code == 0
    lines = [line for line in result.stdout.splitlines() if line]
    assert lines[0] == "quick on small digits, seed 0: 720 images to learn from, 80 split off for validation"
    assert lines[1].startswith("epoch   1   train ") and lines[1].endswith("   best")
    assert lines[2].startswith("epoch   2   train ")
    assert lines[-1].startswith("test accuracy ") and lines[-1].endswith("% on small digits")


def test_train_as_json_gives_the_records_of_the_core_one_a_line(data_folder, small_dataset):
    lines = json_lines(good("train", "--data", data_folder, "--epochs", 2, "--hidden", "8,4", "--seed", 3, "--json"))
    recipe = replace(RECIPES["quick"], epochs=2, hidden_sizes=(8, 4), seed=3)
    expected = list(train_from(init_state(recipe), make_split(recipe, small_dataset)))
    assert [from_json(line) for line in lines[:-1]] == expected
    assert {type(record) for record in expected} == {StepEnd, EpochEnd}
    assert set(lines[-1]) == {"record", "test_accuracy", "stopped", "out"}
    assert lines[-1]["record"] == "end" and lines[-1]["stopped"] is None and lines[-1]["out"] is None
    assert 0 <= lines[-1]["test_accuracy"] <= 1


def test_train_writes_weights_that_can_be_evaluated(data_folder, tmp_path):
    out = tmp_path / "new folder" / "weights.npz"
    lines = json_lines(good("train", "--data", data_folder, "--epochs", 3, "--out", out, "--json"))
    assert lines[-1]["out"] == str(out)
    network = Network.load(out)
    assert network.recipe.epochs == 3 and network.data_name == "small digits"
    assert network.test_accuracy == lines[-1]["test_accuracy"]
    assert (
        network.validation_accuracy
        == max((line for line in lines if line.get("best")), key=lambda line: line["epoch"])["validation_accuracy"]
    )
    evaluation = json.loads(good("evaluate", "--weights", out, "--data", data_folder, "--json"))
    assert evaluation["accuracy"] == network.test_accuracy


def test_the_same_recipe_gives_the_same_file_whoever_else_uses_the_cores(data_folder, tmp_path):
    """The number of threads decides in which order sums run; so it is one, unless somebody asks for more."""
    options = ("--data", data_folder, "--epochs", 1, "--hidden", 64, "--batch-size", 400)
    good("train", *options, "--out", tmp_path / "usual.npz")
    good("train", *options, "--threads", 1, "--out", tmp_path / "one.npz")
    assert (tmp_path / "usual.npz").read_bytes() == (tmp_path / "one.npz").read_bytes()
    assert re.search(r"--threads .*\[default:\s+1;", good("train", "--help"), re.DOTALL)


def test_train_in_half_precision(data_folder, tmp_path):
    for dtype in ("float32", "float16"):
        good("train", "--data", data_folder, "--epochs", 1, "--hidden", 64, "--out", tmp_path / dtype, "--dtype", dtype)
    assert (tmp_path / "float16").stat().st_size < 0.55 * (tmp_path / "float32").stat().st_size
    Network.load(tmp_path / "float16")


def test_train_writes_how_sure_the_network_is(data_folder, tmp_path):
    options = ("--data", data_folder, "--epochs", 1, "--hidden", 4)
    good("train", *options, "--out", tmp_path / "usual.npz")
    certainty = ("--temperature", 1.7, "--sure-from", 0.85, "--digit-from", 6.25)
    good("train", *options, "--out", tmp_path / "told.npz", *certainty)
    usual, told = Network.load(tmp_path / "usual.npz"), Network.load(tmp_path / "told.npz")
    assert (usual.temperature, usual.confidence_threshold, usual.ood_threshold) == (1.0, 0.5, None)
    assert (told.temperature, told.confidence_threshold, told.ood_threshold) == (1.7, 0.85, 6.25)
    np.testing.assert_array_equal(told.model.flat, usual.model.flat)  # the training is the same
    evaluations = [
        good("evaluate", "--weights", tmp_path / name, "--data", data_folder, "--json")
        for name in ("usual.npz", "told.npz")
    ]
    assert json.loads(evaluations[0])["accuracy"] == json.loads(evaluations[1])["accuracy"]


def test_a_resumed_training_is_told_how_sure_it_is_as_well(data_folder, tmp_path):
    """They are no settings of the training, so they are allowed beside --resume."""
    good("train", "--data", data_folder, "--epochs", 1, "--hidden", 4, "--checkpoint", tmp_path / "c.npz")
    options = ("--temperature", 0.01, "--sure-from", 1, "--digit-from", -2, "--out", tmp_path / "w.npz")
    good("train", "--data", data_folder, "--resume", tmp_path / "c.npz", *options)
    network = Network.load(tmp_path / "w.npz")
    assert (network.temperature, network.confidence_threshold, network.ood_threshold) == (0.01, 1.0, -2.0)


@pytest.mark.parametrize("option", ["--temperature", "--sure-from", "--digit-from"])
def test_what_is_no_number_is_noticed_before_training(data_folder, tmp_path, option):
    """NaN is neither below nor above any limit."""
    result = call(
        "train", "--data", data_folder, "--epochs", 1, "--hidden", 4, "--out", tmp_path / "w.npz", option, "nan"
    )
    assert result.exit_code in (1, 2) and result.stdout == "" and "Error: " in result.stderr
    assert not (tmp_path / "w.npz").exists()


def test_the_help_of_train_explains_how_sure_the_network_is():
    text = " ".join(good("train", "--help").split())
    assert "--temperature FLOAT RANGE" in text and "[0.01<=x<=100.0]" in text and "calibrated" in text
    assert "--sure-from FLOAT RANGE" in text and "[0<=x<=1]" in text and "counts as sure" in text
    assert "--digit-from FLOAT" in text and "counts as a digit" in text


@pytest.mark.parametrize(("text", "sizes"), [("", ()), ("5", (5,)), ("6,5", (6, 5)), (" 6 , 5 ", (6, 5))])
def test_hidden_sizes(data_folder, tmp_path, text, sizes):
    out = tmp_path / "w.npz"
    good("train", "--data", data_folder, "--epochs", 1, "--batch-size", 500, "--hidden", text, "--out", out)
    assert Network.load(out).recipe.hidden_sizes == sizes


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_an_option_that_explains_itself(name):
    option, text = f"--{name.replace('_', '-')}", " ".join(good("train", "--help").split())
    assert f"{option} " in text or f"{option}," in text
    assert SETTINGS[name].help in text


def test_settings_take_the_place_of_the_recipe_s(data_folder, tmp_path):
    options = ("--epochs", 1, "--learning-rate", 0.03, "--batch-size", 100, "--hidden", 7, "--seed", 9, "--batch-norm")
    more = ("--distortion", 0.7, "--optimizer", "adam", "--schedule-drops", "0.5, 0.7", "--no-shuffle")
    none = ("--patience", "none", "--clip-norm", 2)
    out = tmp_path / "w.npz"
    good("train", "--recipe", "classic-relu", "--data", data_folder, "--out", out, *options, *more, *none)
    assert Network.load(out).recipe == replace(
        RECIPES["classic-relu"],
        epochs=1,
        learning_rate=0.03,
        batch_size=100,
        hidden_sizes=(7,),
        seed=9,
        batch_norm=True,
        distortion=0.7,
        optimizer="adam",
        schedule_drops=(0.5, 0.7),
        shuffle=False,
        patience=None,
        clip_norm=2.0,
    )


def test_a_recipe_from_a_file(data_folder, tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps(Recipe("mine", "me", hidden_sizes=(4,), epochs=1).to_json()))
    assert good("train", "--recipe", tmp_path / "mine.json", "--data", data_folder).startswith("mine on small digits")


@pytest.fixture
def without_validation(tmp_path) -> Path:
    """A recipe that keeps no images for validation."""
    recipe = Recipe("all of them", "tests", hidden_sizes=(4,), epochs=2, batch_size=200, validation_fraction=0)
    (tmp_path / "all.json").write_text(json.dumps(recipe.to_json()))
    return tmp_path / "all.json"


def test_train_in_words_without_validation_images(data_folder, without_validation, tmp_path):
    out = tmp_path / "w.npz"
    lines = good("train", "--recipe", without_validation, "--data", data_folder, "--out", out).splitlines()
    lines = [line for line in lines if line]
    assert lines[0] == ("all of them on small digits, seed 0: 800 images to learn from, 0 split off for validation")
    for number, line in enumerate(lines[1:3], start=1):
        assert re.fullmatch(rf"epoch   {number}   train \d\.\d{{4}} \d+\.\d\d%   \d+\.\d s", line)
    assert lines[3].startswith("test accuracy ")
    assert Network.load(out).validation_accuracy is None


def test_train_as_json_without_validation_images(data_folder, without_validation):
    lines = json_lines(good("train", "--recipe", without_validation, "--data", data_folder, "--json"))
    assert [line["record"] for line in lines] == (["step"] * 4 + ["epoch"]) * 2 + ["end"]
    for line in lines[:-1]:
        assert isinstance(from_json(line), StepEnd if line["record"] == "step" else EpochEnd)
        assert line.get("validation_loss") is None and line.get("validation_accuracy") is None


def test_a_divergence_without_validation_images_writes_nothing(data_folder, without_validation, tmp_path):
    options = ("--data", data_folder, "--learning-rate", 1e36, "--out", tmp_path / "w.npz", "--json")
    assert "training diverged" in refusal("train", "--recipe", without_validation, *options)
    assert not (tmp_path / "w.npz").exists()


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_that_ships_trains(data_folder, tmp_path, name):
    """One epoch on a few images, with a narrow network: whatever a recipe combines, works together."""
    options = ("--epochs", 1, "--hidden", "5", "--data", data_folder, "--out", tmp_path / "w.npz")
    lines = json_lines(good("train", "--recipe", name, *options, "--json"))
    assert [line["record"] for line in lines[-2:]] == ["epoch", "end"]
    assert Network.load(tmp_path / "w.npz").recipe.name == name


def test_a_checkpoint_is_resumed_as_if_the_training_had_never_stopped(data_folder, small_dataset, tmp_path):
    recipe = Recipe(
        "four", "tests", hidden_sizes=(8,), optimizer="adam", learning_rate=0.01, schedule="cosine", epochs=4
    )
    (tmp_path / "four.json").write_text(json.dumps(recipe.to_json()))
    common = ("--data", data_folder, "--json")
    whole = json_lines(good("train", "--recipe", tmp_path / "four.json", *common, "--out", tmp_path / "whole.npz"))
    save_steps = 12 * 2 + 2  # two epochs of twelve batches each
    training = init_state(recipe)
    records = train_from(training, make_split(recipe, small_dataset))
    for _ in range(save_steps):
        next(records)
    save_checkpoint(tmp_path / "c.npz", training, small_dataset.fingerprint)
    rest = json_lines(good("train", "--resume", tmp_path / "c.npz", *common, "--out", tmp_path / "resumed.npz"))
    assert without_clock(rest[:-1]) == without_clock(whole[save_steps:-1])
    assert (tmp_path / "resumed.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()
    assert load_checkpoint(
        tmp_path / "c.npz", small_dataset.fingerprint
    ).finished  # a resumed checkpoint is kept up to date
    again = json_lines(good("train", "--resume", tmp_path / "c.npz", *common))
    assert [line["record"] for line in again] == ["end"]  # nothing is left to do


def test_a_checkpoint_is_written_after_every_epoch(data_folder, small_dataset, tmp_path):
    good("train", "--data", data_folder, "--epochs", 2, "--hidden", 8, "--checkpoint", tmp_path / "c.npz")
    training = load_checkpoint(tmp_path / "c.npz", small_dataset.fingerprint)
    assert training.epoch == 2 and training.order is None


def test_a_divergence_keeps_the_best_weights_and_fails(data_folder, tmp_path):
    # One step an epoch, and each makes the weights a hundred times larger: 1 - 101 * l2.
    recipe = Recipe("growing", "tests", hidden_sizes=(), batch_size=1000, epochs=50, learning_rate=101, l2=1)
    (tmp_path / "growing.json").write_text(json.dumps(recipe.to_json()))
    options = ("--data", data_folder, "--out", tmp_path / "w.npz", "--json")
    text = refusal("train", "--recipe", tmp_path / "growing.json", *options)
    assert "training diverged" in text and "Try a learning rate ten times smaller" in text
    assert Network.load(tmp_path / "w.npz").recipe == recipe


def test_a_divergence_before_anything_was_learned_writes_nothing(data_folder, tmp_path):
    options = ("--data", data_folder, "--hidden", 8, "--learning-rate", 1e36, "--out", tmp_path / "w.npz", "--json")
    assert "training diverged" in refusal("train", *options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--recipe", "slow"), f"found no recipe 'slow', expected one of {', '.join(RECIPES)} or a .json file"),
        (("--recipe", "nowhere.json"), "nowhere.json: found no readable JSON ("),
        (("--epochs", 0), "--epochs is '0', expected a whole number of at least 1"),
        (("--epochs", "many"), "--epochs is 'many', expected a whole number of at least 1"),
        (("--learning-rate", -1), "--learning-rate is '-1', expected a number above 0"),
        (("--learning-rate", "nan"), "--learning-rate is 'nan', expected a number above 0"),
        (("--optimizer", "lion"), "--optimizer is 'lion', expected one of sgd, momentum, nesterov, adagrad"),
        (("--patience", "0"), "--patience is '0', expected a whole number of at least 1, or none (never)"),
        (("--hidden", "many"), "--hidden-sizes is 'many', expected at most 16 whole numbers of at least 1"),
        (("--hidden-sizes", "0"), "--hidden-sizes is '0', expected at most 16 whole numbers"),
        (("--batch-norm", "--batch-size", "1"), "recipe: batch_size is 1, expected at least 2 with batch_norm"),
        (("--data", "nowhere"), "nowhere: found no train-images"),
        (("--resume", "nowhere.npz"), "nowhere.npz: there is no such file"),
        (("--digit-from", "inf"), "digit_from inf, expected"),
        (("--digit-from", "-2e6"), "digit_from -2000000.0, expected"),
    ],
)
def test_train_refuses_in_one_line_and_exit_code_1(data_folder, options, text):
    data = () if "--data" in options else ("--data", data_folder)
    assert text in refusal("train", *data, *options)


def test_a_recipe_file_that_is_wrong(data_folder, tmp_path):
    for content, text in (
        ('{"name": "x", "source": "y", "batch_norm": true, "batch_size": 1}', "batch_size is 1, expected at least 2"),
        ('{"name": "x", "source": "y", "schedule_drops": [2]}', "schedule_drops is (2,), expected at most 100"),
        ("{", "found no readable JSON"),
        ("[]", "a recipe must be a JSON object, found list"),
        ('{"name": "x"}', "missing settings ['source']"),
        ("[" * 100_000, "found no readable JSON"),
        ('{"name": "x", "source": "y", "l2": 1' + "0" * 400 + "}", "recipe: l2 is 1000"),
    ):
        (tmp_path / "wrong.json").write_text(content)
        assert text in refusal("train", "--recipe", tmp_path / "wrong.json", "--data", data_folder)


def test_a_file_that_cannot_be_written_is_noticed_before_training(data_folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for option in ("--out", "--checkpoint"):
        result = call("train", "--data", data_folder, option, tmp_path / "file" / "w.npz")
        assert result.exit_code == 1 and result.stdout == ""


@pytest.mark.parametrize("option", ["--out", "--checkpoint"])
def test_a_folder_in_the_place_of_a_file_is_noticed_before_training(data_folder, tmp_path, option):
    result = call("train", "--data", data_folder, "--hidden", 4, "--epochs", 1, option, tmp_path)
    assert result.exit_code == 1 and result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("train", "--threads", "0"),
        ("train", "--dtype", "int8"),
        ("train", "--temperature", "warm"),
        ("train", "--temperature", "0"),
        ("train", "--temperature", "-1"),
        ("train", "--temperature", "101"),
        ("train", "--temperature", "inf"),
        ("train", "--sure-from", "1.01"),
        ("train", "--sure-from", "-0.1"),
        ("train", "--digit-from", "much"),
        ("train", "--unheard-of"),
        ("train", "extra"),
        ("predict",),
        ("export",),
        ("unheard-of",),
        ("data", "unheard-of"),
        ("evaluate", "--threads", "none"),
    ],
)
def test_a_wrong_call_gives_exit_code_2_and_the_usage(arguments):
    assert "Usage: " in refusal(*arguments, code=2)


def test_train_begins_with_the_weights_of_a_file(data_folder, tmp_path):
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    short = ("train", "--data", data_folder, "--hidden", 4, "--epochs", 1)
    good(*short, "--out", first)
    good(*short, "--from", first, "--learning-rate", 1e-12, "--out", second)  # hardly moves
    for name, array in Network.load(first).model.arrays.items():
        np.testing.assert_allclose(Network.load(second).model.arrays[name], array, atol=1e-6)
    assert "begin with one of the same layers" in refusal(*short, "--hidden", 5, "--from", first)


@pytest.mark.parametrize(
    "option", [("--epochs", 5), ("--hidden", "3"), ("--seed", 2), ("--recipe", "accurate"), ("--from", "w.npz")]
)
def test_resume_goes_on_with_its_own_recipe_only(data_folder, tmp_path, option):
    """A setting beside --resume would be ignored: it is refused instead."""
    good("train", "--data", data_folder, "--epochs", 1, "--hidden", 4, "--checkpoint", tmp_path / "c.npz")
    text = refusal("train", "--data", data_folder, "--resume", tmp_path / "c.npz", *option, code=2)
    assert "--resume goes on with the checkpoint's recipe" in text


def test_resume_with_other_data(data_folder, tmp_path):
    good("train", "--data", data_folder, "--epochs", 1, "--hidden", 4, "--checkpoint", tmp_path / "c.npz")
    other = tmp_path / "other"
    other.mkdir()
    for path in data_folder.iterdir():
        content = bytearray(path.read_bytes())
        if "t10k-images" in path.name:
            content[-1] ^= 1
        (other / path.name).write_bytes(content)
    assert "it belongs to a training with other data" in refusal(
        "train", "--data", other, "--resume", tmp_path / "c.npz"
    )


# Ctrl-C


def test_ctrl_c_in_the_middle_of_a_step_loses_and_doubles_nothing(data_folder, tmp_path, monkeypatch):
    """A real SIGINT while parameters are being changed; resumed, the records are those of a run never stopped."""
    options = ("--data", data_folder, "--hidden", 8, "--epochs", 2, "--json")
    whole = json_lines(good("train", *options))
    rule, calls = optimizers.Momentum.rule, []

    def interrupted(self, learning_rate, *arrays):
        rule(self, learning_rate, *arrays)
        calls.append(learning_rate)
        if len(calls) == 17:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(optimizers.Momentum, "rule", interrupted)
    first = call("train", *options, "--checkpoint", tmp_path / "c.npz")
    assert first.exit_code == 1 and "go on with --resume" in first.stderr
    monkeypatch.undo()
    rest = good("train", "--data", data_folder, "--json", "--resume", tmp_path / "c.npz")
    records = [*json_lines(first.stdout)[:-1], *json_lines(rest)[:-1]]
    assert [(r["record"], r["step"]) for r in records] == [(r["record"], r["step"]) for r in whole[:-1]]
    assert without_clock(records) == without_clock(whole[:-1])


def test_ctrl_c_stops_a_real_process_which_can_be_resumed(data_folder, small_dataset, tmp_path):
    out, checkpoint = tmp_path / "w.npz", tmp_path / "c.npz"
    command = [sys.executable, "-m", "mnist_core", "train", "--data", str(data_folder), "--hidden", "16", "--json"]
    command += ["--epochs", "1000000", "--out", str(out), "--checkpoint", str(checkpoint)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        lines = []
        for line in process.stdout or []:
            lines.append(line)
            if len(lines) == 30:  # two epochs of thirteen records, and some
                process.send_signal(signal.SIGINT)
                break
        rest, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Traceback" not in errors and errors.count("\n") == 1
    assert errors.startswith("Error: stopped at step ") and errors.endswith(f"; go on with --resume {checkpoint}\n")
    records = json_lines("".join(lines) + rest)
    assert records[-1]["record"] == "end" and records[-1]["stopped"].startswith("stopped at step ")
    network = Network.load(out)
    losses = [record["validation_loss"] for record in records if record["record"] == "epoch"]
    assert len(losses) >= 2 and network.test_accuracy == records[-1]["test_accuracy"]
    training = load_checkpoint(checkpoint, small_dataset.fingerprint)
    assert training.step >= 27 and training.best_loss == min(losses)
    assert next(train_from(training, make_split(training.recipe, small_dataset))).step in (
        training.step,
        training.step + 1,
    )


# evaluate


def test_evaluate_in_words(weights, data_folder, small_network):
    lines = good("evaluate", "--weights", weights, "--data", data_folder).splitlines()
    assert lines[0] == "small.npz (small, trained on small digits) on small digits:"
    assert lines[1].startswith(f"test accuracy {small_network.test_accuracy:.2%}, loss ") and "200 images" in lines[1]
    rows = [[0 if cell == "·" else int(cell) for cell in line.split()] for line in lines[-10:]]
    assert [row[0] for row in rows] == list(range(10))
    assert sum(sum(row[1:]) for row in rows) == 200
    assert sum(row[1 + row[0]] for row in rows) == round(small_network.test_accuracy * 200)


def test_evaluate_as_json(weights, data_folder, small_network):
    result = json.loads(good("evaluate", "--weights", weights, "--data", data_folder, "--json"))
    assert set(result) == {"loss", "accuracy", "confusion"}
    assert result["accuracy"] == small_network.test_accuracy
    confusion = np.array(result["confusion"])
    assert confusion.shape == (10, 10) and np.trace(confusion) / 200 == result["accuracy"]


def test_evaluate_refuses(data_folder, weights, tmp_path):
    (tmp_path / "w.npz").write_bytes(b"hello")
    assert "w.npz: not a readable .npz file" in refusal(
        "evaluate", "--weights", tmp_path / "w.npz", "--data", data_folder
    )
    assert "found no train-images" in refusal("evaluate", "--weights", weights, "--data", tmp_path)


# export


@pytest.fixture
def image_file(tmp_path, small_dataset) -> Path:
    np.save(tmp_path / "images.npy", small_dataset.test_images)
    return tmp_path / "images.npy"


def test_export_to_onnx(weights, small_network, small_dataset, tmp_path):
    out = tmp_path / "new folder" / "small.onnx"
    text = good("export", "--weights", weights, "--out", out)
    assert text == f"small.npz (small, trained on small digits) is now also in {out}\n"
    session = onnxruntime.InferenceSession(out.read_bytes(), providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(None, {"images": small_dataset.test_images})
    assert (probabilities.argmax(axis=1) == small_dataset.test_labels).mean() == small_network.test_accuracy
    assert [path.name for path in out.parent.iterdir()] == ["small.onnx"]  # nothing temporary is left


def test_export_to_a_script(weights, small_network, small_dataset, image_file, tmp_path):
    out = tmp_path / "small.py"
    good("export", "--weights", weights, "--out", out)
    command = [sys.executable, "-I", str(out), str(image_file)]
    digits = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    accuracy = (np.array(digits, int) == small_dataset.test_labels).mean()
    assert accuracy == pytest.approx(small_network.test_accuracy, abs=0.011)  # weights are rounded: two digits of 200


def test_export_takes_the_weights_that_ship(tmp_path):
    assert good("export", "--out", tmp_path / "shipped.py").startswith("default.npz (handwriting, trained on ")


def test_export_replaces_a_file_only_when_the_new_one_is_whole(weights, tmp_path):
    out = tmp_path / "out.py"
    out.write_text("the old one")
    too_large = Network.load(weights)
    too_large.model.params["0.b"][0] = 1e6
    too_large.save(tmp_path / "large.npz")
    assert "not finite in float16" in refusal("export", "--weights", tmp_path / "large.npz", "--out", out)
    assert "there is no such file" in refusal("export", "--weights", tmp_path / "nowhere.npz", "--out", out)
    assert out.read_text() == "the old one"
    good("export", "--weights", weights, "--out", out)
    assert out.read_text().startswith("# A neural network that reads handwritten digits")
    assert out.stat().st_mode & 0o777 == 0o644
    assert {path.name for path in tmp_path.iterdir()} == {"out.py", "large.npz"}


@pytest.mark.parametrize("name", ["network", "network.npz", "network.onnx.txt", ".py"])
def test_export_wants_a_name_that_says_the_format(weights, tmp_path, name):
    text = refusal("export", "--weights", weights, "--out", tmp_path / name, code=2)
    assert f"--out is '{tmp_path / name}', expected a name that ends in .onnx or .py" in text
    assert list(tmp_path.iterdir()) == []


def test_export_refuses_a_folder_in_the_place_of_a_file(weights, tmp_path):
    (tmp_path / "folder.py").mkdir()
    assert "found a folder" in refusal("export", "--weights", weights, "--out", tmp_path / "folder.py")


# data, recipes, help


def test_data_check(data_folder, tmp_path):
    assert good("data", "check", data_folder) == "small digits: complete and unharmed\n"
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in data_folder.iterdir():
        (broken / path.name).write_bytes(path.read_bytes()[:-1])
    assert "after the header, expected" in refusal("data", "check", broken)


def test_data_describe(data_folder, small_dataset):
    lines = good("data", "describe", data_folder).splitlines()
    assert lines[0] == "small digits"
    assert lines[1].split()[:5] == ["800", "training", "images", "of", "28×28"]
    assert lines[2].split()[:5] == ["200", "test", "images", "of", "28×28"]
    assert lines[1].endswith("  ".join(f"{digit}: 80" for digit in range(10)))
    assert lines[3] == f"fingerprint {small_dataset.fingerprint}"


def test_data_fetch_has_nothing_to_do_where_mnist_already_is(real_mnist, tmp_path):
    for file in MNIST_FILES:
        (tmp_path / file.name).symlink_to((real_mnist / file.name).absolute())
    assert good("data", "fetch", "--folder", tmp_path) == f"MNIST is complete and unharmed in {tmp_path}\n"
    assert good("data", "check", tmp_path) == "MNIST: complete and unharmed\n"


def test_recipes():
    lines = good("recipes").splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)
    assert "784-512-128-10" in lines[1] and "2400 epochs" in lines[list(RECIPES).index("sigmoid-full-batch")]
    assert len({line.index(" epochs   ") for line in lines}) == 1  # in columns
    for name, recipe in RECIPES.items():
        assert Recipe.from_json(json.loads(good("recipes", name))) == recipe
    assert "found no recipe 'slow'" in refusal("recipes", "slow")


@pytest.mark.parametrize(
    "command", [(), ("train",), ("evaluate",), ("predict",), ("export",), ("data",), ("data", "fetch"), ("recipes",)]
)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_explains_itself(command, option):
    assert good(*command, option).startswith("Usage: ")

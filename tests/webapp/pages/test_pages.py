"""The pages without a browser: each opens cleanly, in both languages and in every state."""

import dataclasses

import pytest
from streamlit.testing.v1 import AppTest

from mnist_core.network import Network
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.state import init_state
from tests.paths import ROOT
from tests.webapp.components.events import data_of
from tests.webapp.real_runs import wait_for, wait_until
from webapp import datasets
from webapp.networks import recognizers
from webapp.runs.job import Job


def open_app(page: str = "", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "webapp/pages/menu.py"), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page:
        app.switch_page(page).run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    written = [element.value for element in (*app.markdown, *app.caption, *app.error, *app.info)]
    return " ".join([*written, *(element.proto.body for element in app.get("html"))])


@pytest.mark.parametrize(("language", "title"), [("en", "Draw a digit"), ("zh", "写一个数字")])
def test_the_drawing_page_opens(page_runs, language, title):
    app = open_app(lang=language)
    assert any(title in html.proto.body for html in app.get("html"))
    assert app.selectbox(key="network_choice").value == "default"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_training_page_opens(page_runs, language):
    app = open_app("train/page.py", lang=language)
    assert not app.button(key="start").disabled


def test_a_training_is_started_with_the_chosen_settings(page_runs, monkeypatch, data_folder):
    monkeypatch.setenv("MNIST_DIR", str(data_folder))  # not MNIST: the run must say so, and fail
    app = open_app("train/page.py")
    app.text_input(key="quick.hidden_sizes").set_value("12，7")  # a Chinese comma
    app.number_input(key="quick.epochs").set_value(2)
    app.selectbox(key="quick.optimizer").set_value("adam")
    app.button(key="start").click().run()
    assert not app.exception
    snapshot = page_runs.snapshot(app.session_state["run"])
    assert snapshot.job.recipe.hidden_sizes == (12, 7)
    assert snapshot.job.recipe.epochs == 2
    assert snapshot.job.recipe.optimizer == "adam"
    wait_for(page_runs, snapshot.id, "failed")
    app.run()
    assert "expected MNIST's" in texts(app)


@pytest.mark.parametrize(
    ("layers", "message"), [("a, b", "whole numbers"), ("0", "1 to 16,384 units"), ("6000, 6000", "GB of memory")]
)
def test_wrong_layers_start_nothing(page_runs, layers, message):
    app = open_app("train/page.py")
    app.text_input(key="quick.hidden_sizes").set_value(layers)
    app.button(key="start").click().run()
    assert message in texts(app)
    assert "run" not in app.session_state


def test_without_mnist_synthetic_digits_and_a_download_are_offered(page_runs, monkeypatch, tmp_path):
    monkeypatch.delenv("MNIST_DIR", raising=False)
    monkeypatch.setattr("mnist_core.data.dataset.cache_folder", lambda: tmp_path / "empty")
    monkeypatch.setattr("mnist_core.data.dataset.LOCAL_FOLDER", tmp_path / "empty")
    app = open_app("train/page.py")
    assert app.selectbox(key="data").value == "synthetic"
    assert any("Download MNIST" in button.label for button in app.button)


def test_a_wrong_mnist_dir_is_explained(page_runs, monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path))
    assert "MNIST_DIR names the wrong folder" in texts(open_app("train/page.py"))


def test_a_finished_run_is_shown_and_can_be_drawn_with(page_runs, tiny_recipe, data_folder):
    run_id = page_runs.start(Job(tiny_recipe, str(data_folder)))
    wait_for(page_runs, run_id)
    app = open_app("train/page.py", run=run_id)
    app.query_params["run"] = run_id
    app.run()
    shown = data_of(app, "progress")["shown"]
    assert "%" in shown and "small digits" in shown
    labels = [link.proto.label for link in app.get("page_link")]
    assert "Draw with it" in labels
    assert open_app(network=run_id).selectbox(key="network_choice").value == run_id


def open_run(run_id: str, language: str) -> AppTest:
    """The training page with a run."""
    app = open_app(lang=language)
    app.switch_page("train/page.py")
    app.query_params["run"] = run_id
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize(("language", "line"), [("en", "keeps no images for validation"), ("zh", "没有留出验证图像")])
def test_a_run_without_validation_images_says_so(page_runs, tiny_recipe, data_folder, language, line):
    run_id = page_runs.start(Job(dataclasses.replace(tiny_recipe, validation_fraction=0.0), str(data_folder)))
    wait_for(page_runs, run_id)
    app = open_run(run_id, language)
    assert line in texts(app)
    assert "%" in data_of(app, "progress")["shown"]


@pytest.mark.parametrize(
    ("language", "lines"),
    [("en", ("distorted images", "not those for validation")), ("zh", ("变形图像", "验证图像不变"))],
)
def test_a_run_with_distorted_images_says_so(page_runs, tiny_recipe, data_folder, language, lines):
    run_id = page_runs.start(Job(dataclasses.replace(tiny_recipe, distortion=1.0), str(data_folder)))
    wait_for(page_runs, run_id)
    app = open_run(run_id, language)
    assert all(line in texts(app) + data_of(app, "progress")["shown"] for line in lines)


@pytest.mark.parametrize(("language", "source"), [("en", "whoever writes it"), ("zh", "无论谁写")])
def test_distorting_is_explained_where_it_is_switched_on(page_runs, language, source):
    app = open_app("train/page.py", lang=language)
    assert source not in texts(app)
    app.toggle(key="quick.distort").set_value(True).run()
    assert not app.exception
    assert source in texts(app) and "Simard" in texts(app)


def test_a_new_visit_to_a_run_begins_with_its_settings(page_runs, data_folder):
    recipe = dataclasses.replace(RECIPES["quick"], hidden_sizes=(16, 12), epochs=2, optimizer="adam")
    run_id = page_runs.start(Job(recipe, str(data_folder)))
    wait_for(page_runs, run_id)
    app = open_app()
    app.switch_page("train/page.py")
    app.query_params["run"] = run_id
    app.run()
    assert not app.exception
    assert app.text_input(key="quick.hidden_sizes").value == "16, 12"
    assert app.number_input(key="quick.epochs").value == 2
    assert app.selectbox(key="quick.optimizer").value == "adam"


def test_a_broken_weights_file_is_an_error_on_the_page_and_no_traceback(page_runs, monkeypatch, tmp_path):
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK not a zip")
    monkeypatch.setattr(recognizers, "DEFAULT_WEIGHTS", broken)
    app = open_app()
    assert "This network cannot be loaded" in texts(app)


def open_test_image(language: str = "en", **query: str) -> AppTest:
    """The drawing page with a test image."""
    app = AppTest.from_file(str(ROOT / "webapp/pages/menu.py"), default_timeout=30)
    for name, value in {"lang": language, **query}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def htmls(app: AppTest) -> str:
    return " ".join(html.proto.body for html in app.get("html"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_test_image_is_read_in_place_of_a_drawing(page_runs, monkeypatch, data_folder, small_dataset, language):
    monkeypatch.setattr(datasets, "DATA_FOLDER", data_folder.parent)
    app = open_test_image(language, test="7", data=str(data_folder))
    assert 'class="board"' in htmls(app)
    assert str(small_dataset.test_labels[7]) in texts(app)
    assert 'class="digit none' not in htmls(app)  # there is an answer
    app.button(key="draw-yourself").click().run()
    assert not app.exception
    assert 'class="board"' not in htmls(app)
    assert app.button(key="clear")
    assert "test" not in app.query_params
    assert "data" not in app.query_params


@pytest.mark.parametrize("test", ["200", "-1", "7.5", "x", "٣", "9" * 5000])
def test_a_test_image_that_is_not_there_is_no_error(page_runs, monkeypatch, data_folder, test):
    monkeypatch.setattr(datasets, "DATA_FOLDER", data_folder.parent)
    app = open_test_image(test=test, data=str(data_folder))
    assert "not on this computer" in app.warning[0].value
    assert app.button(key="clear")


def test_a_link_reads_no_folder_that_is_not_on_offer(page_runs, data_folder):
    app = open_test_image(test="7", data=str(data_folder))
    assert "not on this computer" in app.warning[0].value
    assert 'class="board"' not in htmls(app)


def called(run_id):
    """Return what a run is called that nobody has named."""
    return run_id.replace("-", " · ")


def test_a_network_in_training_reads_on_the_drawing_page(page_runs, monkeypatch, tiny_recipe, data_folder):
    monkeypatch.setattr(datasets, "DATA_FOLDER", data_folder.parent)
    run_id = page_runs.start(Job(tiny_recipe, str(data_folder), begins_paused=True))
    wait_until(page_runs, run_id, lambda snapshot: snapshot.state == "paused" and snapshot.weights is not None)
    query = {"test": "7", "data": str(data_folder), "network": run_id}
    app = open_test_image(**query)
    assert app.selectbox(key="network_choice").value == run_id
    assert f"{called(run_id)} — in training" in app.selectbox(key="network_choice").options
    before = data_of(app, "answer")
    page_runs.resume(run_id)
    wait_for(page_runs, run_id)
    app.run()
    assert not app.exception
    assert data_of(app, "answer") != before  # its weights are others now
    assert any(option.startswith(f"{called(run_id)} — reads") for option in app.selectbox(key="network_choice").options)


def test_the_network_of_a_link_counts_more_than_the_one_chosen_before(page_runs, tiny_recipe, data_folder):
    run_id = page_runs.start(Job(tiny_recipe, str(data_folder)))
    wait_for(page_runs, run_id)
    app = AppTest.from_file(str(ROOT / "webapp/pages/menu.py"), default_timeout=30)
    app.session_state["network"] = "default"
    app.query_params["network"] = run_id
    app.run()
    assert app.selectbox(key="network_choice").value == run_id
    assert data_of(app, "answer")["reader"] == f"Network: {called(run_id)}"  # also while the settings are closed
    app.selectbox(key="network_choice").set_value("default").run()
    assert not app.exception
    assert data_of(app, "answer")["reader"] == ""
    assert "network" not in app.query_params


def test_networks_are_loaded_anew_when_their_file_changes(tmp_path):
    path = tmp_path / "network.npz"
    recipe = Recipe(name="r", source="test", hidden_sizes=(4,))
    for accuracy in (0.25, 0.75):
        model = init_state(dataclasses.replace(recipe, seed=int(accuracy * 4))).model
        Network(model, recipe, "none", "0", False, accuracy, accuracy).save(path)
        assert recognizers.recognizer(path).network.test_accuracy == accuracy


def test_data_folders_are_found(monkeypatch, tmp_path, data_folder):
    monkeypatch.setattr(datasets, "DATA_FOLDER", data_folder.parent)
    (data_folder.parent / "something else").mkdir(exist_ok=True)
    assert datasets.data_folders() == [data_folder]

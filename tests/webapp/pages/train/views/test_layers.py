"""The view of the layers: before the first look, healthy ones, ill ones, and networks of any depth."""

from streamlit.testing.v1 import AppTest


def page(hidden: tuple[int, ...], learning_rate: float, steps: int) -> None:
    """Show a network that has learned for some steps; it runs as a script of its own."""
    import tempfile
    from pathlib import Path

    import numpy as np

    from mnist_core.nn.mlp import build_mlp
    from mnist_core.recipes.recipe import Recipe
    from mnist_core.training.layer_statistics import LayerRecord, layer_statistics
    from webapp.pages.train.views.layers import show
    from webapp.runs.folder import RunFolder
    from webapp.runs.job import Job
    from webapp.runs.records import Records
    from webapp.runs.snapshot import Snapshot

    recipe = Recipe("test", "test", hidden_sizes=hidden, learning_rate=learning_rate)
    rng = np.random.default_rng(0)
    model = build_mlp(recipe.layer_sizes, "relu", "he", rng)
    x, labels = rng.random((20, 784), np.float32), rng.integers(0, 10, 20)
    records = Records(begin={"train_images": 640})
    for step in range(steps):
        records.layers.append(LayerRecord(step, layer_statistics(model, "softmax", 0, x, labels)))
        model.flat_params -= learning_rate * model.flat_grads
    folder = RunFolder(Path(tempfile.gettempdir()))
    show(Snapshot("a", "a", "", "running", Job(recipe, "mnist"), records, 0, False, False, folder))


def open_view(*args: object) -> AppTest:
    app = AppTest.from_function(page, args=args, default_timeout=30).run()
    assert not app.exception
    return app


def test_before_the_first_look():
    app = open_view((16,), 0.1, 0)
    assert "Nothing to see yet" in app.info[0].value
    assert not app.selectbox


def test_healthy_layers_are_named_together():
    app = open_view((16, 12), 0.01, 3)
    lines = [text.value for text in app.markdown if "**Layer" in text.value]
    assert len(lines) == 1
    assert "**Layers 1 to 3**: healthy." in lines[0]
    assert app.selectbox[0].options == ["Layer 1: 784 → 16", "Layer 2: 16 → 12", "Layer 3: 12 → 10"]
    app.selectbox[0].select_index(2).run()
    assert not app.exception


def test_dead_units_are_named():
    app = open_view((16,), 1e4, 4)
    lines = [text.value for text in app.markdown if "**Layer" in text.value]
    assert "**Layer 1** (ReLU): 100% of the units in layer 1 are dead" in lines[0]
    assert "**Layer 2**: Vanishing gradients" in lines[1]


def test_a_network_without_hidden_layers():
    assert open_view((), 0.01, 2).selectbox[0].options == ["Layer 1: 784 → 10"]

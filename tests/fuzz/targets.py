"""All that comes from outside: valid samples of it, how they are changed, and how the product reads what came of it.

Each `read_…` gives None if the product refuses the content. What it accepts is used, and must come out of its own files
and links as it went in.
"""

import base64
import gzip
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urljoin

import numpy as np
import yaml
from PIL import Image
from starlette.datastructures import QueryParams

from mnist_core.data.dataset import Split
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import DataError, DivergedError, ImageError, RecipeError, WeightsError
from mnist_core.imaging.image_file import read_picture
from mnist_core.io.idx import idx_header, read_idx
from mnist_core.network import Network
from mnist_core.nn.mlp import build_mlp
from mnist_core.nn.schedules import build_schedule
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import Recipe
from mnist_core.recognizer import Recognizer
from mnist_core.training.checkpoint import load_checkpoint, save_checkpoint
from mnist_core.training.diagnosis import diagnose
from mnist_core.training.loop import train_from
from mnist_core.training.state import init_state
from tests.fuzz import mutator
from tests.webapp.lessons.test_lesson import SMALL as SMALL_LESSON
from tests.webapp.runs.test_records import TWO_EPOCHS
from tests.webapp.written_runs import write_run
from webapp.components.drawing_board import LIVE_SIDE, SIDE, read_ink, read_png
from webapp.components.drawing_pad import PadState
from webapp.datasets import data_name
from webapp.lessons.handout import KINDS, handout_html
from webapp.lessons.lesson import SHIPPED, LessonError, read_lesson
from webapp.pages.draw.reading import SWITCHED, Wanted
from webapp.pages.train.findings import finding_text
from webapp.pages.train.views.curves import figures
from webapp.runs.facts import ordered
from webapp.runs.folder import RunFolder
from webapp.runs.job import Job, Parent
from webapp.runs.records import RecordReader, numbers
from webapp.runs.registry import Runs
from webapp.runs.snapshot import Snapshot, seconds_left
from webapp.server.class_route import MAX_NUMBER, read_number
from webapp.settings.limits import memory_of, steps_of
from webapp.settings.links import LinkError, job_of_query, settings_query
from webapp.visitors.classroom import is_own_address
from webapp.visitors.identity import read_id
from webapp.visitors.wall import MAX_NAME, plain_name

DATA = "fingerprint"
FOLDERS = [Path("data/fashion"), Path("data/our digits 三")]
SMALL = Recipe("small", "tests", hidden_sizes=(4,), batch_size=10, epochs=2, learning_rate=0.01)
RECIPES_USED = (
    SMALL,
    replace(SMALL, hidden_sizes=(3, 3), batch_norm=True, dropout=0.2, ema_decay=0.9, optimizer="adamw", patience=2),
)
END = {"record": "end", "state": "finished", "test_accuracy": 0.5}


class Target(NamedTuple):
    """What comes from outside.

    Attributes:
        samples: makes valid ones, with a folder for files.
        change: changes one of them.
        read: reads it, with a folder for files; None if it is refused.
        declared: the errors that refuse it.
    """

    samples: Callable[[Path], Sequence[bytes]]
    change: Callable[[Random, Sequence[bytes]], bytes]
    read: Callable[[Path, bytes], object]
    declared: tuple[type[Exception], ...] = ()


# Data sets


def idx_samples(_folder: Path) -> list[bytes]:
    shapes = ((7,), (2, 5), (3, 4, 5))
    return [idx_header(shape) + bytes(range(np.prod(shape))) for shape in shapes]


def gzip_samples(folder: Path) -> list[bytes]:
    return [gzip.compress(sample) for sample in idx_samples(folder)]


def read_idx_file(folder: Path, content: bytes) -> object:
    array = read_idx(_file(folder, content))
    plain = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    assert idx_header(array.shape) + array.tobytes() == plain
    return array


# Networks and trainings


@cache
def _split() -> Split:
    images, labels = synthetic_digits(40, np.random.default_rng(1))
    return Split(images[:30], labels[:30], images[30:], labels[30:])


def weight_samples(folder: Path) -> list[bytes]:
    samples = []
    for recipe, dtype in zip(RECIPES_USED, ("float32", "float16"), strict=True):
        rng = np.random.default_rng(0)
        model = build_mlp(recipe.layer_sizes, "relu", "he", rng, batch_norm=recipe.batch_norm, dropout=recipe.dropout)
        network = Network(model, recipe, "digits", DATA, True, 0.5, 1.0, temperature=1.5, ood_threshold=-3.0)
        network.save(folder / "sample.npz", dtype)
        samples.append((folder / "sample.npz").read_bytes())
    return samples


def read_weights(folder: Path, content: bytes) -> object:
    network = Network.load(_file(folder, content))
    with np.errstate(all="ignore"):  # finite weights may still be absurd
        read = Recognizer(network).recognize(_split().train_images[0])
    assert read.digit in range(10)
    network.save(folder / "again")
    again = Network.load(folder / "again")
    assert json.dumps(again.description) == json.dumps(network.description)
    assert again.model.flat.tobytes() == network.model.flat.tobytes()
    return network


def checkpoint_samples(folder: Path) -> list[bytes]:
    samples = []
    for recipe, records in zip((*RECIPES_USED, SMALL), (2, 5, 0), strict=True):
        state = init_state(recipe)
        list(islice(train_from(state, _split()), records))
        save_checkpoint(folder / "sample.npz", state, DATA)
        samples.append((folder / "sample.npz").read_bytes())
    return samples


def read_checkpoint(folder: Path, content: bytes) -> object:
    state = load_checkpoint(_file(folder, content), DATA)
    save_checkpoint(folder / "again", state, DATA)
    save_checkpoint(folder / "again and again", load_checkpoint(folder / "again", DATA), DATA)
    assert (folder / "again").read_bytes() == (folder / "again and again").read_bytes()
    try:
        if state.order is None or len(state.order) == len(_split().train_images):
            with np.errstate(all="ignore"):
                list(islice(train_from(state, _split()), 4))
    except DivergedError:
        pass
    return state


# What is to be trained, and what was


def recipe_samples(_folder: Path) -> list[bytes]:
    return [json.dumps(recipe.to_json()).encode() for recipe in (*RECIPES_USED, *RECIPES.values())]


def read_recipe(_folder: Path, content: bytes) -> object:
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        return None
    recipe = Recipe.from_json(values)
    _use(recipe)
    return recipe


def _use(recipe: Recipe) -> None:
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert memory_of(recipe) > 0 and steps_of(recipe) > 0
    schedule = build_schedule(recipe.schedule, recipe.schedule_drops, recipe.schedule_factor, recipe.warmup)
    assert all(0 <= schedule(step, recipe.epochs) <= 1 for step in (0, recipe.epochs - 1))


def job_samples(_folder: Path) -> list[bytes]:
    jobs = (Job(SMALL, "mnist"), Job(RECIPES["quick"], "data/fashion", True, Parent("quick-1", 3)))
    return [json.dumps(job.to_json()).encode() for job in jobs]


def read_job(folder: Path, content: bytes) -> object:
    (folder / "job.json").write_bytes(content)
    job = RunFolder(folder).read_job()
    if job is not None:
        assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job
        assert isinstance(job.data, str) and isinstance(job.begins_paused, bool)
        assert job.parent is None or (isinstance(job.parent.run, str) and isinstance(job.parent.epoch, int))
    return job


def record_samples(_folder: Path) -> list[bytes]:
    lines = [json.dumps(line).encode() for line in (*TWO_EPOCHS, END)]
    return [b"\n".join(lines) + b"\n"]


def read_records(folder: Path, content: bytes) -> object:
    run = RunFolder(folder)
    reader = RecordReader(run.records)
    for part in (content[: len(content) // 2], content):
        run.records.write_bytes(part)
        records = reader.read()
    assert records == RecordReader(run.records).read()
    snapshot = Snapshot(
        "small", "", "", records.end.get("state", "running"), Job(SMALL, ""), records, 0, False, False, run
    )
    recipe, steps = snapshot.recipe, snapshot.steps_per_epoch
    figures(records, recipe, steps)
    seconds_left(snapshot)
    ordered([snapshot, snapshot], "accuracy")
    data_name(records.begin.get("data_name", ""), records.begin.get("synthetic", False))
    loss, accuracy = numbers(records.loss), numbers(records.accuracy)
    for finding in diagnose(recipe, steps, loss, accuracy, records.epochs, records.layers, over=bool(records.end)):
        finding_text(finding)
    return records if records.end else None


# Addresses


def link_samples(_folder: Path) -> list[bytes]:
    jobs = [Job(recipe, data) for recipe in RECIPES.values() for data in ("mnist", str(FOLDERS[1]))]
    changed = replace(
        RECIPES_USED[1], name="quick", seed=7, schedule="step", schedule_drops=(0.2, 1 / 3), clip_norm=1.0
    )
    return [urlencode(settings_query(job)).encode() for job in (*jobs, Job(changed, "synthetic"))]


def read_link(_folder: Path, content: bytes) -> object:
    query = dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        job = job_of_query(query, FOLDERS)
    except LinkError as error:
        assert len(str(error)) < 400 and "\n" not in str(error)
        raise
    if job is not None:
        _use(job.recipe)
        again = dict(parse_qsl(urlencode(settings_query(job)), keep_blank_values=True))
        assert job_of_query(again, FOLDERS) == job
    return job


def drawing_link_samples(_folder: Path) -> list[bytes]:
    links = [Wanted("default"), Wanted("quick-1", place=1, count=3, language="zh")]
    return [f"{link.to_query()}&cookie={'0a' * 16}&runs=quick-1,,quick-2".encode() for link in links]


def read_drawing_link(folder: Path, content: bytes) -> object:
    """As the drawing page, its route and the comparison read what they are asked for."""
    query = QueryParams(content.decode("utf-8", "replace"))
    wanted = Wanted.from_query(query)
    assert Wanted.from_query(QueryParams(wanted.to_query())) == wanted
    assert all(isinstance(getattr(wanted.steps, name), bool) for name in SWITCHED)
    assert wanted.place is None or 0 <= wanted.place < wanted.count < 1000
    visitor = read_id(query.get("cookie"))
    assert visitor is None or re.fullmatch("[0-9a-f]{32}", visitor)
    found = [
        _runs(folder).snapshot(name, curves=False) for name in (wanted.network, *query.get("runs", "").split(",", 70))
    ]
    ids = {snapshot.id for snapshot in found if snapshot is not None}
    assert ids <= {"quick-1", "quick-2"}
    return ids or None


def class_samples(_folder: Path) -> list[bytes]:
    sent = {"name": "Mia 小明", "came": "2147483648", "to": "/lesson?lesson=overfitting&step=3"}
    return [urlencode(sent).encode(), urlencode({**sent, "to": "/train?recipe=quick&hidden_sizes=64,32"}).encode()]


def read_class(_folder: Path, content: bytes) -> object:
    """As the wall reads a name, the server which call was followed, and a call where it leads."""
    query = QueryParams(content.decode("utf-8", "replace"))
    name, to = plain_name(query.get("name", "")), query.get("to", "")
    assert plain_name(name) == name and len(name) <= MAX_NAME and name.isprintable()
    assert 0 <= read_number(query.get("came", "")) <= MAX_NUMBER
    if not is_own_address(to):
        return None
    assert urljoin("http://here.example/a/b?c", to).startswith("http://here.example/")  # as a browser follows it
    return to


@cache
def _runs(folder: Path) -> Runs:
    for name in ("quick-1", "quick-2"):
        write_run(folder / "runs", name)
    return Runs(folder / "runs", at_once=1)


def lesson_samples(_folder: Path) -> list[bytes]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("*.yaml"))[:1]]
    return [json.dumps(yaml.safe_load(text)).encode() for text in (*texts, SMALL_LESSON, SMALL_LESSON)]  # JSON is YAML


def read_lesson_file(_folder: Path, content: bytes) -> object:
    lesson = read_lesson(content, "any", "zh")
    assert all(re.fullmatch("/[a-z-]*", step.open.partition("?")[0]) for step in lesson.steps if step.open)
    for kind in KINDS:
        assert "<script" not in handout_html(lesson, kind)
    return lesson


# What a browser draws


def ink_samples(_folder: Path) -> list[bytes]:
    return [_address(_picture("RGBA", side)) for side in (LIVE_SIDE, SIDE)]


def read_sent_ink(_folder: Path, content: bytes) -> object:
    png = read_png(content.decode("ascii", "replace"))
    ink = None if png is None else read_ink(png)
    assert png is None or (ink is not None and ink.shape in ((SIDE, SIDE), (LIVE_SIDE, LIVE_SIDE)))
    return ink


def report_samples(_folder: Path) -> list[bytes]:
    strokes = [
        {"type": "path", "left": 1.5, "stroke": "#ffffff", "fill": None, "path": [["M", number, 10], ["Q", 5, 6, 7, 8]]}
        for number in range(3)
    ]
    picture = {"at": 1_700_000_000_000, "address": _address(_picture("RGBA", LIVE_SIDE)).decode()}
    drawing = {"raw": {"version": "4.4.0", "lockScalingFlip": 1, "objects": strokes}}
    reports = ((drawing, picture, None), (None, None, strokes[:2]))
    return [json.dumps([{"drawing": d, "picture": p, "kept": k} for d, p, k in reports]).encode()]


def read_reports(_folder: Path, content: bytes) -> object:
    try:
        reports = json.loads(content)
    except (ValueError, RecursionError):  # Streamlit's own reader
        return None
    state = PadState()
    state.hand_out()
    for report in reports if isinstance(reports, list) else [reports]:
        sent: dict[str, Any] = report if isinstance(report, dict) else {"drawing": report}
        state.take_in(sent.get("drawing"), sent.get("picture"), sent.get("kept"))
        for step in (state.history.undo(), state.history.redo(), state.history.clear(), state.history.undo()):
            state.change(step)
            json.dumps(state.handed_out)
            assert state.history.present.png is None or read_ink(state.history.present.png) is not None
        assert sum(board.nbytes for board in state.history.past) <= 4_000_000
    return state.history.past or None


def picture_samples(_folder: Path) -> list[bytes]:
    photo = Image.effect_noise((48, 32), 60)
    samples = [_picture(mode, 24) for mode in ("L", "RGB", "RGBA", "P")]
    for kind, options in (("JPEG", {}), ("JPEG", {"progressive": True}), ("WEBP", {}), ("WEBP", {"lossless": True})):
        samples.append(_saved(photo, kind, **options))
    return samples


def read_any_picture(_folder: Path, content: bytes) -> object:
    pixels = read_picture(content, 32)
    assert pixels.dtype == np.uint8 and max(pixels.shape[:2]) <= 32
    return pixels


def _picture(mode: str, side: int) -> bytes:
    picture = Image.new("RGBA", (side, side))
    picture.paste((255, 255, 255, 255), (side // 4, side // 8, side // 2, side))
    return _saved(picture.convert(mode), "PNG")


def _saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _address(png: bytes) -> bytes:
    return b"data:image/png;base64," + base64.b64encode(png)


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


TARGETS = {
    "idx": Target(idx_samples, mutator.change_bytes, read_idx_file, (DataError,)),
    "idx-gzip": Target(gzip_samples, mutator.change_gzip, read_idx_file, (DataError,)),
    "weights": Target(weight_samples, mutator.change_npz, read_weights, (WeightsError,)),
    "checkpoints": Target(checkpoint_samples, mutator.change_npz, read_checkpoint, (WeightsError,)),
    "recipes": Target(recipe_samples, mutator.change_json, read_recipe, (RecipeError,)),
    "jobs": Target(job_samples, mutator.change_json, read_job),
    "records": Target(record_samples, mutator.change_lines, read_records),
    "links": Target(link_samples, mutator.change_query, read_link, (LinkError,)),
    "lessons": Target(lesson_samples, mutator.change_json, read_lesson_file, (LessonError,)),
    "class": Target(class_samples, mutator.change_query, read_class),
    "drawing-links": Target(drawing_link_samples, mutator.change_query, read_drawing_link),
    "reports": Target(report_samples, mutator.change_json, read_reports),
    "ink": Target(ink_samples, mutator.change_address, read_sent_ink),
    "pictures": Target(picture_samples, mutator.change_picture, read_any_picture, (ImageError,)),
}

"""The lessons' files: those that ship, those of a teacher, and everything that can be wrong with one."""

import os
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from webapp.i18n import LANGUAGES, texts_in
from webapp.lessons.lesson import (
    MAX_BYTES,
    SHIPPED,
    Lesson,
    LessonError,
    WrongFile,
    lesson_of,
    lessons,
    own_folder,
    read_lesson,
    shipped_lessons,
)
from webapp.settings.links import job_of_query

SMALL = """
title: {en: "Seeing", zh: "看"}
goals: {en: ["to see"], zh: ["会看"]}
steps:
  - title: {en: "Look", zh: "看一看"}
    minutes: 5
    open: "/train?recipe=quick&hidden_sizes=64,32"
    do: {en: "Look at **it**.", zh: "看**它**。"}
    ask: {en: "Really?", zh: "真的吗？"}
    choices: {en: [yes, no], zh: [是, 否]}
quiz:
  - ask: Why?
    choices: [a, b]
    right: 1
"""


def read(text: str, language: str = "en") -> Lesson:
    with texts_in("en"):
        return read_lesson(text.encode(), "small", language)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The folder of a teacher's own lessons."""
    monkeypatch.setenv("LESSONS_DIR", str(tmp_path))
    return tmp_path


def test_a_lesson_is_read_in_the_language_that_is_wanted():
    english, chinese = read(SMALL), read(SMALL, "zh")
    assert (english.title, chinese.title) == ("Seeing", "看")
    assert (english.goals, chinese.goals) == (("to see",), ("会看",))
    step = english.steps[0]
    assert (step.title, step.minutes, step.ask, step.see, step.shows) == ("Look", 5, "Really?", "", ())
    assert (step.path, step.query) == ("train", {"recipe": "quick", "hidden_sizes": "64,32"})
    assert english.minutes == 5 and english.quiz[0].right == 1 and english.tasks == ()


def test_words_that_yaml_takes_for_something_else_stay_words():
    assert read(SMALL).steps[0].choices == ("yes", "no")
    assert read("title: 2026-11-30\nsteps: [{title: 0x10, minutes: 5, do: null}]").title == "2026-11-30"


@pytest.mark.parametrize(("has", "wanted", "got"), [("en", "zh", "en"), ("zh", "en", "zh"), ("fr", "en", "fr")])
def test_what_a_file_lacks_in_a_language_is_there_in_another(has, wanted, got):
    text = f"title: {{{has}: title in {has}}}\nsteps: [{{title: a, minutes: 1, do: b}}]"
    assert read(text, wanted).title == f"title in {got}"


def test_english_comes_before_other_languages_that_were_not_asked_for():
    assert read("title: {fr: un, en: one}\nsteps: [{title: a, minutes: 1, do: b}]", "zh").title == "one"


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"The whole file: found ``, expected `title:`, `steps:`"),
        ("- a", "The whole file: found `\\['a'\\]`, expected"),
        ("title: [", r"cannot be read as YAML, from line \d on: `.+`\. Look"),
        ("title: a: b", "from line 1 on: `mapping values are not allowed.*quotation marks"),
        ("title: \0", "cannot be read as YAML"),
        ("a: &x 1\nb: *x", "Line 1 has anchors"),
        ("[" * 30 + "]" * 30, "lists in lists"),
        ("title: a\ntitle: b", "line 2`: found `title`, expected each word once"),
        ("{[a]: b}", "expected each word once"),
        ("title: a", "found `title`, expected `steps:`"),
        (changed("quiz:", "quizz:"), "found `quizz`, expected `title:`"),
        (changed("minutes: 5", "minutes: soon"), r"`steps\[1\].minutes`: found `soon`, expected a whole number"),
        (changed("minutes: 5", "minutes: 0"), "from 1 to 120"),
        (changed("minutes: 5", "minutes: ٣"), "found `٣`"),
        (changed("minutes: 5", "minute: 5"), "found `minute`"),
        (changed("right: 1", "right: 2"), r"`quiz\[1\].right`: found `2`, expected a whole number from 0 to 1"),
        (changed("choices: [a, b]", "choices: [a]"), "a list of 2 to 20 items"),
        (SMALL + "solutions: [a]", "`solutions`: found `1`, expected as many as there are tasks: 0"),
        (changed("zh: [是, 否]", "zh: [是]"), "found `en: 2, zh: 1`, expected equally many"),
        (changed('zh: "看"}', "Chinese: x}"), "found `Chinese`, expected languages by their codes"),
        (changed('{en: "Seeing", zh: "看"}', "{}"), "languages by their codes"),
        (changed('{en: "Seeing", zh: "看"}', "x" * 200), "at most 150 characters"),
        (changed('{en: "Seeing", zh: "看"}', "[a]"), "`title`: found"),
        ("title: a\nsteps: []", "a list of 1 to 20 items"),
        ("title: a\nsteps: {}", "a list of 1 to 20"),
        ("title: a\nsteps: [b]", r"`steps\[1\]`: found `b`"),
        ('title: "a\\ud800"\nsteps: []', "YAML|characters"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, message):
    with pytest.raises(LessonError, match=message):
        read(text)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://evil.org/",
            "//evil.org",
            "/\\\\evil.org",
            "javascript:alert(1)",
            "train",
            "/a//b",
            "/../etc",
            "/a#b",
        ),
        *("/train?x=`y`", "/train?a b", "/train\\n", " /train", "/Train", f"/?{'x' * 600}", "/?x=<b>", "[/train]"),
    ],
)
def test_a_step_opens_nothing_but_a_page_of_this_app(address):
    with pytest.raises(LessonError, match=r"open`: found .* expected a page of this app"):
        read(changed('"/train?recipe=quick&hidden_sizes=64,32"', f'"{address}"' if address[0] != "[" else address))


@pytest.mark.parametrize("key", ["", "a/b", "..", "a b", "x" * 61, "a\n"])
def test_a_name_that_is_none_is_refused(key):
    with texts_in("en"), pytest.raises(LessonError, match="letters, digits and hyphens"):
        read_lesson(SMALL.encode(), key, "en")


def test_what_a_file_says_is_quoted_as_code():
    with pytest.raises(LessonError) as caught:
        read(changed("minutes: 5", 'minutes: "`![x](http://evil/)` <b>"'))
    assert str(caught.value).startswith("`steps[1].minutes`: found `'![x](http://evil/)' <b>`, expected")


def test_wrong_files_are_named_and_the_others_still_work(folder):
    (folder / "2-good.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "bad.yml").write_text(SMALL.replace("minutes: 5", "minutes: x"), encoding="utf-8")
    (folder / "binary.yaml").write_bytes(b"\xff\xfe\0")
    (folder / "large.yaml").write_text(SMALL + "#" * MAX_BYTES, encoding="utf-8")
    (folder / "folder.yaml").mkdir()
    (folder / "no lesson.txt").write_text("x")
    with texts_in("en"):
        found = lessons()
        assert lesson_of("good") in found
        wrong = {one.name: one.reason for one in found if isinstance(one, WrongFile)}
        assert sorted(wrong) == ["bad.yml", "binary.yaml", "folder.yaml", "large.yaml"]
        assert "UTF-8" in wrong["binary.yaml"] and "262,144 bytes" in wrong["large.yaml"]
        assert all(lesson in found for lesson in shipped_lessons())
    with texts_in("zh"):
        assert "整数" in next(one.reason for one in lessons() if isinstance(one, WrongFile) and one.name == "bad.yml")


def test_a_file_is_read_again_when_it_has_changed_and_not_before(folder, monkeypatch):
    path = folder / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    os.utime(path, ns=(1, 1))
    with texts_in("en"):
        first = lesson_of("small")
        assert first is not None and lesson_of("small") is first
        path.write_text(changed("Seeing", "Saying"), encoding="utf-8")
        second = lesson_of("small")
        assert second is not None and second.title == "Saying"
        path.unlink()
        assert lesson_of("small") is None


def test_a_teachers_file_takes_the_place_of_the_one_that_ships(folder):
    shipped = sorted(SHIPPED.glob("*.yaml"))[0]
    (folder / f"7-{re.sub(r'^[0-9]+-', '', shipped.stem)}.yaml").write_text(SMALL, encoding="utf-8")
    with texts_in("en"):
        titles = [lesson.title for lesson in lessons() if isinstance(lesson, Lesson)]
        assert titles[0] == "Seeing" and len(titles) == len(shipped_lessons())


def test_without_a_folder_of_ones_own_there_are_those_that_ship(monkeypatch, tmp_path):
    monkeypatch.setenv("LESSONS_DIR", str(tmp_path / "nowhere"))
    with texts_in("en"):
        assert lessons() == shipped_lessons()
    monkeypatch.delenv("LESSONS_DIR")
    assert own_folder() == Path("lessons")


SHIPPED_FILES = sorted(SHIPPED.glob("*.yaml"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", SHIPPED_FILES, ids=lambda path: path.stem)
def test_the_lessons_that_ship_are_whole_in_every_language(path, language):
    with texts_in(language):
        lesson = read_lesson(path.read_bytes(), "x", language)
    assert lesson.minutes == 45
    assert all([lesson.about, lesson.goals, lesson.prepare, lesson.quiz, lesson.tasks, lesson.solutions])
    assert all(step.ask and step.see and (step.shows if step.open else True) for step in lesson.steps)
    assert len({question.right for question in lesson.quiz}) > 1  # not always the same place


@pytest.mark.parametrize("path", SHIPPED_FILES, ids=lambda path: path.stem)
def test_the_settings_that_a_step_opens_can_be_used(path):
    with texts_in("en"):
        for step in read_lesson(path.read_bytes(), "x", "en").steps:
            if step.path == "train":
                assert job_of_query(step.query, [Path("class")]) is not None


@pytest.mark.parametrize("path", SHIPPED_FILES, ids=lambda path: path.stem)
def test_nothing_is_missing_in_a_language(path):
    def texts(value: object) -> list[object]:
        if isinstance(value, dict) and set(value) & set(LANGUAGES):
            assert set(value) == set(LANGUAGES), value
            return []
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
        return [texts(child) for child in children]

    texts(yaml.safe_load(path.read_text(encoding="utf-8")))


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_a_file_holds_it_is_a_lesson_or_refused(content):
    with texts_in("en"):
        try:
            read_lesson(content, "any", "en")
        except LessonError as error:
            assert len(str(error)) < 600


def test_the_example_that_explains_the_files_is_a_lesson():
    text = (SHIPPED / "README.md").read_text(encoding="utf-8")
    example = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert [read(lesson).title for lesson in example] == ["Our numbers"]

"""The lessons' page without a browser: the choice, a lesson from its beginning to its end, and the bar elsewhere."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import ROOT
from webapp.i18n import texts_in
from webapp.lessons.lesson import Question, shipped_lessons
from webapp.pages.lesson.place import go
from webapp.pages.lesson.quiz import table
from webapp.visitors.classroom import at_step, call, current_call
from webapp.visitors.quiz import Tally, hand_in, tallies

OWN = """
title: {en: "Seeing", zh: "看"}
about: A short one.
goals: [to see]
prepare: Bring chalk.
steps:
  - title: Look
    minutes: 5
    open: "/lab?failure=zero-init"
    do: Look at it.
    ask: What will it be?
    choices: [a house, a tree]
    see: It is a tree.
  - {title: Write, minutes: 40, do: Write it down., ask: What will you write?, see: Everybody writes something else.}
  - {title: Talk, minutes: 1, open: "/nowhere", do: Talk about it.}
quiz:
  - {ask: Is it?, choices: [maybe, surely], right: 1, why: "Because it is."}
  - {ask: "=Who?", choices: [I, you], right: 0}
tasks: [Draw a house.]
"""


@pytest.fixture(autouse=True)
def own(page_runs, tmp_path, monkeypatch) -> Path:
    """The file of a lesson of the teacher's own."""
    monkeypatch.setenv("VISITORS_DIR", str(tmp_path / "visitors"))
    monkeypatch.setenv("LESSONS_DIR", str(tmp_path))
    (tmp_path / "seeing.yaml").write_text(OWN, encoding="utf-8")
    return tmp_path / "seeing.yaml"


@pytest.fixture
def student(monkeypatch) -> None:
    """The page is opened on another computer."""
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.ip_address", "192.168.1.7")


def open_page(**query: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(ROOT / "webapp/pages/menu.py"), default_timeout=30)
    app.run()
    app.switch_page("lesson/page.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    written = [element.value for element in (*app.markdown, *app.caption, *app.warning, *app.success, *app.error)]
    return " ".join([*written, *(element.proto.body for element in app.get("html"))])


def keys(app: AppTest) -> list[str]:
    return [button.key for button in app.button if button.key]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_lessons_can_be_chosen(language):
    app = open_page(lang=language)
    with texts_in(language):
        assert all(lesson.title in texts(app) for lesson in shipped_lessons())
    press(app, "open-seeing")
    assert app.query_params["lesson"] == "seeing" and "to see" in texts(app)


def test_a_wrong_file_is_named_with_what_is_wrong_and_hides_no_other(own):
    own.with_name("broken.yaml").write_text(OWN.replace("minutes: 40", "minutes: many"), encoding="utf-8")
    app = open_page()
    assert "`broken.yaml`: `steps[2].minutes`: found `many`, expected" in app.warning[0].value
    assert "open-seeing" in keys(app)
    assert str(own.parent) in texts(app)  # where the teacher's own ones belong


def test_a_lesson_that_is_not_there_is_said_to_be_so():
    assert "no such lesson" in open_page(lesson="nothing").warning[0].value


@pytest.mark.parametrize(
    ("step", "shown"), [("x", "to see"), ("-1", "to see"), ("2", "Write it down."), ("99", "Draw a house.")]
)
def test_a_link_leads_to_a_step_and_a_wrong_one_to_the_nearest(step, shown):
    assert shown in texts(open_page(lesson="seeing", step=step))


def test_through_a_lesson_prediction_first(student):
    app = press(open_page(lesson="seeing"), "lesson-next")
    assert app.query_params["step"] == "1" and "What will it be?" in texts(app)
    assert app.button(key="see-seeing-1").disabled and "It is a tree." not in texts(app)
    app.radio(key="expect-seeing-1").set_value(0).run()
    assert not app.button(key="see-seeing-1").disabled
    press(app, "see-seeing-1")
    assert "It is a tree." in texts(app) and "You expected: a house" in texts(app)
    press(app, "lesson-next")
    assert app.button(key="see-seeing-2").disabled
    app.text_input(key="expect-seeing-2").set_value("<b>a poem</b>").run()
    press(app, "see-seeing-2")
    assert "You expected: &lt;b&gt;a poem&lt;/b&gt;" in texts(app)
    press(app, "lesson-back")
    assert "It is a tree." in texts(app)  # what was said and seen is kept
    assert app.radio(key="expect-seeing-1").value == 0


def test_the_link_of_a_step_sets_everything_and_one_to_no_page_is_no_error():
    app = open_page(lesson="seeing", step="1")
    link = next(link.proto for link in app.get("page_link") if link.proto.query_string)
    assert (link.page, link.query_string) == ("lab", "failure=zero-init")
    assert "no page `/nowhere`" in open_page(lesson="seeing", step="3").warning[0].value


def test_each_link_to_the_training_page_sets_its_own_settings():
    app = open_page(lesson="seeing", step="1")
    for epochs, rate in ((3, 0.001), (2, 10.0)):
        app.switch_page("train/page.py")
        app.query_params.clear()
        for name, value in {"recipe": "quick", "epochs": epochs, "learning_rate": rate}.items():
            app.query_params[name] = str(value)
        app.run()
        assert (app.number_input(key="quick.epochs").value, app.number_input(key="quick.learning_rate").value) == (
            epochs,
            rate,
        )
        app.number_input(key="quick.epochs").set_value(5).run()
        app.switch_page("lesson/page.py").run()
    app.switch_page("train/page.py").run()
    assert app.number_input(key="quick.epochs").value == 5  # without a link, what was changed stays


def answer(app: AppTest, moment: str, *chosen: int) -> AppTest:
    for number, choice in enumerate(chosen, 1):
        app.radio(key=f"quiz-seeing-{moment}-{number}").set_value(choice)
    next(button for button in app.button if button.label == "Hand in").click()
    app.run()
    assert not app.exception
    return app


def test_the_quiz_is_answered_twice_and_explained_the_second_time(student):
    app = open_page(lesson="seeing")
    assert "guess where" in texts(answer(app, "before", 0))  # one answer is missing
    assert "Thank you" in texts(answer(app, "before", 0, 0)) and "Because it is." not in texts(app)
    app.query_params["step"] = "4"
    assert "Because it is." not in texts(app.run())
    answer(app, "after", 1, 1)
    assert "1 of 2 right; before the lesson 1" in texts(app)
    assert "Because it is." in texts(app) and "Right: I" in texts(app)
    assert tallies("seeing", [1, 0])[0] == Tally((0, 1), (1, 1), {1: 1})
    press(app, "quiz-change")
    answer(app, "after", 1, 0)
    assert "2 of 2 right" in texts(app)
    assert "How the class answered" not in texts(app)  # that is for the teacher


def test_the_teacher_sees_how_the_class_answered():
    for visitor, answers in (("anna", [0, 0]), ("ben", [1, 0]), ("carl", [1, 0]), ("dora", [1, 1])):
        hand_in("seeing", "before", visitor, answers)
    app = open_page(lesson="seeing", step="4")
    assert "75%" in texts(app) and "Answered before: 4, after: 0" in texts(app)
    assert "right before" in texts(app) and "right after" not in texts(app)  # nobody has answered then
    hand_in("seeing", "after", "anna", [1, 0])
    assert "right after" in texts(app.run())


def test_the_answers_are_shown_when_the_teacher_says_so_with_how_many_chose_which():
    for visitor, answers in (("anna", [0, 0]), ("ben", [1, 0]), ("carl", [1, 0])):
        hand_in("seeing", "before", visitor, answers)
    app = open_page(lesson="seeing", step="4")
    assert 'class="quiz-answers"' not in texts(app)
    shown = texts(press(app, "quiz-tell"))
    assert "How many chose each answer, before the lesson" in shown  # nobody has answered after the lesson
    first, second = re.findall('<ol class="quiz-answers">(.*?)</ol>', shown)
    assert re.findall("<b>([0-9]+)</b></li>", first) == ["1", "2"]
    assert re.findall("<b>([0-9]+)</b></li>", second) == ["3", "0"]
    assert [part.count("✓") for part in first.split("</li>")] == [0, 1, 0]
    assert 'class="quiz-answers"' not in texts(press(app, "quiz-tell"))


def test_what_a_lesson_is_about_does_not_give_the_answers_of_its_quiz_away(own, student):
    app = open_page(lesson="seeing")
    assert "A short one." not in texts(app) and "Is it?" in str(app.radio)
    own.write_text(OWN.partition("quiz:")[0], encoding="utf-8")
    app = open_page(lesson="seeing")
    assert "A short one." in texts(app) and not app.radio


def test_a_quiz_that_nobody_has_answered_says_how_to():
    app = press(open_page(lesson="seeing"), "lesson-present")
    assert "Answer on your own phone" in texts(app) and "Answered before" not in texts(app)


def test_the_result_is_a_table_for_a_spreadsheet():
    questions = [Question("Is it?", ("a", "b"), 1, ""), Question("=Who?", ("a", "b"), 0, "")]
    with texts_in("en"):
        made = table(questions, [Tally((3, 4), (4, 4), {}), Tally((0, 2), (4, 3), {})])
        lines = made.decode("utf-8-sig").splitlines()
    assert lines == [
        "question,right before,answered before,right after,answered after",
        "1. Is it?,3,4,4,4",
        "2. =Who?,0,4,2,3",  # no program takes it for a formula
    ]


def test_what_is_for_the_teacher_is_not_there_for_others(student):
    app = open_page(lesson="seeing")
    assert "kind=worksheet" in texts(app) and "kind=teacher" not in texts(app) and "Bring chalk." not in texts(app)
    assert "format=html" in texts(app) and "format=md" not in texts(app)
    assert not [key for key in keys(app) if key.startswith("call-") or key == "lesson-present"]


def test_a_teacher_on_another_device_finds_where_to_say_so(student):
    links = [(link.proto.page, link.proto.query_string, link.proto.label) for link in open_page().get("page_link")]
    assert ("play", "game=class", "I am the teacher") in links


def test_the_teacher_finds_handouts_preparation_and_the_call():
    app = open_page(lesson="seeing")
    assert "kind=teacher" in texts(app) and "format=md" in texts(app) and "Bring chalk." in texts(app)
    for place in (app, open_page(lesson="seeing", step="4")):  # before a class, and after it
        assert ("play", "game=class") in [(link.proto.page, link.proto.query_string) for link in place.get("page_link")]
    assert [key for key in keys(app) if key.startswith("call-")] and "lesson-present" in keys(app)


def test_what_was_predicted_and_seen_at_each_step_is_still_there_after_a_reload(student):
    app = open_page(lesson="seeing", step="1")
    app.radio[0].set_value(1).run()
    press(press(app, "see-seeing-1"), "lesson-next")
    app.text_input[0].set_value("a poem. 2").run()
    kept = app.query_params["guess"]
    assert kept == ["1.1", "1", "2.a poem. 2"]
    app = open_page(lesson="seeing", step="2", guess=kept)
    assert app.text_input[0].value == "a poem. 2" and "Everybody writes" not in texts(app)
    press(app, "lesson-back")
    assert app.radio[0].value == 1 and "It is a tree." in texts(app)
    press(press(app, "lesson-back"), "lesson-leave")
    assert "guess" not in app.query_params


def test_what_an_address_has_of_no_step_or_choice_is_passed_over(student):
    app = open_page(lesson="seeing", step="1", guess=["1.7", "1.x", "9", "0.1", "", "<b>"])
    assert app.radio[0].value is None and "It is a tree." not in texts(app)


def test_who_was_called_to_a_step_is_called_to_the_next_when_the_teacher_goes_on():
    app = open_page(lesson="seeing", step="1")
    press(app, "lesson-next")
    assert current_call() is None
    (key,) = [key for key in keys(app) if key.startswith("call-")]
    press(app, key)
    made = current_call()
    assert made is not None and made.address == "/lesson?lesson=seeing&step=2"
    press(app, "lesson-next")
    followed = current_call()
    assert followed is not None and followed.address == "/lesson?lesson=seeing&step=3"
    assert followed.number != made.number  # a new call, also for who has put the first away
    call("/wall")
    press(app, "lesson-back")
    elsewhere = current_call()
    assert elsewhere is not None and elsewhere.address == "/wall"


def test_it_is_counted_who_is_at_which_step(student):
    open_page(lesson="seeing", step="2")
    assert at_step("seeing") == {2: 1}


def test_the_teacher_sees_who_is_where_and_is_not_counted(monkeypatch):
    monkeypatch.setattr("webapp.pages.lesson.progress.at_step", lambda lesson: {1: 12, 3: 1})
    app = open_page(lesson="seeing", step="2")
    assert "<small>12</small>" in texts(app) and "In this lesson: 13" in texts(app)
    assert at_step("seeing") == {}


def test_a_press_that_a_poll_has_carried_away_leads_on_all_the_same(monkeypatch):
    pressed = iter([lambda: go("seeing", 3)])  # as the callback of Next, run with the poll alone
    monkeypatch.setattr("webapp.pages.lesson.progress.at_step", lambda lesson: next(pressed, lambda: None)() or {1: 12})
    assert "Talk about it." in texts(open_page(lesson="seeing", step="2"))


def test_on_the_projector_there_is_a_timer_and_nothing_to_fill_in():
    app = press(open_page(lesson="seeing", step="1"), "lesson-present")
    assert app.query_params["present"] == "1"
    assert not app.radio and "B. a tree" in texts(app)
    assert any(
        "lesson-timer" in str(part.proto) or "lesson_timer" in str(part.proto) for part in app.get("bidi_component")
    )
    press(app, "see-seeing-1")
    assert "It is a tree." in texts(app) and "You expected" not in texts(app)


def test_the_bar_on_other_pages_leads_back_until_it_is_dismissed(student):
    app = open_page(lesson="seeing", step="1")
    app.switch_page("lab/page.py").run()
    bar = next(link.proto for link in app.get("page_link") if link.proto.page == "lesson" and link.proto.query_string)
    assert bar.query_string == "lesson=seeing&step=1" and "Look" in bar.label
    assert "Look at it." in texts(app)
    press(app, "lesson-dismiss")
    assert "lesson-dismiss" not in keys(app)


def test_there_is_no_bar_before_and_after_a_lesson():
    for step in ("0", "4"):
        app = open_page(lesson="seeing", step=step)
        app.switch_page("lab/page.py").run()
        assert not app.exception and "lesson-dismiss" not in keys(app)


def test_an_unusable_folder_of_visitors_hides_no_step(tmp_path, student):
    (tmp_path / "visitors").touch()
    app = open_page(lesson="seeing", step="1")
    assert "What will it be?" in texts(app)
    assert "its folder cannot be used" in texts(open_page(lesson="seeing"))  # where the quiz would be

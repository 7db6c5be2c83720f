"""Lessons, as their files describe them: those that ship, and those that a teacher has put into `LESSONS_DIR`.

A file is YAML with every text in one language or several: `{en: …, zh: …}`, or just a text. It is a stranger's until it
is checked, here and at once; what uses a lesson need not doubt it. Its texts are Markdown, and nowhere HTML.
"""

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import yaml

from webapp.i18n import current_language, texts_in
from webapp.i18n import gettext as _

SHIPPED = Path(__file__).parent
MAX_BYTES = 256 * 1024
MAX_FILES = 100
"""Of a folder; those that come after them are not looked at."""
MAX_DEPTH = 12
MAX_TEXT, MAX_TITLE = 4_000, 150
"""Characters."""
MAX_ITEMS = 20
MAX_MINUTES = 120
MAX_ADDRESS = 500
_ADDRESS = re.compile(r"/[a-z-]*(\?[A-Za-z0-9_./?=&%,+:~!*'()@$-]*)?")
_KEY = re.compile(r"[\w-]{1,60}")
_LANGUAGE = re.compile(r"[a-z]{2,3}([_-]\w{2,8})?")
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""It makes texts, lists and mappings, and nothing else: a choice `no` stays the word. In C it is ten times as fast."""


class LessonError(ValueError):
    """A file is no lesson; the text says what was found and expected, in Markdown, in the visitor's language."""


@dataclass(frozen=True)
class Question:
    """A question of the quiz.

    Attributes:
        ask: the question.
        choices: the answers that can be chosen.
        right: the place of the right one, from 0.
        why: why it is right; empty if the file says nothing.
    """

    ask: str
    choices: tuple[str, ...]
    right: int
    why: str


@dataclass(frozen=True)
class Step:
    """A step of a lesson; what the file leaves out is empty.

    Attributes:
        title: what it is about.
        minutes: how long it takes.
        open: address on this server that sets everything, such as "/train?recipe=quick".
        do: what to do.
        ask: what to predict before the experiment.
        choices: the predictions that can be chosen; none: it is written.
        see: what there is to see, and why.
        shows: CSS selectors of what must be in sight once the address is open.
    """

    title: str
    minutes: int
    open: str
    do: str
    ask: str
    choices: tuple[str, ...]
    see: str
    shows: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path of the page that it opens, without slashes; the drawing page's is empty."""
        return self.open.partition("?")[0].strip("/")

    @property
    def query(self) -> dict[str, str]:
        """What it sets on that page."""
        return dict(parse_qsl(self.open.partition("?")[2], keep_blank_values=True))


@dataclass(frozen=True)
class Lesson:
    """A lesson in one language.

    Attributes:
        key: names it in addresses: its file's name without a number before it.
        title: its title.
        about: one sentence.
        goals: what students can do afterwards.
        prepare: what the teacher needs.
        steps: at least one.
        quiz: its questions, the same before and after.
        tasks: what can be done on paper.
        solutions: what is to be expected there, for the teacher: for each task, or none.
    """

    key: str
    title: str
    about: str
    goals: tuple[str, ...]
    prepare: str
    steps: tuple[Step, ...]
    quiz: tuple[Question, ...]
    tasks: tuple[str, ...]
    solutions: tuple[str, ...]

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return sum(step.minutes for step in self.steps)


@dataclass(frozen=True)
class WrongFile:
    """A file that is no lesson.

    Attributes:
        name: of the file.
        reason: what is wrong with it, in Markdown.
    """

    name: str
    reason: str


def lessons() -> list[Lesson | WrongFile]:
    """Read all lessons in the visitor's language; a file of the teacher's takes the place of one that ships.

    Files are read again when they have changed.
    """
    found: dict[str, Lesson | WrongFile] = {}
    for folder in (SHIPPED, own_folder()):
        for path in _files(folder):
            lesson = _read(path, current_language())
            if lesson is not None:
                found[lesson.key if isinstance(lesson, Lesson) else f"{path}"] = lesson
    return list(found.values())


def shipped_lessons() -> list[Lesson]:
    """Read the lessons that ship, in the visitor's language."""
    found = (_read(path, current_language()) for path in _files(SHIPPED))
    return [lesson for lesson in found if isinstance(lesson, Lesson)]


def lesson_of(key: str) -> Lesson | None:
    """Find a lesson in the visitor's language by its key."""
    return next((lesson for lesson in lessons() if isinstance(lesson, Lesson) and lesson.key == key), None)


def own_folder() -> Path:
    """Return the folder of the teacher's own lessons: `LESSONS_DIR` (lessons/); it need not exist."""
    return Path(os.environ.get("LESSONS_DIR", "lessons"))


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    except OSError:
        return []
    return found[:MAX_FILES]


def _read(path: Path, language: str) -> Lesson | WrongFile | None:
    """Read a file, if it is not known already as it is now; None if it has just gone."""
    try:
        about = path.stat()
    except OSError:
        return None
    return _read_version(path, language, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=4 * MAX_FILES)
def _read_version(path: Path, language: str, _changed: int, size: int) -> Lesson | WrongFile:
    with texts_in(language):
        try:
            if not path.is_file() or size > MAX_BYTES:
                raise LessonError(_("It is no file of at most {limit:,} bytes.").format(limit=MAX_BYTES))
            return read_lesson(path.read_bytes(), re.sub(r"^\d+-", "", path.stem), language)
        except OSError as error:
            return WrongFile(path.name, _("It cannot be read: {reason}").format(reason=_code(error.strerror)))
        except LessonError as error:
            return WrongFile(path.name, str(error))


def read_lesson(content: bytes, key: str, language: str) -> Lesson:
    """Check the content of a file, in all its languages, and return the lesson in one; where that lacks, in another.

    Args:
        content: of the file.
        key: the lesson's.
        language: the one that is wanted.

    Raises:
        LessonError: saying where, what was found, and what was expected.
    """
    if not _KEY.fullmatch(key):
        raise LessonError(
            _("Its name is {found}, but names are at most 60 letters, digits and hyphens.").format(found=_code(key))
        )
    allowed = ("about", "goals", "prepare", "quiz", "tasks", "solutions")
    lesson = _mapping(_parsed(content), "", ("title", "steps"), allowed)
    read = _InLanguage(language)
    tasks, solutions = (read.texts(lesson.get(name, []), name) for name in ("tasks", "solutions"))
    if solutions and len(solutions) != len(tasks):
        raise _unexpected(
            "solutions", len(solutions), _("as many as there are tasks: {count}").format(count=len(tasks))
        )
    return Lesson(
        key,
        read.text(lesson["title"], "title", MAX_TITLE),
        read.text(lesson.get("about", ""), "about"),
        read.texts(lesson.get("goals", []), "goals"),
        read.text(lesson.get("prepare", ""), "prepare"),
        tuple(read.step(*part) for part in _items(lesson["steps"], "steps", least=1)),
        tuple(read.question(*part) for part in _items(lesson.get("quiz", []), "quiz")),
        tasks,
        solutions,
    )


class _InLanguage:
    """Reads parts of a lesson, each with the place where it stands, and picks a language.

    Args:
        language: the one that is wanted.
    """

    def __init__(self, language: str) -> None:
        self._language = language

    def step(self, value: object, where: str) -> Step:
        """Read a step."""
        part = _mapping(value, where, ("title", "minutes", "do"), ("open", "ask", "choices", "see", "shows"))
        shows = _items(part.get("shows", []), f"{where}.shows")
        return Step(
            self.text(part["title"], f"{where}.title", MAX_TITLE),
            _whole(part["minutes"], f"{where}.minutes", 1, MAX_MINUTES),
            _address(part.get("open", ""), f"{where}.open"),
            self.text(part["do"], f"{where}.do"),
            self.text(part.get("ask", ""), f"{where}.ask"),
            self.texts(part.get("choices", []), f"{where}.choices", MAX_TITLE * 2),
            self.text(part.get("see", ""), f"{where}.see"),
            tuple(_string(selector, place, MAX_TITLE) for selector, place in shows),
        )

    def question(self, value: object, where: str) -> Question:
        """Read a question of the quiz."""
        part = _mapping(value, where, ("ask", "choices", "right"), ("why",))
        choices = self.texts(part["choices"], f"{where}.choices", MAX_TITLE * 2, least=2)
        return Question(
            self.text(part["ask"], f"{where}.ask"),
            choices,
            _whole(part["right"], f"{where}.right", 0, len(choices) - 1),
            self.text(part.get("why", ""), f"{where}.why"),
        )

    def text(self, value: object, where: str, most: int = MAX_TEXT) -> str:
        """Read a text, or one for each language."""
        if not isinstance(value, dict):
            return _string(value, where, most)
        return self._pick({code: _string(text, f"{where}.{code}", most) for code, text in value.items()}, where)

    def texts(self, value: object, where: str, most: int = MAX_TEXT, least: int = 0) -> tuple[str, ...]:
        """Read a list of texts, or one for each language, all equally long."""
        if not isinstance(value, dict):
            return tuple(self.text(*part, most) for part in _items(value, where, least))
        lists = {
            code: tuple(_string(*part, most) for part in _items(items, f"{where}.{code}", least))
            for code, items in value.items()
        }
        if len({len(items) for items in lists.values()}) > 1:
            counts = ", ".join(f"{code}: {len(items)}" for code, items in lists.items())
            raise _unexpected(where, counts, _("equally many in each language"))
        return self._pick(lists, where)

    def _pick(self, found: dict[str, Any], where: str) -> Any:
        """Return what is there in the language that is wanted, else in English, else in the first one."""
        wrong = next((code for code in found if not _LANGUAGE.fullmatch(code)), None)
        if wrong is not None or not found:
            raise _unexpected(where, wrong or "{}", _("languages by their codes, such as en and zh"))
        return next((found[code] for code in (self._language, "en") if code in found), next(iter(found.values())))


def _parsed(content: bytes) -> Any:
    """Read YAML: texts, lists and mappings, in which nothing stands for something else and no key comes twice."""
    try:
        text = content[: MAX_BYTES + 1].decode("utf-8-sig")
        depth = 0
        for event in yaml.parse(text, Loader=_LOADER):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH or getattr(event, "anchor", None) is not None:
                raise LessonError(
                    _(
                        "Line {line} has anchors (&), references (*) or lists in lists in lists: write it all out."
                    ).format(line=_line(event.start_mark))
                )
        return _plain(yaml.compose(text, Loader=_LOADER))
    except UnicodeDecodeError as error:
        raise LessonError(_("It is no text in UTF-8: save it as that in your editor.")) from error
    except yaml.MarkedYAMLError as error:
        raise LessonError(
            _(
                "It cannot be read as YAML, from line {line} on: {problem}. Look at the spaces before the words, and "
                "put texts with a colon between quotation marks."
            ).format(line=_line(error.problem_mark or error.context_mark), problem=_code(error.problem))
        ) from error
    except yaml.YAMLError as error:
        raise LessonError(_("It cannot be read as YAML: {problem}.").format(problem=_code(error))) from error


def _line(mark: Any) -> int:
    return 1 if mark is None else mark.line + 1


def _plain(node: yaml.Node | None) -> Any:
    match node:
        case yaml.SequenceNode():
            return [_plain(item) for item in node.value]
        case yaml.MappingNode():
            found: dict[str, Any] = {}
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode) or key.value in found:
                    place = _("line {line}").format(line=_line(key.start_mark))
                    raise _unexpected(place, _plain(key), _("each word once before a colon"))
                found[key.value] = _plain(value)
            return found
    return "" if node is None else node.value


def _mapping(value: object, where: str, needed: Sequence[str], allowed: Sequence[str]) -> dict[str, Any]:
    """Check that there is what is needed, and nothing that is unknown."""
    known = [*needed, *allowed]
    if not isinstance(value, dict):
        raise _unexpected(where, value, _named(needed))
    unknown = next((key for key in value if key not in known), None)
    if unknown is not None:
        raise _unexpected(where, unknown, _named(known))
    missing = [key for key in needed if key not in value]
    if missing:
        raise _unexpected(where, ", ".join(value), _named(missing))
    return value


def _items(value: object, where: str, least: int = 0) -> list[tuple[Any, str]]:
    """Check a list; return its items, each with its place."""
    if not isinstance(value, list) or not least <= len(value) <= MAX_ITEMS:
        expected = _("a list of {least} to {most} items").format(least=least, most=MAX_ITEMS)
        raise _unexpected(where, len(value) if isinstance(value, list) else value, expected)
    return [(item, f"{where}[{place}]") for place, item in enumerate(value, 1)]


def _string(value: object, where: str, most: int) -> str:
    is_text = isinstance(value, str) and len(value) <= most and not re.search("[\0\ud800-\udfff]", value)
    if not isinstance(value, str) or not is_text:
        raise _unexpected(where, value, _("a text of at most {limit:,} characters").format(limit=most))
    return value.strip()


def _whole(value: object, where: str, least: int, most: int) -> int:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{1,4}", value) or not least <= int(value) <= most:
        expected = _("a whole number from {least} to {most}").format(least=least, most=most)
        raise _unexpected(where, value, expected)
    return int(value)


def _address(value: object, where: str) -> str:
    """Check the address of a page of this server; nothing else is ever opened."""
    if value == "":
        return ""
    if not isinstance(value, str) or len(value) > MAX_ADDRESS or not _ADDRESS.fullmatch(value):
        raise _unexpected(where, value, _("a page of this app with its settings, such as `/train?recipe=quick`"))
    return value


def _unexpected(where: str, found: object, expected: str) -> LessonError:
    text = _("{where}: found {found}, expected {expected}.")
    place = _code(where) if where else _("The whole file")
    return LessonError(text.format(where=place, found=_code(found), expected=expected))


def _named(keys: Collection[str]) -> str:
    return ", ".join(f"`{key}:`" for key in keys)


def _code(found: object, limit: int = 60) -> str:
    """Quote what a file says: as code, Markdown makes no link and no picture of it."""
    plain = " ".join(str(found).replace("`", "'").split()).encode("utf-8", "replace").decode()
    return f"`{plain[:limit]}…`" if len(plain) > limit else f"`{plain}`"

"""Links that hold all settings of a training, and the server's address on the local network."""

import dataclasses
import re
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streamlit.net_util import get_internal_ip

from mnist_core.errors import RecipeError
from mnist_core.recipes.presets import QUICK, RECIPES
from mnist_core.recipes.recipe import Recipe
from webapp.i18n import gettext as _
from webapp.runs.job import Job

BUILT_IN_DATA = ("mnist", "synthetic")
OWN_PARAMETERS = frozenset({"run", "runs", "lang", "view", "network", "file", "line"})
"""What else the app has in its addresses: no settings, left alone here."""
MAX_WHOLE = 2**53 - 1
"""The largest whole number that a browser holds exactly."""
MAX_QUOTED = 60
LOOPBACK = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 (compared with, not bound to)
SETTINGS: dict[str, object] = {
    name: kind for name, kind in typing.get_type_hints(Recipe).items() if name not in ("name", "source")
}
"""The type of each setting, by its name."""
_NUMBER = re.compile(r"[-+.0-9e]{1,30}")


class LinkError(ValueError):
    """A link whose settings cannot be used.

    The message says why, as part of a sentence, in Markdown; what the link said stands in it as code.
    """


def settings_query(job: Job) -> dict[str, str]:
    """Put a job into the query of a link, as short as it can be without a loss.

    Args:
        job: what is to be trained. What it forks from and whether it begins paused are not part of a link.

    Returns:
        The recipe's name under "recipe", the data set under "data" (a folder by its name, never its path), and every
        setting that differs from the recipe of that name: "hidden_sizes": "128,64", "batch_norm": "true",
        "patience": "none", numbers with all their digits. A recipe that does not ship goes as changes of "quick".
    """
    base = RECIPES.get(job.recipe.name, QUICK)
    data = job.data if job.data in BUILT_IN_DATA else Path(job.data).name
    values = {name: (_text(getattr(job.recipe, name)), _text(getattr(base, name))) for name in SETTINGS}
    # Compared as texts: 0.0 and -0.0 are equal, and not the same.
    return {"recipe": base.name, "data": data} | {
        name: own for name, (own, shipped) in values.items() if own != shipped
    }


def job_of_query(params: Mapping[str, str], folders: Sequence[Path]) -> Job | None:
    """Read a link of `settings_query`, which may be hostile.

    Args:
        params: the query. Parameters in `OWN_PARAMETERS` are left alone.
        folders: the data sets that are offered besides the built-in ones, see `data_folders`.

    Returns:
        The job; None if the query names no recipe. Without "data" it is MNIST.

    Raises:
        LinkError: saying what is wrong: an unknown recipe, data set or setting, a value that cannot be, or values that
            do not go together.
    """
    if "recipe" not in params:
        return None
    if params["recipe"] not in RECIPES:
        raise LinkError(_("there is no recipe {name}").format(name=_code(params["recipe"])))
    data = _data(params.get("data", "mnist"), folders)
    changes: dict[str, Any] = {}
    for name, text in params.items():
        if name in SETTINGS:
            changes[name] = _value(name, text)
        elif name not in OWN_PARAMETERS and name not in ("recipe", "data"):
            raise LinkError(_("there is no setting {name}").format(name=_code(name)))
    try:
        return Job(dataclasses.replace(RECIPES[params["recipe"]], **changes), data)
    except RecipeError as error:
        raise LinkError(_code(str(error), 5 * MAX_QUOTED)) from error


def local_address(url: str, bound_to: str | None) -> str | None:
    """Say at what address others on the local network find a page.

    Args:
        url: of the page, as this visitor's browser has it.
        bound_to: the option server.address: where the server listens; None or "": everywhere.

    Returns:
        The same URL if the visitor did not come by "localhost"; else that with this computer's address on the network;
        None if the server listens to this computer only, or there is no network.
    """
    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK:
        return url
    host = get_internal_ip() if (bound_to or "") in EVERYWHERE else bound_to
    if host is None or host in LOOPBACK:
        return None
    host = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=host if parts.port is None else f"{host}:{parts.port}").geturl()


def _data(text: str, folders: Sequence[Path]) -> str:
    """Find a data set by what a link calls it; give what `load_dataset` takes."""
    if text in BUILT_IN_DATA:
        return text
    for folder in folders:
        if folder.name == text:
            return str(folder)
    raise LinkError(_("there is no data set {name} on this computer").format(name=_code(text)))


def _text(value: object) -> str:
    """Write a setting's value so that `_value` reads the very same one."""
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(_text(number) for number in value)
    return str(value)  # of a float as many digits as it takes to tell it from any other


def _value(name: str, text: str) -> object:
    """Read a setting's value; its range is left to `Recipe`."""
    kind = SETTINGS[name]
    try:
        if text == "none" and (typing.get_origin(kind) is tuple or type(None) in typing.get_args(kind)):
            return () if typing.get_origin(kind) is tuple else None
        if kind is str:
            return text
        if kind is bool:
            return {"true": True, "false": False}[text]
        numbers = tuple(_number(part, float in (kind, *typing.get_args(kind))) for part in text.split(","))
        if typing.get_origin(kind) is tuple:
            return numbers
        (number,) = numbers
        return number
    except (ValueError, KeyError) as error:
        raise LinkError(_("{setting} can't be {value}").format(setting=f"`{name}`", value=_code(text))) from error


def _number(text: str, is_float: bool) -> float:
    """Read a number, plainly written; Python's own reading also takes 1_000 and the digits of other scripts."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    if is_float:
        return float(text)
    if abs(number := int(text)) > MAX_WHOLE:
        raise ValueError(text)
    return number


def _code(text: str, limit: int = MAX_QUOTED) -> str:
    """Quote what a stranger may have written: as code, Markdown makes no link and loads no picture of it."""
    plain = " ".join(text.replace("`", "'").split())
    return f"`{plain[:limit]}…`" if len(plain) > limit else f"`{plain}`"

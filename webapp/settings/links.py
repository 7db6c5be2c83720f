"""Links that hold all settings of a training, and the server's address on the local network."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streamlit.net_util import get_internal_ip

from mnist_core.errors import RecipeError
from mnist_core.recipes.presets import QUICK, RECIPES
from mnist_core.recipes.recipe import SETTINGS
from mnist_core.recipes.setting import Choice, Flag, Kind, Number, Numbers, spell
from webapp.datasets import BUILT_IN, MNIST
from webapp.i18n import gettext as _
from webapp.runs.job import Job

OF_EVERY_PAGE = ("lang", "present", "tour")
"""What every page keeps in its address."""
OWN_PARAMETERS = frozenset({*OF_EVERY_PAGE, "run", "runs", "tab", "view", "network", "file", "line"})
"""What else the app has in its addresses: no settings, left alone here."""
MAX_WHOLE = 2**53 - 1
"""The largest whole number that a browser holds exactly."""
MAX_QUOTED = 60
LOOPBACK = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 (compared with, not bound to)


class LinkError(ValueError):
    """A link whose settings cannot be used.

    The message says why, as part of a sentence, in Markdown; what the link said stands in it as code.
    """


def settings_query(job: Job) -> dict[str, str]:
    """Write a job as the query of a link, as short as it can be without loss.

    Args:
        job: what is to be trained. What it forks from and whether it begins paused are not part of a link.

    Returns:
        The recipe's name under "recipe", the data set under "data" (a folder by its name, never its path), and every
        setting that differs from the recipe of that name: "hidden_sizes": "128,64", "batch_norm": "true",
        "patience": "none", numbers with all their digits. A recipe that does not ship goes as changes of "quick".
    """
    base = RECIPES.get(job.recipe.name, QUICK)
    values = {name: (spell(getattr(job.recipe, name)), spell(getattr(base, name))) for name in SETTINGS}
    # Compared as texts: 0.0 and -0.0 are equal, and not the same.
    return {"recipe": base.name, "data": Path(job.data).name} | {
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
    data = _data(params.get("data", MNIST), folders)
    changes: dict[str, Any] = {}
    for name, text in params.items():
        if name in SETTINGS:
            changes[name] = _value(name, text)
        elif name not in OWN_PARAMETERS and name not in ("recipe", "data"):
            raise LinkError(_("there is no setting {name}").format(name=_code(name)))
    try:
        return Job(dataclasses.replace(RECIPES[params["recipe"]], **changes), data)
    except RecipeError as error:
        name = str(error.values["name"])
        value = changes.get(name, getattr(RECIPES[params["recipe"]], name))
        raise LinkError(_refusal(name, value)) from error


def local_address(url: str, bound_to: str | None) -> str | None:
    """Return the address at which others on the local network find a page.

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
    """Find a data set by what a link calls it; return what `load_dataset` takes."""
    offered = {folder.name: str(folder) for folder in folders} | {name: name for name in BUILT_IN}
    if text not in offered:
        raise LinkError(_("there is no data set {name} on this computer").format(name=_code(text)))
    return offered[text]


def _value(name: str, text: str) -> object:
    """Read a setting's value; its range is left to `Recipe`."""
    try:
        value = SETTINGS[name].parse(text)
        if isinstance(value, int) and abs(value) > MAX_WHOLE:
            raise ValueError(text)
    except ValueError as error:
        raise LinkError(_refusal(name, text)) from error
    return value


def _refusal(name: str, value: object) -> str:
    """Say why a setting can't have a value: it is impossible, or does not go together with the others."""
    declared = SETTINGS[name]
    if not declared.accepts(value):
        text = _("{setting} can't be {value}, only {possible}")
    elif declared.strict:
        text = _("{setting} can't be {value} unless {condition}")
    else:
        text = _("{setting} can't be {value} together with the other settings")
    conditions = [_possible(other, kind) for other, kind in declared.only_with.items()]
    return text.format(
        setting=f"`{name}`",
        value=_code(spell(value)),
        possible=f"`{_possible(name, declared.kind)}{' | none' * bool(declared.none)}`",
        condition=f"`{' | '.join(conditions)}`",
    )


def _possible(name: str, kind: Kind) -> str:
    """Write what a setting may be as a formula, which any language reads: `0 ≤ dropout < 1`, `epochs = 1, 2, …`."""
    match kind:
        case Flag():
            return f"{name} = true | false"
        case Choice(names):
            return f"{name} = {' | '.join(names)}"
        case Numbers(each, most):
            return f"{_possible(name, each)} (≤ {most})"
        case Number(whole, gt, ge, lt, le):
            if whole is int and ge is not None:
                return f"{name} = {ge}, {int(ge) + 1}, …{'' if le is None else f', {le}'}"
            low = "".join(f"{end:g} {sign} " for end, sign in ((ge, "≤"), (gt, "<")) if end is not None)
            high = "".join(f" {sign} {end:g}" for end, sign in ((le, "≤"), (lt, "<")) if end is not None)
            return f"{low}{name}{high}"


def _code(text: str, limit: int = MAX_QUOTED) -> str:
    """Quote what a stranger may have written: as code, Markdown makes no link and loads no picture of it."""
    plain = " ".join(text.replace("`", "'").split())
    return f"`{plain[:limit]}…`" if len(plain) > limit else f"`{plain}`"

"""One way to print what the pages show everywhere: shares, times, numbers."""

import re

from webapp.i18n import gettext as _


def share_text(share: float) -> str:
    """Return a share in [0, 1] as whole percent where there is little room: "81%".

    Never 100%, which would mean that the network can't be wrong.
    """
    return f"{share:.0%}" if share < 0.995 else ">99%"


def share_in_words(share: float) -> str:
    """Return a share in [0, 1] as whole percent for a sentence: "81%", "more than 99%", "less than 1%"."""
    if 0.005 <= share < 0.995:
        return f"{share:.0%}"
    return _("less than 1%") if share < 0.5 else _("more than 99%")


def duration(seconds: float) -> str:
    """Return a time as people read it: "12.3 s", "1 min 40 s"."""
    if seconds < 100:
        return _("{seconds:.1f} s").format(seconds=seconds)
    minutes, rest = divmod(round(seconds), 60)
    return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)


def named(name: str, value: str) -> str:
    """Return a name with what it has: "Learning rate: 0.1"; Chinese has a colon of its own."""
    return _("{name}: {value}").format(name=name, value=value)


def in_a_row(*sentences: str) -> str:
    """Return sentences one after the other; a Chinese full stop has its room already."""
    return re.sub("(?<=[。！？]) ", "", " ".join(sentences))


def as_written(text: str) -> str:
    """Return a text as Markdown that shows it letter by letter, whoever wrote it: no picture, no link, no formula.

    Addresses become links even where every sign is escaped, unless a character that nobody sees divides them.
    """
    divided = re.sub(r"(://|www|@)", "\\1\u2060", text, flags=re.IGNORECASE)
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", divided)


def decimal_number(value: float, decimals: int = 2) -> str:
    """Return a number with a fixed number of decimals and a real minus sign, which a zero never has."""
    return f"{value:z,.{decimals}f}".replace("-", "−", 1)


def signed_number(value: float, decimals: int = 2) -> str:
    """Return a number as `decimal_number` does, with a plus sign if it is positive."""
    return ("+" if value > 0 else "") + decimal_number(value, decimals)


def short_number(value: float, digits: int = 3) -> str:
    """Return a number with so many significant digits and a real minus sign."""
    return f"{value:.{digits}g}".replace("-", "−", 1)

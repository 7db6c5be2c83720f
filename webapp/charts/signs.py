"""What raises and what lowers: one colour and one sign for each, wherever weights, slopes or evidence are shown."""

from html import escape

RAISES, LOWERS = (234, 88, 12), (59, 130, 246)
"""Orange and blue, which colour-blind people tell apart, seen well on black and on white; `webapp/style.css` has the
same as --raises and --lowers."""


def signs_legend(raises: str, lowers: str) -> str:
    """Return as HTML what is orange and what is blue, each with its sign: colour alone says nothing to many."""
    return (
        f'<p class="signs"><span><i>+</i>{escape(raises)}</span>'
        f'<span><i class="lowers">−</i>{escape(lowers)}</span></p>'
    )

"""Python source as HTML: numbered lines, coloured words."""

import html
import io
import keyword
import tokenize

KINDS = {tokenize.STRING: "string", tokenize.COMMENT: "comment", tokenize.NUMBER: "number"}


def code_html(source: str, name: str, marked: int | None = None) -> str:
    """Show a source.

    Args:
        source: Python code.
        name: what it is, for those who hear the page.
        marked: the line, counted from 1, that stands out.

    Returns:
        A `pre` of the class "source" with a span for every line; all text is escaped. It scrolls sideways where lines
        are long, so the keyboard can reach it.
    """
    lines = source.splitlines()
    coloured = ["" for _ in lines]
    done = [0] * len(lines)  # columns of each line that are already written
    for kind, (row, column), (end_row, end_column) in _words(source):
        for i in range(row - 1, end_row):
            begin = column if i == row - 1 else 0
            end = end_column if i == end_row - 1 else len(lines[i])
            if end > begin:  # a text over several lines may have empty ones
                word = html.escape(lines[i][begin:end])
                coloured[i] += html.escape(lines[i][done[i] : begin]) + f'<span class="{kind}">{word}</span>'
                done[i] = end
    rows = [text + html.escape(line[end:]) for text, line, end in zip(coloured, lines, done, strict=True)]
    opening = f'<pre class="source" tabindex="0" role="region" aria-label="{html.escape(name)}">'
    return opening + "".join(_row(i + 1, row, marked) for i, row in enumerate(rows)) + "</pre>"


def _row(number: int, row: str, marked: int | None) -> str:
    mark = ' class="marked"' if number == marked else ""
    return f"<span{mark}><i>{number}</i><code>{row or ' '}</code></span>"


def _words(source: str) -> list[tuple[str, tuple[int, int], tuple[int, int]]]:
    """Find what has a colour: (kind, where it begins, where it ends), both as (line from 1, column from 0)."""
    found, before = [], ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = KINDS.get(token.type, "")
        if token.type == tokenize.NAME:
            if keyword.iskeyword(token.string):
                kind = "keyword"
            elif before in ("def", "class"):
                kind = "name"
        if kind:
            found.append((kind, token.start, token.end))
        before = token.string
    return found

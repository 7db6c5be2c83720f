"""Step by step: a walk through the forward and the backward pass of this drawing, with its real numbers."""

from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from mnist_core.explain.trace import Outcome, Trace, after_step, trace_image
from mnist_core.nn.optimizers import SGD
from mnist_core.recognizer import Recognition, Recognizer
from webapp.charts.signs import signs_legend
from webapp.components.data_uri import grey_address
from webapp.components.empty import nothing_drawn
from webapp.formulas.formula import lines
from webapp.formulas.learning import OPTIMIZER_LATEX
from webapp.formulas.show_code import show_code
from webapp.i18n import gettext as _
from webapp.pages.draw.walk.content import Content
from webapp.pages.draw.walk.pictures import bars, cells, cells_address, html_number
from webapp.pages.draw.walk.stops import Stop, stops

STOP_KEY, LABEL_KEY = "walk.stop", "walk.label"
"""What outlives its widget: the stop, counted from 0, and the digit that it should be."""
AS_READ = -1
"""For the digit that was read."""
RATES = (0.001, 0.01, 0.1)
SHOWN_RATE = 0.01
"""The learning rate whose probabilities are drawn."""
HARDLY_WRONG = 1e-4
"""Below this loss, a step on the drawing changes nothing that could be seen."""


def show(reader: Recognizer, read: Recognition | None) -> None:
    """Show one stop of the walk, with the way to all others; see `show_view`."""
    with st.container(key="walk"):
        if read is None or read.digit is None:
            st.session_state.pop(LABEL_KEY, None)
            nothing_drawn(
                _("Draw a digit: here you will follow its numbers through the network, layer by layer, and back.")
            )
            return
        recipe = reader.network.recipe
        chosen = st.session_state.get(LABEL_KEY, AS_READ)
        label = read.digit if chosen == AS_READ else chosen
        x = reader.network.inputs(read.image[None])[0]
        trace = trace_image(reader.network.model, x, label, recipe.head, recipe.label_smoothing)
        way = stops(trace, recipe, reader.network.temperature)
        names = [*(stop.name for stop in way), _("One step")]
        place = min(st.session_state.get(STOP_KEY, 0), len(way))
        _steer(names, place)
        _where(names, place, way, read.digit)
        if place == len(way):
            _one_step(trace)
        else:
            _stop(way[place].content(), read.image if place == 0 else None)


def _steer(names: list[str], place: int) -> None:
    """Show the buttons and the row of stops."""
    key = f"walk-slider-{len(names)}"  # another network has other stops
    st.session_state[key] = place

    def go(to: int) -> None:
        st.session_state[STOP_KEY] = min(max(to, 0), len(names) - 1)

    def slide() -> None:
        # Beside a press, it is where the browser's slider stood before it heard of the last one.
        if not (st.session_state["walk-back"] or st.session_state["walk-next"]):
            go(st.session_state[key])

    with st.container(horizontal=True, vertical_alignment="center", key="walk-steer"):
        back, on = _("One stop back"), _("One stop on")
        st.button("‹", key="walk-back", help=back, on_click=go, args=(place - 1,), disabled=place == 0)
        st.select_slider(
            _("Where on the walk"),
            range(len(names)),
            key=key,
            format_func=lambda i: str(i + 1),
            label_visibility="collapsed",
            on_change=slide,
        )
        st.button("›", key="walk-next", help=on, on_click=go, args=(place + 1,), disabled=place == len(names) - 1)


def _where(names: list[str], place: int, way: list[Stop], digit: int) -> None:
    """Show which stop this is, and ask which digit it should be."""
    directions = [*(_("Backward") if stop.back else _("Forward") for stop in way), _("Update")]
    with st.container(horizontal=True, vertical_alignment="center", key="walk-where"):
        above = escape(f"{place + 1} / {len(names)} · {directions[place]}")
        st.html(f'<p class="walk-where">{above}<b>{escape(names[place])}</b></p>')
        st.session_state["walk-label"] = st.session_state.get(LABEL_KEY, AS_READ)
        st.selectbox(
            _("It should be"),
            [AS_READ, *range(10)],
            key="walk-label",
            format_func=lambda asked: _("as read: {digit}").format(digit=digit) if asked == AS_READ else str(asked),
            on_change=lambda: st.session_state.update({LABEL_KEY: st.session_state["walk-label"]}),
            width=130,
        )


def _stop(content: Content, image: np.ndarray | None) -> None:
    """Show what happens at a stop: words, picture, formula, code; the input is shown as the image that it is."""
    st.markdown(content.text)
    with st.container(key="walk-body"):
        if content.of_digits:
            st.html(bars(content.values, content.chosen))
        elif image is not None:
            st.html(cells(grey_address(image), content.values, content.chosen))
        else:
            legend = signs_legend(_("above 0"), _("below 0"))
            st.html(cells(cells_address(content.values), content.values, content.chosen) + legend)
        with st.container(key="walk-formula"):
            st.latex(content.latex)
    _code(content.code)


def _one_step(trace: Trace) -> None:
    """Show what one step of gradient descent on this drawing alone would change."""
    text = _(
        "Every weight moves a little against its slope, by {symbol} times that slope. What does the network "
        "then say of this drawing? Nothing is kept: the network stays as it is."
    )
    st.markdown(text.format(symbol="$\\eta$"))
    outcomes = {rate: after_step(trace, rate) for rate in RATES}
    with st.container(key="walk-body"):
        st.html(bars(outcomes[SHOWN_RATE].probabilities, trace.label, trace.probabilities))
        with st.container(key="walk-formula"):
            st.html(_table(trace, outcomes))
            st.latex(lines(*OPTIMIZER_LATEX["sgd"], r"g &= \frac{\partial L}{\partial \theta}"))
    st.markdown(verdict(trace.loss, outcomes))
    _code((SGD.rule,))


def _table(trace: Trace, outcomes: dict[float, Outcome]) -> str:
    """Return loss and probability before the step and after it, for each learning rate."""
    rows = [(_("before"), trace.loss, trace.probabilities)]
    rows += [(f"η = {rate:g}", outcome.loss, outcome.probabilities) for rate, outcome in outcomes.items()]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (_("loss"), f"p({trace.label})", _("reads")))
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{html_number(loss)}</td>'
        f"<td>{100 * p[trace.label]:.1f}%</td><td>{p.argmax()}</td></tr>"
        for name, loss, p in rows
    )
    return f'<table class="walk-table"><tr><td></td>{head}</tr>{body}</table>'


def verdict(before: float, outcomes: dict[float, Outcome]) -> str:
    """Describe in a sentence what the learning rates did."""
    if before < HARDLY_WRONG:
        return _(
            "There is hardly anything to gain: the loss is almost 0. Choose another digit above to see a large step."
        )
    worse = [f"{rate:g}" for rate, outcome in outcomes.items() if outcome.loss > before]
    if not worse:
        return _("With each of these learning rates the loss falls. The bars show {symbol} = {rate:g}.").format(
            symbol="$\\eta$", rate=SHOWN_RATE
        )
    text = _("Too far: with {symbol} = {rates} the loss rises, since a slope holds only for a short way.")
    return text.format(symbol="$\\eta$", rates=", ".join(worse))


def _code(code: tuple[Callable[..., Any], ...]) -> None:
    """Offer the code that does it, as it really runs."""
    if not code:
        return
    with st.expander(_("The code that does it"), icon=":material/code:"):
        for function in code:
            show_code(function)

"""The formulas of how a recipe learns: how wrong the outputs are, and how that changes the weights."""

from collections.abc import Callable
from typing import Any

from mnist_core.nn.losses import HEADS
from mnist_core.nn.optimizers import OPTIMIZERS, AdamW, Optimizer
from mnist_core.nn.schedules import SCHEDULES, warm_up
from mnist_core.nn.training_step import add_penalties, clip_gradient, compute_gradient, take_step, update_average
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.loop import end_epoch, learning_rate_at
from webapp.formulas.formula import Formula, Symbols, lines
from webapp.i18n import gettext as _

OPTIMIZER_LATEX = {
    "sgd": (r"\theta &\leftarrow \theta - \eta\,g",),
    "momentum": (r"v &\leftarrow \mu\,v + g", r"\theta &\leftarrow \theta - \eta\,v"),
    "nesterov": (r"v &\leftarrow \mu\,v + g", r"\theta &\leftarrow \theta - \eta\,(g + \mu\,v)"),
    "adagrad": (r"s &\leftarrow s + g^2", r"\theta &\leftarrow \theta - \eta\,\frac{g}{\sqrt s + \varepsilon}"),
    "rmsprop": (
        r"s &\leftarrow \beta_2\,s + (1 - \beta_2)\,g^2",
        r"\theta &\leftarrow \theta - \eta\,\frac{g}{\sqrt s + \varepsilon}",
    ),
    "adam": (
        r"m &\leftarrow \beta_1\,m + (1 - \beta_1)\,g",
        r"s &\leftarrow \beta_2\,s + (1 - \beta_2)\,g^2",
        r"\theta &\leftarrow \theta - \eta\,\frac{m / (1 - \beta_1^t)}{\sqrt{s / (1 - \beta_2^t)} + \varepsilon}",
    ),
}
OPTIMIZER_LATEX["adamw"] = (r"W &\leftarrow (1 - \eta\,\lambda)\,W", *OPTIMIZER_LATEX["adam"])
TEXTBOOK_OPTIMIZER = {
    "sgd": r"w \leftarrow w - \eta\,g",
    "momentum": r"v \leftarrow \mu\,v + g, \quad w \leftarrow w - \eta\,v",
    "nesterov": r"v \leftarrow \mu\,v + g, \quad w \leftarrow w - \eta\,(g + \mu\,v)",
    "adagrad": r"w \leftarrow w - \eta\,\frac{g}{\sqrt{\sum g^2}}",
    "rmsprop": r"w \leftarrow w - \eta\,\frac{g}{\sqrt{\overline{g^2}}}",
    "adam": r"w \leftarrow w - \eta\,\frac{\overline g}{\sqrt{\overline{g^2}}}",
    "adamw": r"w \leftarrow (1 - \eta\,\lambda)\,w - \eta\,\frac{\overline g}{\sqrt{\overline{g^2}}}",
}
TEXTBOOK_SCHEDULE = {
    "constant": r"\eta = \eta_0",
    "step": r"\eta = \eta_0\,q^{\,n}",
    "exponential": r"\eta = \eta_0\,q^{\,t}",
    "cosine": r"\eta = \eta_0 \cdot \tfrac12 \left(1 + \cos \frac{\pi\,t}{T}\right)",
    "one-cycle": r"\eta = \eta_0 \cdot f(t)",
}
SCHEDULE_LATEX = {
    "constant": ("&f = 1",),
    "step": (r"&f = q^{\,n(t)}", r"&n(t) = \left|\{d : t / T \ge d\}\right|"),
    "exponential": (r"&f = q^{\,t / T}",),
    "cosine": (r"&f = \tfrac12 \left(1 + \cos \frac{\pi\,t}{T}\right)",),
    "one-cycle": (
        r"&f = \begin{cases} \tfrac{1}{25} + \tfrac{24}{25}\,h\left(\frac{t}{r}\right) & t \le r \\[0.5em]"
        r"1 - \tfrac{249\,999}{250\,000}\,h\left(\frac{t - r}{T - 1 - r}\right) & t > r \end{cases}",
        r"&h(s) = \tfrac12 (1 - \cos \pi s), \quad r = 0.3\,T - 1",
    ),
}


def loss(recipe: Recipe) -> list[Formula]:
    """Return the formulas from the ten outputs to the loss and its slope."""
    z = ("z", _("the logits, the ten outputs of the last layer"))
    p = ("p", _("the ten probabilities of an image, which sum to 1"))
    sigmas = (r"\sigma", _("the sigmoid, between 0 and 1: how surely it is this digit, whatever the others say"))
    target = ("t", _("what is wanted: 1 for the right digit, 0 for the others"))
    batch = ("B", _("images in a step, {batch:,}").format(batch=recipe.batch_size))
    counters = ("i, k", _("count the images of the step and the ten digits"))
    if recipe.head == "softmax":
        plain_shares = _("The ten outputs become ten shares that add up to 100%: how sure it is of each digit.")
        plain = _("The less sure the network was of the right digit, the larger is the loss.")
        textbook = r"L = -\log p_{\checkmark}"
        shares = _("Softmax: all powers of e are positive, and divided by their sum they become shares.")
        share = r"\frac{e^{z_k}}{\sum_j e^{z_j}}"
        share_symbols: Symbols = (z, p)
        explanation = _(
            "Cross-entropy: the less probable the right digit was, the larger. Pure guessing costs ln 10 = 2.303."
        )
        value = r"-\tfrac{1}{B} \textstyle\sum_i \sum_k t_{ik} \log p_{ik}"
        slope = r"\tfrac{1}{B}\,(p - t)"
        symbols = [target, p, counters, batch]
    else:
        plain_shares = _("Each output says how sure it is of its own digit; then they are made to add up to 100%.")
        shares = _(
            "Each output answers “is it this digit?” by itself. Divided by their sum, the answers become shares."
        )
        share = r"\frac{\sigma(z_k)}{\sum_j \sigma(z_j)}"
        share_symbols = (z, sigmas, p)
        symbols = [target, z, sigmas, counters, batch]
        if recipe.head == "sigmoid":
            plain = _("For each digit it counts how wrong the answer to “is it this one?” was.")
            textbook = r"L = -\textstyle\sum_k t_k \log y_k + (1 - t_k) \log(1 - y_k)"
            explanation = _(
                "Cross-entropy of ten yes-or-no questions. Answering one half to each costs 10 ln 2 = 6.93."
            )
            value = r"-\tfrac{1}{B} \textstyle\sum_i \sum_k t \log \sigma(z) + (1 - t) \log(1 - \sigma(z))"
            slope = r"\tfrac{1}{B}\,(\sigma(z) - t)"
        else:
            plain = _("What it said minus what is right, squared, and added up over the ten digits.")
            textbook = r"L = \tfrac12 \textstyle\sum_k (y_k - t_k)^2"
            explanation = _(
                "Squared error: where an output is very sure, the factor σ(1 − σ) of its slope is almost 0, even if "
                "it is very wrong. There it learns slowest."
            )
            value = r"\tfrac{1}{2B} \textstyle\sum_i \sum_k (\sigma(z) - t)^2"
            slope = r"\tfrac{1}{B}\,(\sigma - t)\,\sigma\,(1 - \sigma)"
    formulas = ["L &= " + value, r"\frac{\partial L}{\partial z} &= " + slope]
    if recipe.label_smoothing:  # of softmax only
        formulas.append(r"t &= (1 - s)\,t_{\text{0/1}} + \tfrac{s}{10}")
        text = _("label smoothing: the share of the right answer that all ten digits get alike, {share:g}")
        symbols.append(("s", text.format(share=recipe.label_smoothing)))
    head = HEADS[recipe.head]
    wrong = _("The loss, and how it changes with the outputs")
    return [
        Formula(
            _("Probabilities"),
            plain_shares,
            "p_k = " + share,
            shares,
            "p_k = " + share,
            share_symbols,
            (head.probabilities,),
        ),
        Formula(wrong, plain, textbook, explanation, lines(*formulas), tuple(symbols), (head.loss,)),
    ]


def update(recipe: Recipe) -> list[Formula]:
    """Return the formulas of a step: gradient, learning rate, optimizer, and which epoch is kept."""
    found = [_step(recipe), _rate(recipe), _optimizer(recipe)]
    return [*found, _best(recipe)] if recipe.validation_fraction else found


def _step(recipe: Recipe) -> Formula:
    """Describe all that happens to the gradient, and to the average of the weights."""
    formulas = [r"g &\leftarrow \nabla_\theta L"]
    code: list[Callable[..., Any]] = [take_step, compute_gradient]
    if recipe.l1 or recipe.l2:
        code.append(add_penalties)
    symbols = [
        (r"\theta", _("all {count:,} weights and biases").format(count=recipe.parameters)),
        ("g", _("the gradient: how the loss rises with each of them")),
    ]
    if recipe.l1:
        formulas.append(r"g_W &\leftarrow g_W + \lambda_1 \operatorname{sign}(W)")
        text = _("L1 penalty, {value:g}: pulls every weight to 0 with the same force")
        symbols.append((r"\lambda_1", text.format(value=recipe.l1)))
    if recipe.l2:
        formulas.append(r"g_W &\leftarrow g_W + \lambda_2\,W")
        text = _("L2 penalty, {value:g}: pulls large weights to 0 more than small ones")
        symbols.append((r"\lambda_2", text.format(value=recipe.l2)))
    if recipe.clip_norm is not None:
        formulas.append(r"g &\leftarrow g \cdot \min\left(1,\ \frac{c}{\lVert g \rVert}\right)")
        code.append(clip_gradient)
        symbols.append(("c", _("the gradient is cut to this length, {value:g}").format(value=recipe.clip_norm)))
    formulas.append(r"\theta &\leftarrow \operatorname{step}(\theta, g, \eta)")
    symbols.append((r"\operatorname{step}", _("the rule of the optimizer, below, with its learning rate η")))
    if recipe.ema_decay:
        code.append(update_average)
        formulas.append(r"\bar\theta &\leftarrow d\,\bar\theta + (1 - d)\,\theta")
        symbols.append((r"\bar\theta", _("the average of the weights, which is what is validated and kept")))
        symbols.append(
            ("d", _("the share of itself that it keeps at every step, {value:g}").format(value=recipe.ema_decay))
        )
    return Formula(
        _("One step"),
        _("Every weight goes a little downhill: to where the loss becomes smaller."),
        r"w \leftarrow w - \eta\,\frac{\partial L}{\partial w}",
        _("The gradient points to where the loss rises: so every weight goes a little the other way."),
        lines(*formulas),
        tuple(symbols),
        tuple(code),
    )


def _rate(recipe: Recipe) -> Formula:
    plain = {
        "constant": _("How far it goes in a step stays the same."),
        "step": _("It goes far in each step at first, and from time to time less far, to be more careful."),
        "exponential": _("It goes less and less far in each step, always by the same share."),
        "cosine": _("It goes less and less far in each step, along a curve that ends at 0."),
        "one-cycle": _("It goes farther and farther in each step, then less and less, until it hardly moves."),
    }
    explanations = {
        "constant": _("The learning rate stays the same."),
        "step": _("The learning rate drops from time to time: large steps first, careful ones later."),
        "exponential": _("The learning rate falls by the same share again and again."),
        "cosine": _("The learning rate falls along half a cosine: slowly, then fast, then slowly to 0."),
        "one-cycle": _("The learning rate rises for 30% of the training, then falls to almost 0."),
    }
    by_epoch = recipe.schedule_unit == "epoch"
    symbols = [
        (r"\eta_0", _("the learning rate, {rate:g}").format(rate=recipe.learning_rate)),
        ("f", _("what the schedule multiplies it by")),
    ]
    if recipe.schedule != "constant" or recipe.warmup:
        counted = (
            _("epochs so far, of {epochs:,} in all") if by_epoch else _("steps so far, of those in {epochs:,} epochs")
        )
        symbols.append(("t, T", counted.format(epochs=recipe.epochs)))
    if recipe.schedule == "step":
        drops = ", ".join(f"{drop:g}" for drop in recipe.schedule_drops)
        symbols.append(
            ("n(t), d", _("drops so far; they come at these shares of the training: {drops}").format(drops=drops))
        )
    if recipe.schedule in ("step", "exponential"):
        symbols.append(("q", _("the factor, {factor:g}").format(factor=recipe.schedule_factor)))
    if recipe.schedule == "one-cycle":
        symbols.append(("r", _("where the peak is")))
    code: tuple[Callable[..., Any], ...] = (SCHEDULES[recipe.schedule], learning_rate_at)
    formulas = [r"\eta &= \eta_0 \cdot f", *SCHEDULE_LATEX[recipe.schedule]]
    if recipe.warmup:
        rise = r"&w = \min\left(1,\ 0.1 + 0.9\,\frac{t}{a\,T}\right)"
        formulas = [r"\eta &= \eta_0 \cdot f \cdot w", *SCHEDULE_LATEX[recipe.schedule], rise]
        text = _("the warm-up, over this share of the training: {share:g}")
        symbols.append(("w, a", text.format(share=recipe.warmup)))
        code = (SCHEDULES[recipe.schedule], warm_up, learning_rate_at)
    title = _("Learning rate")
    kind = recipe.schedule
    textbook = TEXTBOOK_SCHEDULE[kind]
    return Formula(title, plain[kind], textbook, explanations[kind], lines(*formulas), tuple(symbols), code)


def _optimizer(recipe: Recipe) -> Formula:
    plain = {
        "sgd": _("Like someone in the fog who feels where it goes down, and takes a step that way."),
        "momentum": _("Like a ball that rolls downhill: it keeps a part of its speed."),
        "nesterov": _("Like a ball that rolls downhill and looks ahead to where it will be next."),
        "adagrad": _("Every weight has steps of its own length; wherever it was steep, they become shorter for good."),
        "rmsprop": _("Every weight has steps of its own length: short ones where it has lately been steep."),
        "adam": _("Like a rolling ball, and every weight has steps of its own length."),
        "adamw": _("As Adam, and in every step all weights shrink a little, so that none grows too large."),
    }
    explanations = {
        "sgd": _("Gradient descent: go down the slope."),
        "momentum": _("Gradient descent with momentum: a ball that rolls on, so that slopes of many steps add up."),
        "nesterov": _("Nesterov's momentum: the ball looks ahead to where it is about to roll."),
        "adagrad": _("AdaGrad: where slopes were steep, steps become smaller, for ever."),
        "rmsprop": _("RMSprop: steps are divided by how steep slopes have lately been."),
        "adam": _("Adam: momentum, divided by how steep slopes have lately been. Every step is about η long."),
        "adamw": _("AdamW: Adam, but first every weight shrinks a little."),
    }
    kind = recipe.optimizer
    symbols = [
        (r"\theta", _("all {count:,} weights and biases").format(count=recipe.parameters)),
        (r"\eta", _("the learning rate of this step")),
        ("g", _("the gradient")),
    ]
    if kind in ("momentum", "nesterov"):
        symbols.append(("v", _("the velocity")))
        symbols.append(
            (r"\mu", _("the momentum, the share of the velocity that is kept, {value:g}").format(value=recipe.momentum))
        )
    if kind == "adagrad":
        symbols.append(("s", _("the sum of all squares so far")))
    if kind in ("adam", "adamw"):
        symbols.append(
            (r"m, \beta_1", _("the gradient's running mean, and its memory, {value:g}").format(value=recipe.beta1))
        )
    if kind in ("rmsprop", "adam", "adamw"):
        text = _("the running mean of the gradient's squares, and its memory, {value:g}")
        symbols.append((r"s, \beta_2", text.format(value=recipe.beta2)))
    if kind in ("adam", "adamw"):
        symbols.append(("t", _("the number of this step; the divisions make up for means that begin at 0")))
    if kind in ("adagrad", "rmsprop", "adam", "adamw"):
        symbols.append((r"\varepsilon", _("{eps:g}, keeps the division finite").format(eps=recipe.eps)))
    if kind == "adamw":
        symbols.append((r"\lambda", _("the weight decay, {value:g}").format(value=recipe.weight_decay)))
    formulas = lines(*OPTIMIZER_LATEX[kind])
    code = (*((AdamW.step,) if kind == "adamw" else ()), OPTIMIZERS[kind].rule, Optimizer.step)
    title, textbook = _("Optimizer"), TEXTBOOK_OPTIMIZER[kind]
    return Formula(title, plain[kind], textbook, explanations[kind], formulas, tuple(symbols), code)


def _best(recipe: Recipe) -> Formula:
    symbols = [
        (
            r"L_{\text{val}}",
            _("the loss on the images kept for validation, a share of {share:.0%}").format(
                share=recipe.validation_fraction
            ),
        ),
        (r"\delta", _("what it must fall by to count, {value:g}").format(value=recipe.min_delta)),
    ]
    formula = r"L_{\text{val}} < L_{\text{best}} - \delta \;\Rightarrow\; \theta_{\text{best}} \leftarrow \theta"
    explanation = _(
        "After every epoch the network reads images that it does not learn from. The best weights so far are kept."
    )
    if recipe.patience is not None:
        stop = _("The training stops after {epochs:,} epochs without improvement.")
        explanation += " " + stop.format(epochs=recipe.patience)
    plain = _("After every epoch it is tested with images that it does not learn from, and the best weights are kept.")
    textbook = r"\theta_{\text{best}} = \arg\min L_{\text{val}}"
    return Formula(_("The best epoch"), plain, textbook, explanation, formula, tuple(symbols), (end_epoch,))

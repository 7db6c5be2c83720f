"""The formulas of a recipe's network: how it begins, what it calculates, and how gradients run back through it."""

from itertools import pairwise

from mnist_core.data.augmentation import Distortion
from mnist_core.data.batches import Batches, add_noise
from mnist_core.nn.activations import ACTIVATIONS, GELU, Activation, sigmoid
from mnist_core.nn.initializers import INITIALIZERS
from mnist_core.nn.input_linear import MIN_BATCH, MIN_FEATURES, InputLinear
from mnist_core.nn.layers import BatchNorm, Dropout, Linear, dropout_mask
from mnist_core.nn.mlp import MLP
from mnist_core.nn.normalization import DEVIATION, MEAN, NORMALIZATIONS
from mnist_core.recipes.recipe import Recipe
from webapp.formulas.formula import Formula, Symbols, lines
from webapp.i18n import gettext as _

INIT_LATEX = {
    "he": r"&\sim \mathcal N\left(0,\ \tfrac{2}{n}\right)",
    "he-uniform": r"&\sim \mathcal U(-a,\ a),\quad a = \sqrt{\tfrac{6}{n}}",
    "xavier": r"&\sim \mathcal U(-a,\ a),\quad a = \sqrt{\tfrac{6}{n + m}}",
    "xavier-normal": r"&\sim \mathcal N\left(0,\ \tfrac{2}{n + m}\right)",
    "uniform-fan-in": r"&\sim \mathcal U(-a,\ a),\quad a = \tfrac{1}{\sqrt n}",
    "small-normal": r"&\sim \mathcal N(0,\ 0.01^2)",
    "standard-normal": r"&\sim \mathcal N(0,\ 1)",
    "zeros": "&= 0",
}
PIXEL_LATEX = {
    "unit": r"x = \frac{p}{255}",
    "standard": rf"x = \frac{{p / 255 - {MEAN}}}{{{DEVIATION}}}",
    "raw": "x = p",
    "min-max": r"x = \frac{p - \min p}{\max p - \min p}",
}
ACTIVATION_LATEX = {
    "relu": (r"f(x) = \max(x, 0)", r"f'(x) = \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}"),
    "leaky-relu": (r"f(x) = \max(x,\ 0.01\,x)", r"f'(x) = \begin{cases} 1 & x > 0 \\ 0.01 & x \le 0 \end{cases}"),
    "sigmoid": (r"f(x) = \sigma(x) = \frac{1}{1 + e^{-x}}", r"f'(x) = f(x)\,(1 - f(x))"),
    "tanh": (r"f(x) = \tanh x", r"f'(x) = 1 - f(x)^2"),
    "silu": (r"f(x) = x\,\sigma(x) = \frac{x}{1 + e^{-x}}", r"f'(x) = \sigma(x) + f(x)\,(1 - \sigma(x))"),
    "gelu": (
        r"f(x) = x\,\sigma(u), \quad u = \sqrt{\tfrac{8}{\pi}}\left(x + 0.044715\,x^3\right)",
        r"f'(x) = \sigma(u) + f(x)\,(1 - \sigma(u))\,u', \quad "
        r"u' = \sqrt{\tfrac{8}{\pi}}\left(1 + 0.134145\,x^2\right)",
    ),
}
"""Value and slope."""
TEXTBOOK_PIXELS = {**PIXEL_LATEX, "standard": r"x = \frac{p - \mu}{\sigma}"}
TEXTBOOK_ACTIVATION = {name: value for name, (value, _slope) in ACTIVATION_LATEX.items()}
TEXTBOOK_ACTIVATION["gelu"] = r"f(x) = x\,\Phi(x)"


def beginning(recipe: Recipe) -> list[Formula]:
    """Return the formulas of what comes before the first step."""
    weights, biases = INIT_LATEX[recipe.init], INIT_LATEX[recipe.bias_init]
    used = weights + biases
    symbols = [
        ("W", _("the weights of a layer, {shapes}").format(shapes=_shapes(recipe))),
        ("b", _("its biases, one for each unit")),
    ]
    if any(size in used for size in ("{n", r"\sqrt n")):
        symbols.append(("n", _("how many inputs the layer has, {sizes}").format(sizes=_sizes(recipe.layer_sizes[:-1]))))
    if "m}" in used:
        symbols.append(("m", _("how many outputs, {sizes}").format(sizes=_sizes(recipe.layer_sizes[1:]))))
    if r"\mathcal N" in used:
        symbols.append((r"\mathcal N", _("the normal distribution with this mean and variance")))
    if r"\mathcal U" in used:
        symbols.append((r"\mathcal U", _("the uniform distribution between these bounds")))
    plain = {
        "zeros": _("Before it has learned anything, all weights are 0, so that all units do the same."),
        "standard-normal": _(
            "Before it has learned anything, every weight is a random number, here a rather large one."
        ),
    }.get(recipe.init, _("Before it has learned anything, every weight is a small random number."))
    spread = r"\sim \mathcal U(-a,\ a)" if r"\mathcal U" in weights else r"\sim \mathcal N(0,\ \sigma^2)"
    textbook = "W = 0" if recipe.init == "zeros" else "W " + spread
    kinds = (INITIALIZERS[recipe.init], INITIALIZERS[recipe.bias_init])
    explanation = _(
        "Before the first step all weights and biases are drawn at random. Too large, and the signals explode "
        "from layer to layer; too small, and they vanish; all equal, and all units learn the same."
    )
    formula = lines("W " + weights, "b " + biases)
    code = tuple(dict.fromkeys(kinds))  # once, if both are the same
    return [Formula(_("Where it begins"), plain, textbook, explanation, formula, tuple(symbols), code)]


def forward(recipe: Recipe) -> list[Formula]:
    """Return the formulas from the images to the ten outputs."""
    found = [_batch(recipe)]
    if recipe.distortion:
        found.append(_distortion(recipe))
    found.append(_pixels(recipe))
    if recipe.input_noise:
        found.append(_noise(recipe))
    found.append(_linear(recipe))
    if recipe.hidden_sizes:
        if recipe.batch_norm:
            found.append(_batch_norm(recipe))
        found.append(_activation(recipe))
        if recipe.dropout:
            found.append(_dropout(recipe))
    return found


def backward(recipe: Recipe) -> list[Formula]:
    """Return the formulas of backpropagation, from the outputs to the first layer."""
    found = [_chain(), _linear_backward(recipe)]
    if recipe.hidden_sizes:
        if recipe.dropout:
            found.append(_dropout_backward())
        found.append(_activation_backward(recipe))
        if recipe.batch_norm:
            found.append(_batch_norm_backward(recipe))
    return found


def _batch(recipe: Recipe) -> Formula:
    symbols: Symbols = (("B", _("images in a step, {batch:,}").format(batch=recipe.batch_size)),)
    if recipe.shuffle:
        explanation = _(
            "A step looks at a few images only. In every epoch all images are shuffled and dealt out, so that each "
            "is seen once."
        )
        order = r"\pi(1), \dots, \pi(B) \;\big|\; \pi(B{+}1), \dots, \pi(2B) \;\big|\; \dots"
        symbols = (*symbols, (r"\pi", _("a new random order of the images in every epoch")))
    else:
        explanation = (
            _("A step looks at a few images only. They come sorted by their digit: all zeros, all ones, and so on.")
            if recipe.sort_images
            else _("A step looks at a few images only. They come in the order of the file, the same in every epoch.")
        )
        order = r"1, \dots, B \;\big|\; B{+}1, \dots, 2B \;\big|\; \dots"
    plain = _("It looks at a handful of images at a time: that is quick, and enough to know which way to go.")
    textbook = r"x_1,\ x_2,\ \dots,\ x_B"
    return Formula(_("A batch of images"), plain, textbook, explanation, order, symbols, (Batches.gather,))


def _distortion(recipe: Recipe) -> Formula:
    return Formula(
        _("Distorted images"),
        _("Every image is turned and bent a little, so that the network can't learn it by heart."),
        r"\tilde x = \operatorname{distort}(x)",
        _("Every image is turned, slanted, stretched, moved and bent a little, anew in every epoch."),
        r"\tilde p(u) = p\left(A\,u + c + s\,d(u)\right)",
        (
            ("p", _("the image, {tilde} its distorted copy").format(tilde=r"$\tilde p$")),
            ("u", _("a place in it, as row and column seen from the middle")),
            ("A, c", _("a random turn, slant, stretch and shift")),
            ("d", _("a random, smooth displacement")),
            ("s", _("the strength, {strength:g}").format(strength=recipe.distortion)),
        ),
        (Distortion.places,),
    )


def _pixels(recipe: Recipe) -> Formula:
    plain = {
        "unit": _("Each pixel becomes a number between 0, which is black, and 1, which is white."),
        "standard": _("Each pixel becomes a number around 0: what is darker than usual is negative."),
        "raw": _("Each pixel stays what it is in the file: 0 for black, up to 255 for white."),
        "min-max": _("The darkest pixel of an image becomes 0, its brightest 1, and all others lie between."),
    }
    explanations = {
        "unit": _("Pixels are numbers from 0 to 255; a network learns better from numbers around 1."),
        "standard": _(
            "Pixels are numbers from 0 to 255; here they get mean 0 and deviation 1, as they have it over all of MNIST."
        ),
        "raw": _("Pixels stay the numbers from 0 to 255 of the file: far too large for most networks."),
        "min-max": _("The darkest pixel of each image becomes 0, its brightest 1."),
    }
    return Formula(
        _("From pixels to inputs"),
        plain[recipe.normalization],
        TEXTBOOK_PIXELS[recipe.normalization],
        explanations[recipe.normalization],
        PIXEL_LATEX[recipe.normalization],
        (("p", _("a pixel, 0 is black and 255 white")), ("x", _("the input, one of 784 for each image"))),
        (NORMALIZATIONS[recipe.normalization],),
    )


def _noise(recipe: Recipe) -> Formula:
    return Formula(
        _("Noise on the inputs"),
        _("Every pixel is changed a little at random, so that the network relies on no single one."),
        r"\tilde x = x + \varepsilon",
        _("While training, every input is changed a little at random, so that no single pixel can be relied on."),
        r"\tilde x = x + s\,\varepsilon, \quad \varepsilon \sim \mathcal N(0,\ 1)",
        (
            ("x", _("the input, {tilde} what the network gets").format(tilde=r"$\tilde x$")),
            ("s", _("the standard deviation of the noise, {deviation:g}").format(deviation=recipe.input_noise)),
            (r"\varepsilon", _("a random number for every input, drawn anew in every step")),
        ),
        (add_noise,),
    )


def _linear(recipe: Recipe) -> Formula:
    return Formula(
        _("Linear layer"),
        _("Every unit multiplies each of its inputs by a weight and adds everything up."),
        r"y = w_1 x_1 + w_2 x_2 + \dots + w_n x_n + b",
        _("Every unit adds up all its inputs, each with a weight of its own, and its bias.") + _shortcut(recipe),
        "y = x\\,W + b",
        (
            ("x", _("the inputs, a row for each of the {batch:,} images of a step").format(batch=recipe.batch_size)),
            ("W", _("the weights of a layer, {shapes}").format(shapes=_shapes(recipe))),
            ("b", _("its biases, one for each unit")),
            ("y", _("the outputs; those of the last layer, one for each digit, are called logits")),
        ),
        (Linear.forward, InputLinear.forward) if _has_shortcut(recipe) else (Linear.forward,),
    )


def _batch_norm(recipe: Recipe) -> Formula:
    return Formula(
        _("Batch normalization"),
        _("What each unit says of the images of a batch is brought to the same scale: none drowns out the others."),
        r"\hat x = \frac{x - \mu}{\sigma}",
        _(
            "Every unit gets mean 0 and deviation 1 over the batch, then a scale and a shift that are learned. Outside "
            "of training, running means stand in for those of the batch."
        ),
        lines(
            r"\mu &= \tfrac{1}{B} \textstyle\sum_i x_i",
            r"\sigma^2 &= \tfrac{1}{B} \textstyle\sum_i (x_i - \mu)^2",
            r"\hat x &= \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \quad y = \gamma\,\hat x + \beta",
        ),
        (
            (
                r"\mu, \sigma^2",
                _("mean and variance of a unit over the {batch:,} images").format(batch=recipe.batch_size),
            ),
            ("x, y", _("what a unit has added up, and what it hands on")),
            (r"\gamma, \beta", _("its scale and its shift, which begin at 1 and 0")),
            (r"\varepsilon", _("{eps:g}, keeps the division finite").format(eps=BatchNorm.eps)),
        ),
        (BatchNorm.forward,),
    )


def _activation(recipe: Recipe) -> Formula:
    plain = {
        "relu": _("What is negative becomes 0, what is positive stays as it is."),
        "leaky-relu": _("What is positive stays as it is, and of what is negative only a hundredth is left."),
        "sigmoid": _("Any number becomes one between 0 and 1: the larger it is, the nearer to 1."),
        "tanh": _("Any number becomes one between −1 and 1: the larger it is, the nearer to 1."),
        "silu": _("What is very negative becomes 0, what is very positive stays as it is, with a smooth bend between."),
        "gelu": _("Nearly as ReLU, but with a smooth bend, as in the networks behind chatbots."),
    }
    explanations = {
        "relu": _("ReLU: what is negative becomes 0. Without a bend somewhere, many layers could do no more than one."),
        "leaky-relu": _("Leaky ReLU: of what is negative a hundredth is left, so that no unit falls silent for good."),
        "sigmoid": _("The sigmoid squeezes every number between 0 and 1. At both ends it is flat, and learns slowly."),
        "tanh": _("The tanh squeezes every number between −1 and 1. At both ends it is flat, and learns slowly."),
        "silu": _("SiLU (swish): a ReLU with a round corner."),
        "gelu": _(
            "GELU: nearly x times the chance that a normally distributed number is below x; common in transformers."
        ),
    }
    kind = ACTIVATIONS[recipe.activation]
    helpers = {"sigmoid": (sigmoid,), "silu": (sigmoid,), "gelu": (GELU.gate, sigmoid)}
    return Formula(
        _("Activation"),
        plain[recipe.activation],
        TEXTBOOK_ACTIVATION[recipe.activation],
        explanations[recipe.activation],
        ACTIVATION_LATEX[recipe.activation][0],
        (
            (
                "x",
                _("what a hidden unit has added up; hidden layers have {sizes} units").format(
                    sizes=_sizes(recipe.hidden_sizes)
                ),
            ),
            ("f(x)", _("what it hands on to the next layer")),
        ),
        (kind.value, *helpers.get(recipe.activation, ())),
    )


def _dropout(recipe: Recipe) -> Formula:
    return Formula(
        _("Dropout"),
        _("In every step some units, drawn by lot, keep silent, so that the others learn to do without them."),
        r"y = m\,x, \quad m = 0 \text{ or } 1",
        _(
            "While training, hidden units are silenced at random, so that none can rely on another one. The others "
            "speak up, so that the sum stays the same on average."
        ),
        lines(r"y &= x \odot m", r"P(m = 0) &= p", r"P\left(m = \tfrac{1}{1 - p}\right) &= 1 - p"),
        (
            ("p", _("the share that is silenced, {rate:g}").format(rate=recipe.dropout)),
            ("m", _("the mask, drawn anew for every image and every unit")),
            (r"\odot", _("multiplies number by number")),
        ),
        (Dropout.forward, dropout_mask),
    )


def _chain() -> Formula:
    return Formula(
        _("The chain rule"),
        _("What has how much to do with the mistake? That is worked out backwards, layer by layer."),
        r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \cdot \frac{\partial y}{\partial x}",
        _(
            "The slope of the loss runs through the layers from the last to the first. Each one turns the slope at its "
            "output into the slope at its input."
        ),
        r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \cdot \frac{\partial y}{\partial x}",
        (
            (
                r"\tfrac{\partial L}{\partial y}",
                _("how the loss changes with a layer's output; below it is called {g}").format(g="$g$"),
            ),
            (r"\tfrac{\partial y}{\partial x}", _("how the layer's output changes with its input")),
        ),
        (MLP.backward,),
    )


def _linear_backward(recipe: Recipe) -> Formula:
    return Formula(
        _("Linear layer, backwards"),
        _("The larger an input was, the more its weight had to do with the mistake."),
        r"\frac{\partial L}{\partial w} = \frac{\partial L}{\partial y} \cdot x",
        _(
            "A weight matters as much as the input that it multiplies. The first layer hands nothing on: nobody asks "
            "how the pixels should change."
        )
        + _shortcut(recipe),
        lines(
            r"\frac{\partial L}{\partial W} &= x^\top g",
            r"\frac{\partial L}{\partial b} &= \textstyle\sum_i g_i",
            r"\frac{\partial L}{\partial x} &= g\,W^\top",
        ),
        (
            ("g", _("the slope of the loss at the layer's output")),
            ("i", _("counts the {batch:,} images of the batch").format(batch=recipe.batch_size)),
            (r"\top", _("swaps rows and columns")),
        ),
        (Linear.param_grads, Linear.backward, *((InputLinear.param_grads,) if _has_shortcut(recipe) else ())),
    )


def _dropout_backward() -> Formula:
    return Formula(
        _("Dropout, backwards"),
        _("Units that kept silent had nothing to do with the mistake."),
        r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \cdot m",
        _("What was silent has no part in the loss; the same mask is used again."),
        r"\frac{\partial L}{\partial x} = g \odot m",
        (("g", _("the slope of the loss at the layer's output")), ("m", _("the mask of the forward pass"))),
        (Dropout.backward,),
    )


def _activation_backward(recipe: Recipe) -> Formula:
    kind = ACTIVATIONS[recipe.activation]
    return Formula(
        _("Activation, backwards"),
        _("Where the activation is flat nothing comes back, and nothing is learned there."),
        r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \cdot f'(x)",
        _("Every slope is multiplied by the slope of the activation: where that is 0, nothing is learned."),
        lines(r"\frac{\partial L}{\partial x} &= g \odot f'(x)", "&" + ACTIVATION_LATEX[recipe.activation][1]),
        (
            ("g", _("the slope of the loss at the layer's output")),
            ("f'", _("the slope of the activation at the number that it was given")),
        ),
        (Activation.backward, kind.slope),
    )


def _batch_norm_backward(recipe: Recipe) -> Formula:
    return Formula(
        _("Batch normalization, backwards"),
        _("The images of a batch were brought to one scale together, so each has to do with the others' mistakes."),
        r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial \hat x} \cdot \frac{\partial \hat x}{\partial x}",
        _("Through mean and variance every image of the batch acts on every other one: that is what is taken off."),
        lines(
            r"\frac{\partial L}{\partial \gamma} &= \textstyle\sum_i g_i\,\hat x_i",
            r"\frac{\partial L}{\partial \beta} &= \textstyle\sum_i g_i",
            r"\frac{\partial L}{\partial x} &= \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}}"
            r"\left(g - \overline{g} - \hat x\;\overline{g\,\hat x}\right)",
        ),
        (
            ("g", _("the slope of the loss at the layer's output")),
            (r"\overline{g}", _("the mean over the {batch:,} images of the batch").format(batch=recipe.batch_size)),
            (r"\hat x", _("the normalized input of the forward pass")),
        ),
        (BatchNorm.param_grads, BatchNorm.backward),
    )


def _has_shortcut(recipe: Recipe) -> bool:
    """Return whether the first layer of this network leaves out sums that are known beforehand."""
    return recipe.layer_sizes[1] >= MIN_FEATURES and recipe.batch_size >= MIN_BATCH


def _shortcut(recipe: Recipe) -> str:
    if not _has_shortcut(recipe):
        return ""
    text = _(
        "The first layer takes a shortcut for pixels that are the same in all images of the batch (InputLinear), with "
        "the same result."
    )
    return " " + text


def _shapes(recipe: Recipe) -> str:
    return ", ".join(f"{inputs:,} × {outputs:,}" for inputs, outputs in pairwise(recipe.layer_sizes))


def _sizes(sizes: tuple[int, ...]) -> str:
    return ", ".join(f"{size:,}" for size in sizes)

"""The names of a setting's options, in the visitor's language."""

from webapp.i18n import gettext as _


def option_names(field: str) -> dict[str, str]:
    """Name the options of a recipe's setting.

    Args:
        field: the setting, an attribute of `Recipe`.

    Returns:
        A name for each of its values.

    Raises:
        ValueError: if it is not a setting with options.
    """
    match field:
        case "normalization":
            return {
                "unit": _("from 0 to 1"),
                "standard": _("mean 0, deviation 1"),
                "raw": _("from 0 to 255, not scaled"),
                "min-max": _("each image from 0 to 1"),
            }
        case "activation":
            return {
                "relu": "ReLU",
                "leaky-relu": "Leaky ReLU",
                "sigmoid": "Sigmoid",
                "tanh": "Tanh",
                "silu": "SiLU (swish)",
            }
        case "init":
            return {
                "he": _("He (normal)"),
                "he-uniform": _("He (uniform)"),
                "xavier": _("Xavier (uniform)"),
                "xavier-normal": _("Xavier (normal)"),
                **option_names("bias_init"),
            }
        case "bias_init":  # He and Xavier are about weights
            return {
                "uniform-fan-in": _("PyTorch's default (uniform)"),
                "small-normal": _("normal, deviation 0.01"),
                "standard-normal": _("normal, deviation 1"),
                "zeros": _("all zero"),
            }
        case "head":
            return {
                "softmax": _("softmax, cross-entropy"),
                "sigmoid": _("ten sigmoids, cross-entropy"),
                "squared-error": _("ten sigmoids, squared error"),
            }
        case "optimizer":
            return {
                "sgd": _("SGD (plain)"),
                "momentum": _("SGD with momentum"),
                "nesterov": _("SGD with Nesterov momentum"),
                "adagrad": "AdaGrad",
                "rmsprop": "RMSprop",
                "adam": "Adam",
                "adamw": "AdamW",
            }
        case "schedule":
            return {
                "constant": _("constant"),
                "step": _("in drops"),
                "exponential": _("exponential fall"),
                "cosine": _("cosine fall"),
                "one-cycle": _("one cycle: up, then down"),
            }
        case "validation":
            return {"random": _("at random"), "last": _("the last of the file")}
        case "schedule_unit":
            return {"step": _("every step"), "epoch": _("every epoch")}
        case _:
            raise ValueError(f"{field!r} is not a setting with options")

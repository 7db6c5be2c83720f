"""Make the golden files again: what PyTorch gives for the cases of tests/mnist_core/nn/test_against_pytorch.py.

    python -m tests.golden.make_golden

PyTorch does everything by itself here: layers, losses, slopes (autograd), optimizers, schedulers, averages. Of
mnist_core only what a comparison must share is used: images and their split, first weights, and random draws.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from mnist_core.data.dataset import Split
from mnist_core.nn.layers import dropout_mask
from mnist_core.recipes.recipe import Recipe
from mnist_core.training.state import init_state
from tests.mnist_core.nn import test_against_pytorch as cases

if TYPE_CHECKING:
    torch: Any  # types are checked where PyTorch is not installed, too
else:
    import torch

FOLDER = Path(__file__).parent
F64 = torch.float64


def tensor(array: np.ndarray, trainable: bool = False) -> Any:
    """Copy an array, its type included."""
    return torch.tensor(array, requires_grad=trainable)


# Optimizers and schedules


def make_optimizer(kind: str, weights: list[Any], others: list[Any], settings: dict[str, float], l2: float) -> Any:
    """Build PyTorch's optimizer; only the weights decay, which is what parameter groups are for."""
    options: dict[str, Any] = {name: settings[name] for name in ("momentum", "eps") if name in settings}
    if kind in ("adam", "adamw") and "beta1" in settings:
        options["betas"] = settings["beta1"], settings["beta2"]
    if kind == "rmsprop" and "beta2" in settings:
        options["alpha"] = settings["beta2"]
    if kind == "nesterov":
        options["nesterov"] = True
    classes = {"adagrad": "Adagrad", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW"}
    decaying: dict[str, Any] = {"params": weights}
    if kind != "adamw":
        decaying["weight_decay"] = l2
    elif "weight_decay" in settings:
        decaying["weight_decay"] = settings["weight_decay"]
    groups = [decaying, {"params": others, "weight_decay": 0.0}]
    return getattr(torch.optim, classes.get(kind, "SGD"))(groups, lr=1.0, **options)


def set_rate(optimizer: Any, rate: float) -> None:
    """Set the learning rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def optimizers() -> dict[str, Any]:
    """Record the parameters after every step."""
    results: dict[str, list[Any]] = {case: [] for case in cases.OPTIMIZER_CASES}
    for case, (kind, settings, l2) in cases.OPTIMIZER_CASES.items():
        params, rates, grads = cases.optimizer_inputs()
        weights, others = tensor(params[: cases.WEIGHTS], True), tensor(params[cases.WEIGHTS :], True)
        optimizer = make_optimizer(kind, [weights], [others], settings, l2)
        for rate, grad in zip(rates, grads, strict=True):
            weights.grad, others.grad = tensor(grad[: cases.WEIGHTS]), tensor(grad[cases.WEIGHTS :])
            set_rate(optimizer, float(rate))
            optimizer.step()
            results[case].append([*weights.tolist(), *others.tolist()])
    return {"cases": results}


def factors(name: str, drops: tuple[float, ...], factor: float, warmup: float, steps: int) -> list[float]:
    """Return the learning rate at every step, beginning at 1: the product of a schedule and its warm-up."""
    schedulers = torch.optim.lr_scheduler
    milestones = [round(drop * steps) for drop in drops]
    builders = {
        "constant": lambda optimizer: schedulers.ConstantLR(optimizer, factor=1.0),
        "step": lambda optimizer: (
            schedulers.StepLR(optimizer, milestones[0], factor)
            if milestones == list(range(milestones[0], steps, milestones[0]))
            else schedulers.MultiStepLR(optimizer, milestones, factor)
        ),
        "exponential": lambda optimizer: schedulers.ExponentialLR(optimizer, factor ** (1 / steps)),
        "cosine": lambda optimizer: schedulers.CosineAnnealingLR(optimizer, T_max=steps),
        "one-cycle": lambda optimizer: schedulers.OneCycleLR(optimizer, 1.0, total_steps=steps, cycle_momentum=False),
        "warm-up": lambda optimizer: schedulers.LinearLR(optimizer, 0.1, total_iters=round(warmup * steps)),
    }
    product = np.ones(steps)
    for build in [builders[name], *([builders["warm-up"]] if warmup else [])]:
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        scheduler = build(optimizer)
        for step in range(steps):
            product[step] *= optimizer.param_groups[0]["lr"]
            optimizer.step()
            if step < steps - 1:
                scheduler.step()
    return [float(value) for value in product]


def schedules() -> dict[str, Any]:
    """Record the factor at every step of trainings of several lengths."""
    results = {}
    for case, (name, drops, factor, warmup, lengths) in cases.SCHEDULE_CASES.items():
        results[case] = [factors(name, drops, factor, warmup, steps) for steps in lengths]
    return {"cases": results}


# Layers and losses


def batch_norm() -> dict[str, Any]:
    """Record values, gradients and running statistics of every batch, then the values in use."""
    layer = torch.nn.BatchNorm1d(cases.FEATURES, dtype=F64)
    steps = []
    for inputs in cases.batch_norm_inputs():
        x, grad, gamma, beta = (tensor(array) for array in inputs)
        x.requires_grad = True
        with torch.no_grad():
            layer.weight.copy_(gamma)
            layer.bias.copy_(beta)
        layer.zero_grad()
        y = layer(x)
        y.backward(grad)
        parts = (y, x.grad, layer.weight.grad, layer.bias.grad, layer.running_mean, layer.running_var)
        steps.append({name: part.tolist() for name, part in zip(cases.BATCH_NORM_PARTS, parts, strict=True)})
    layer.eval()
    return {"training": steps, "use": [layer(tensor(x)).tolist() for x, *_ in cases.batch_norm_inputs()]}


def dropout() -> dict[str, Any]:
    """Record the share of zeros, the mean and the variance of what dropout makes of ones, and its factor."""
    torch.manual_seed(1)
    rates = {}
    for rate in cases.DROPOUT_RATES:
        layer, ones = torch.nn.Dropout(rate), torch.ones(cases.DROPOUT_SHAPE, dtype=F64)
        outputs = [layer(ones) for _ in range(cases.DROPOUT_STEPS)]
        statistics = [[(y == 0).to(F64).mean().item(), y.mean().item(), y.var(correction=0).item()] for y in outputs]
        rates[str(rate)] = {"scale": outputs[0].max().item(), "shares_means_variances": statistics}
    x = tensor(np.random.default_rng(3).normal(size=(3, 4)))
    return {"rates": rates, "use": torch.nn.Dropout(0.5).eval()(x).tolist()}


ACTIVATIONS: dict[str, Any] = {
    "relu": torch.nn.ReLU,
    "leaky-relu": torch.nn.LeakyReLU,
    "sigmoid": torch.nn.Sigmoid,
    "tanh": torch.nn.Tanh,
    "silu": torch.nn.SiLU,
}


def activations() -> dict[str, Any]:
    """Record the values and slopes."""
    results = {}
    for name, kind in ACTIVATIONS.items():
        x = tensor(cases.POINTS, True)
        y = kind()(x)
        y.sum().backward()
        results[name] = {"values": y.tolist(), "slopes": x.grad.tolist()}
    return {"activations": results}


def loss_of(head: str, label_smoothing: float, logits: Any, labels: Any) -> Any:
    """Compute the mean over the batch of a head's loss."""
    functional = torch.nn.functional
    if head == "softmax":
        return functional.cross_entropy(logits, labels, label_smoothing=label_smoothing)
    targets = functional.one_hot(labels, logits.shape[1]).to(F64)
    if head == "sigmoid":
        return functional.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / len(logits)
    return 0.5 * functional.mse_loss(torch.sigmoid(logits), targets, reduction="sum") / len(logits)


def losses() -> dict[str, Any]:
    """Record the value and the gradient for every batch of logits."""
    results: dict[str, list[Any]] = {case: [] for case in cases.LOSS_CASES}
    for case, (head, label_smoothing) in cases.LOSS_CASES.items():
        for array, labels in cases.loss_inputs():
            logits = tensor(array, True)
            loss = loss_of(head, label_smoothing, logits, tensor(labels))
            loss.backward()
            results[case].append({"loss": loss.item(), "gradient": logits.grad.tolist()})
    return {"cases": results}


# Whole trainings


def scaled(images: np.ndarray, normalization: str) -> Any:
    """Turn bytes into inputs (N, 784)."""
    x = torch.tensor(images).flatten(1).to(F64)  # (N, 784)
    if normalization == "min-max":
        low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
        return (x - low) / (high - low)
    return {"raw": x, "unit": x / 255, "standard": (x / 255 - 0.1307) / 0.3081}[normalization]


def build_network(recipe: Recipe, params: dict[str, np.ndarray]) -> Any:
    """Build a network of one block for each layer, and give it the first weights."""
    blocks = []
    for fan_in, fan_out in zip(recipe.layer_sizes[:-2], recipe.hidden_sizes, strict=True):
        parts = [torch.nn.Linear(fan_in, fan_out, dtype=F64)]
        if recipe.batch_norm:
            parts.append(torch.nn.BatchNorm1d(fan_out, dtype=F64))
        blocks.append(torch.nn.Sequential(*parts, ACTIVATIONS[recipe.activation]()))
    network = torch.nn.Sequential(*blocks, torch.nn.Linear(*recipe.layer_sizes[-2:], dtype=F64))
    with torch.no_grad():
        for param, array in zip(network.parameters(), params.values(), strict=True):
            param.copy_(tensor(array.T))
    return network


def arrays_of(network: Any, names: list[str]) -> dict[str, np.ndarray]:
    """Return parameters and running statistics, in our order and with our names."""
    tensors = [*network.parameters(), *(buffer for buffer in network.buffers() if buffer.dim())]
    return {name: part.detach().numpy() for name, part in zip(names, tensors, strict=True)}


def train(recipe: Recipe, split: Split, rounded: bool = False) -> dict[str, Any]:
    """Train as the recipe says, and record the loss of every step and what comes out."""
    start = init_state(recipe, np.float64)
    names, rng = list(start.model.arrays), start.rng  # the first weights have been drawn from it
    network = build_network(recipe, start.model.params)
    weights = [param for param in network.parameters() if param.dim() == 2]
    others = [param for param in network.parameters() if param.dim() == 1]
    used = {
        "momentum": ("momentum",),
        "nesterov": ("momentum",),
        "adagrad": ("eps",),
        "rmsprop": ("beta2", "eps"),
        "adam": ("beta1", "beta2", "eps"),
        "adamw": ("beta1", "beta2", "eps", "weight_decay"),
    }
    settings = {name: getattr(recipe, name) for name in used.get(recipe.optimizer, ())}
    optimizer = make_optimizer(recipe.optimizer, weights, others, settings, 0.0)
    average = None
    if recipe.ema_decay:
        averages = torch.optim.swa_utils
        average_of = averages.get_ema_multi_avg_fn(recipe.ema_decay)
        average = averages.AveragedModel(network, multi_avg_fn=average_of, use_buffers=True)
        average.update_parameters(network)  # the first call only copies: the average begins where the training does

    x, labels = scaled(split.train_images, recipe.normalization), tensor(split.train_labels).long()
    steps_per_epoch = -(-len(x) // recipe.batch_size)
    per_step = recipe.schedule_unit == "step"
    length = recipe.epochs * (steps_per_epoch if per_step else 1)
    shares = factors(recipe.schedule, recipe.schedule_drops, recipe.schedule_factor, recipe.warmup, length)
    step_losses: list[float] = []
    lengths: list[list[float]] = []
    for epoch in range(recipe.epochs):
        order = tensor(rng.permutation(len(x)) if recipe.shuffle else np.arange(len(x)))
        for chosen in order.split(recipe.batch_size):
            signal = x[chosen]
            for block in network[:-1]:
                signal = block(signal)
                if recipe.dropout:
                    signal = signal * tensor(dropout_mask(rng, tuple(signal.shape), recipe.dropout, np.dtype(float)))
            loss = loss_of(recipe.head, recipe.label_smoothing, network[-1](signal), labels[chosen])
            penalty = sum(recipe.l1 * W.abs().sum() + 0.5 * recipe.l2 * W.square().sum() for W in weights)
            optimizer.zero_grad()
            (loss + penalty).backward()
            if recipe.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip_norm)
            set_rate(optimizer, recipe.learning_rate * shares[len(step_losses) if per_step else epoch])
            optimizer.step()
            if average is not None:
                average.update_parameters(network)
            step_losses.append(loss.item())
            if rounded and len(step_losses) % cases.STEPS_BETWEEN_ROUNDINGS == 0:
                with torch.no_grad():
                    for param in network.parameters():
                        param.copy_(torch.round(param * cases.GRID) / cases.GRID)
            lengths.append(list(cases.norms(arrays_of(network, names)).values()))

    in_use = network if average is None else average.module
    validation_loss = None
    if len(split.validation_images):
        in_use.eval()
        with torch.no_grad():
            logits = in_use(scaled(split.validation_images, recipe.normalization))
            validation_loss = loss_of(recipe.head, 0.0, logits, tensor(split.validation_labels).long()).item()
    return {
        "digits": cases.digest(split),
        "norms_before": cases.norms(start.model.params),
        "losses": step_losses,
        "norms": lengths,
        "norms_after": cases.norms(arrays_of(network, names)),
        "norms_in_use": cases.norms(arrays_of(in_use, names)),
        "validation_loss": validation_loss,
    }


def trajectories() -> dict[str, Any]:
    """Record 200 steps of every recipe, and 12 with gradients that are cut."""
    recipes, clipped = {}, {}
    for name, (recipe, images) in cases.TRAJECTORIES.items():
        recipes[name] = train(recipe, cases.trajectory_split(recipe, images), name in cases.ROUNDED)
        del recipes[name]["norms"]  # those of every step are too many to keep
    for clip_norm in cases.CLIP_NORMS:
        recipe = cases.clip_recipe(clip_norm)
        result = train(recipe, cases.trajectory_split(recipe, cases.CLIP_STEPS * recipe.batch_size))
        clipped[str(clip_norm)] = [
            [loss, *norms] for loss, norms in zip(result["losses"], result["norms"], strict=True)
        ]
    return {"recipes": recipes, "clipped": clipped}


def lines(part: Any) -> str:
    """Write a dictionary with one case a line, so that versions of a file can be compared."""
    if not isinstance(part, dict):
        return json.dumps(part, allow_nan=False)
    cases_of_part = [f"{json.dumps(name)}: {json.dumps(case, allow_nan=False)}" for name, case in part.items()]
    return "{\n" + ",\n".join(cases_of_part) + "}"


def main() -> None:
    """Write all files."""
    threadpool_limits(1)  # sums in one order, NumPy's and PyTorch's
    torch.set_num_threads(1)
    made_by = {"torch": torch.__version__, "numpy": np.__version__}
    for make in (optimizers, schedules, batch_norm, dropout, activations, losses, trajectories):
        parts = [f"{json.dumps(name)}: {lines(part)}" for name, part in {"made_by": made_by, **make()}.items()]
        path = FOLDER / f"{make.__name__}.json"
        path.write_text("{" + ",\n".join(parts) + "}\n")
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

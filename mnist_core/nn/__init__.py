"""The neural network, from scratch in NumPy alone: forward, backward, and one step of an optimizer.

Begin with `training_step`, one step from pixels to changed weights, and follow what it calls: `mlp`, `layers` and
`activations` forward and back, `losses` between them, `optimizers` at the end. Before the first step stand
`initializers` and `normalization`; `schedules`, `metrics` and `gradient_check` stand beside it, and `input_linear` is
only a faster first layer.
"""

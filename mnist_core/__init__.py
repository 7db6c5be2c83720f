"""A multi-layer perceptron that learns to read handwritten digits, from scratch in NumPy.

The public names; no module of the package imports from here.
"""

from mnist_core.data.dataset import Dataset, Split, find_mnist, load_dataset, split_validation
from mnist_core.data.download import fetch_mnist
from mnist_core.data.synthetic import synthetic_digits
from mnist_core.errors import DataError, DivergedError, ImageError, MnistCoreError, RecipeError, WeightsError
from mnist_core.imaging.preprocess import PreprocessOptions, PreprocessTrace, to_network_input
from mnist_core.io.idx import read_idx, write_idx
from mnist_core.network import TrainedNetwork, load_weights, save_weights
from mnist_core.nn.gradient_check import GradientCheck, gradient_check
from mnist_core.nn.metrics import Evaluation, evaluate
from mnist_core.nn.mlp import MLP, build_mlp
from mnist_core.recipes.presets import RECIPES
from mnist_core.recipes.recipe import Recipe
from mnist_core.recognizer import NumberPart, Recognition, Recognizer
from mnist_core.training.checkpoint import load_checkpoint, save_checkpoint
from mnist_core.training.loop import train
from mnist_core.training.records import EpochEnd, Record, StepEnd
from mnist_core.training.state import Training, start_training

__all__ = [
    "MLP",
    "RECIPES",
    "DataError",
    "Dataset",
    "DivergedError",
    "EpochEnd",
    "Evaluation",
    "GradientCheck",
    "ImageError",
    "MnistCoreError",
    "NumberPart",
    "PreprocessOptions",
    "PreprocessTrace",
    "Recipe",
    "RecipeError",
    "Recognition",
    "Recognizer",
    "Record",
    "Split",
    "StepEnd",
    "TrainedNetwork",
    "Training",
    "WeightsError",
    "build_mlp",
    "evaluate",
    "fetch_mnist",
    "find_mnist",
    "gradient_check",
    "load_checkpoint",
    "load_dataset",
    "load_weights",
    "read_idx",
    "save_checkpoint",
    "save_weights",
    "split_validation",
    "start_training",
    "synthetic_digits",
    "to_network_input",
    "train",
    "write_idx",
]

"""A multi-layer perceptron that learns to read handwritten digits, from scratch in NumPy.

The front door: the names stand in `__init__.pyi`. Each is imported when it is asked for, so that reading a digit loads
nothing of training; no module of the package imports from here.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

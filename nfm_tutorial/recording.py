"""What a model remembers of its construction, so that a file can build it again. This module knows no model by name."""

import functools
import inspect

import numpy as np
import torch
from torch import Tensor

from . import checks


def recorded(init):
    """Keep a constructor's arguments in `self.config`, and draw the initial weights from `seed` alone.

    PyTorch's own random state stays as it was. `self.fingerprint` will name the vocabulary, `self.history` what
    happened in training: None until `fit` sets them. Raises ValueError for arguments that do not fit the constructor.
    """
    signature = inspect.signature(init)

    @functools.wraps(init)
    def wrapper(self, *args, **kwargs):
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            call = ", ".join(str(parameter) for parameter in list(signature.parameters.values())[1:])
            raise ValueError(f"{type(self).__name__}: {error}; it takes ({call})") from None
        bound.apply_defaults()
        config = {name: _plain(value) for name, value in list(bound.arguments.items())[1:]}
        config["seed"] = checks.seed_number(config["seed"])
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(config["seed"])  # weights are drawn on the CPU; leave GPUs alone
            init(self, **config)
        self.config, self.fingerprint, self.history = config, None, None

    return wrapper


def _plain(value):
    """Arrays, tensors and lists as tuples, NumPy's numbers as Python's: what a saved file may hold."""
    if isinstance(value, (np.generic, np.ndarray, Tensor)):
        value = value.tolist()
    return tuple(_plain(item) for item in value) if isinstance(value, (list, tuple, range)) else value

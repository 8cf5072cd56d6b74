"""A model, the vocabulary it was trained with and its batch-norm statistics in one file, without any code in it.

This module knows no notebook and no training.
"""

import json
import zipfile
from pathlib import Path

import torch
from torch import nn

from .encoding import Encoder, check_same_vocabulary
from .files import replacing, writable
from .models import MODELS


def save(path, model: nn.Module, encoder: Encoder | None = None) -> None:
    """Write a model, its batch-norm statistics and its encoder's vocabulary to one file, replacing it in one step.

    The file holds tensors and plain values only, no code. Raises ValueError for a model that is not of this package, an
    encoder whose vocabulary is not the one the model was trained with, or a vocabulary with values other than
    strings and numbers; FileNotFoundError if the folder does not exist, another OSError if it can't be written to.
    """
    if isinstance(path, nn.Module):
        raise ValueError("save(path, model, encoder) takes the path first")
    if type(model) not in MODELS.values():
        found = model.__name__ if isinstance(model, type) else type(model).__name__
        raise ValueError(f"save knows {', '.join(MODELS)} of nfm_tutorial.models, not this {found}")
    writable(path)
    state = {"model": type(model).__name__, "config": model.config, "weights": model.state_dict(), "encoder": None}
    state["fingerprint"], state["task"] = model.fingerprint, getattr(model, "task", None)
    if encoder is not None:
        if not isinstance(encoder, Encoder):
            raise ValueError(f"the third argument is the Encoder, got {type(encoder).__name__}")
        check_same_vocabulary(model.fingerprint, encoder.fingerprint, "the encoder", "the model")
        if encoder.n_features != len(model.linear.w):
            what = f"the encoder has {encoder.n_features} features, the model {len(model.linear.w)}"
            raise ValueError(f"{what}; save the encoder that made the model's training examples")
        state["encoder"], state["fingerprint"] = encoder.to_dict(), encoder.fingerprint
        try:
            json.dumps(state["encoder"])
        except TypeError as error:
            raise ValueError(f"a vocabulary can be saved if it holds strings and numbers only: {error}") from error
    with replacing(path) as part, open(part, "wb") as file:  # to a path, torch would write that path's name, too
        torch.save(state, file)


def load(path) -> tuple[nn.Module, Encoder | None]:
    """(model in eval mode on the CPU, encoder or None) from a file that `save` wrote.

    Loads tensors and plain values only, never code. Raises FileNotFoundError, or ValueError for a damaged or foreign
    file, also one whose vocabulary is not the one the model was trained with.
    """
    try:
        path = Path(path)
    except TypeError:
        raise ValueError(f"load takes the path of a file that save wrote, got {type(path).__name__}") from None
    if not path.is_file():
        raise FileNotFoundError(f"there is no saved model at {path}")
    try:
        with zipfile.ZipFile(path) as archive:  # PyTorch itself does not compare the checksums
            if damaged := archive.testzip():
                raise ValueError(f"checksum of {damaged}")
        state = torch.load(path, map_location="cpu", weights_only=True)
        model = MODELS[state["model"]](**state["config"])
        weights = state["weights"]
        model.to(next(w.dtype for w in weights.values() if w.is_floating_point()))
        model.load_state_dict(weights)
        encoder = None if state["encoder"] is None else Encoder.from_dict(state["encoder"])
        model.fingerprint = state.get("fingerprint") or (encoder and encoder.fingerprint)
        model.task = state.get("task")
        changed = encoder is not None and model.fingerprint != encoder.fingerprint
    except PermissionError:
        raise
    except Exception as error:
        # Whatever a damaged file makes PyTorch raise, the reader needs one sentence, and not PyTorch's own advice to
        # load the file with its safety off.
        kind = type(error).__name__
        what = f"{path} is damaged, or not written by nfm_tutorial.training.save ({kind})"
        raise ValueError(f"{what}; train and save the model again") from None
    if changed:
        raise ValueError(f"{path}: its vocabulary was changed after saving, so the ids mean other things; save again")
    return model.eval(), encoder

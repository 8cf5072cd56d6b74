"""What crosses the pipe between the grader and the process that runs a learner's code.

From there only numbers, texts and lists of them come, as JSON, with arrays as their bytes: whatever the other side
sends, reading it runs nothing. Functions and modules stay where they are; a handle stands for them. A module whose
parts all are PyTorch's or the course's own comes as its numbers, and is built again on this side.
"""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import struct
from decimal import Decimal
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor, nn

from ..exercises.todo import TODO

LARGEST = 64 * 2**20  # bytes of one message
TEXT = 10_000
DEPTH = 6
ENTRIES = 200_000  # in lists; arrays have the room of a message
DTYPES = "float64 float32 float16 int64 int32 int16 int8 uint8 bool complex64 complex128".split()
TORCH_PARTS = "Linear ReLU LeakyReLU GELU Tanh Sigmoid Identity Dropout BatchNorm1d LayerNorm Sequential".split()
OWN_PARTS = ("nfm_tutorial.models", "nfm_tutorial.layers")
_INSIDE = frozenset(vars(nn.Module()))  # what every module has


class Broken(Exception):
    """What came through the pipe is no message."""


# --- messages -------------------------------------------------------------------------------------------------


def send(file, message: dict) -> None:
    """Write one message. Raises ValueError if it is longer than LARGEST."""
    content = json.dumps(message).encode()
    if len(content) > LARGEST:
        raise ValueError(f"{len(content):,} bytes are more than a message holds")
    file.write(struct.pack(">I", len(content)) + content)
    file.flush()


def receive(file) -> dict | None:
    """Read one message; None at the end. Raises Broken for anything else."""
    head = _exactly(file, 4)
    if not head:
        return None
    (size,) = struct.unpack(">I", head)
    if size > LARGEST:
        raise Broken("too long")
    try:
        message = json.loads(_exactly(file, size))
    except (ValueError, RecursionError):
        raise Broken("no JSON") from None
    if not isinstance(message, dict):
        raise Broken("no message")
    return message


def _exactly(file, size: int) -> bytes:
    parts = []
    while size:
        part = file.read(size)
        if not part:
            if parts:
                raise Broken("cut off")
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


# --- values ---------------------------------------------------------------------------------------------------


class Writer:
    """Writes values as messages hold them; keep(object) gives the handle of what stays here."""

    def __init__(self, keep, given: tuple = ()):
        self.keep, self.room = keep, ENTRIES
        self.given = {}  # {address of a tensor of the arguments: which one it is}
        for i, value in enumerate(given):
            for name, tensor in (_tensors(value).items() if isinstance(value, nn.Module) else ()):
                self.given[tensor.data_ptr()] = [i, name]

    def value(self, x, depth: int = DEPTH) -> dict:
        """One value. A subclass of a known type is sent as that type: it is its content that counts."""
        self.room -= 1
        if x is TODO or x is ... or x is NotImplemented:
            return {"is": "todo"}
        if x is None:
            return {"is": "none"}
        if isinstance(x, (bool, np.bool_)):
            return {"is": "bool", "v": bool(x)}
        if isinstance(x, str):
            return {"is": "str", "v": str.__str__(x)[:TEXT]}
        if isinstance(x, Tensor):
            return self.tensor(x)
        if isinstance(x, np.generic):
            x = np.asarray(x)
        if not isinstance(x, (type, np.ndarray)) and hasattr(x, "to_numpy"):
            x = x.to_numpy()
        if isinstance(x, np.ndarray):
            return self.array(x, depth)
        if isinstance(x, Integral) and abs(int(x)) < 2**1000:
            return {"is": "int", "v": int(x)}
        if isinstance(x, (Real, Decimal)):
            return {"is": "float", "v": _float(x)}
        if isinstance(x, (list, tuple, set, frozenset, dict)) and depth and self.room > 0:
            kind = next(kind for kind in (list, tuple, frozenset, set, dict) if isinstance(x, kind))
            parts = [part for pair in x.items() for part in pair] if kind is dict else x
            return {"is": kind.__name__, "v": [self.value(part, depth - 1) for part in parts]}
        if inspect.isgenerator(x) or inspect.iscoroutine(x):
            return {"is": "generator" if inspect.isgenerator(x) else "coroutine"}
        if isinstance(x, type):
            kind = "module class" if issubclass(x, nn.Module) else "class"
            return {"is": kind, "name": x.__name__[:80], "h": self.keep(x), "takes": _parameters(x)}
        if isinstance(x, nn.Module):
            return self.module(x)
        if callable(x):
            return {"is": "function", "name": type(x).__name__[:80], "h": self.keep(x), "takes": _parameters(x)}
        return {"is": "object", "name": type(x).__name__[:80]}

    def tensor(self, x: Tensor) -> dict:
        wants = bool(x.requires_grad)
        x = x.detach().as_subclass(Tensor)
        x = (x.to_dense() if x.layout != torch.strided else x).cpu().resolve_conj().resolve_neg()
        name = str(x.dtype).removeprefix("torch.")
        x = x if name in DTYPES else x.to(torch.float32)  # bfloat16 and the like
        return {"is": "tensor", **_bytes(x.contiguous().numpy()), "grad": wants}

    def array(self, x: np.ndarray, depth: int = DEPTH) -> dict:
        x = np.asarray(x)
        if x.dtype.kind == "O":
            return self.value(x.tolist(), depth - 1) if depth else {"is": "object", "name": "ndarray"}
        if x.dtype.kind not in "biufc":
            return {"is": "odd array", "dtype": str(x.dtype)[:20]}
        name = x.dtype.name if x.dtype.name in DTYPES else "complex128" if x.dtype.kind == "c" else "float64"
        name = "int64" if x.dtype.kind in "iu" and x.dtype.name not in DTYPES else name
        return {"is": "array", **_bytes(np.ascontiguousarray(x, dtype=name).reshape(x.shape))}

    def module(self, x: nn.Module, depth: int = 12) -> dict:
        """A module as its class, if it is a known one, its settings and its numbers."""
        settings = {key: part for key, part in vars(x).items() if key not in _INSIDE}
        known = known_class(type(x)) and all(map(_is_plain, settings.values()))
        known = known and not any(vars(x)[key] for key in _INSIDE if key.endswith("_hooks") and key in vars(x))
        node = {"is": "module", "name": type(x).__name__[:80], "training": bool(x.training)}
        if known:
            node |= {"class": f"{type(x).__module__}:{type(x).__name__}"}
            node["settings"] = {key: self.value(part) for key, part in settings.items()}
        else:
            node |= {"h": self.keep(x), "takes": _parameters(x.forward)}
            node["no forward"] = type(x).forward is nn.Module.forward
        for part in ("parameters", "buffers"):
            held = vars(x)[f"_{part}"]
            node[part] = {name: None if t is None else self._held(t) for name, t in held.items()}
        inner = vars(x)["_modules"].items() if depth else ()
        node["modules"] = {name: None if m is None else self.module(m, depth - 1) for name, m in inner}
        return node

    def _held(self, x: Tensor) -> dict:
        shared = self.given.get(x.data_ptr()) if x.numel() else None
        return self.tensor(x) | ({"shared": shared} if shared else {})


def _bytes(x: np.ndarray) -> dict:
    if x.nbytes > LARGEST // 2:
        raise ValueError(f"a result of {x.nbytes:,} bytes is too large")
    return {"dtype": x.dtype.name, "shape": list(x.shape), "v": base64.b64encode(x.tobytes()).decode()}


def _float(x) -> float:
    try:
        return float(x)
    except OverflowError:
        return float("inf") if x > 0 else float("-inf")


def _parameters(function) -> list | None:
    """How a function can be called: [[name, kind, whether it has a default], ...]; None if nobody knows."""
    try:
        found = inspect.signature(function).parameters.values()
        return [[p.name, int(p.kind), p.default is not p.empty] for p in found][:50]
    except Exception:
        return None


def _is_plain(x, depth: int = 3) -> bool:
    if isinstance(x, (list, tuple, dict)) and depth:
        parts = [*x, *x.values()] if isinstance(x, dict) else x
        return len(x) < 100 and all(_is_plain(part, depth - 1) for part in parts)
    return x is None or type(x) in (bool, int, float, str)


def known_class(kind: type) -> bool:
    """Whether a module's class is PyTorch's or the course's own."""
    where = kind.__module__
    if where.startswith("torch.nn.modules."):
        return kind.__name__ in TORCH_PARTS and getattr(nn, kind.__name__) is kind
    return where in OWN_PARTS and getattr(importlib.import_module(where), kind.__name__, None) is kind


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


class Reader:
    """Reads values. other: the process that a handle belongs to, for `remote`, which makes what stands for it."""

    def __init__(self, remote, given: tuple = ()):
        self.remote, self.given = remote, given

    def value(self, message, depth: int = 40):
        """What a message holds. Raises Broken for anything that Writer does not write."""
        try:
            return self._value(message, depth)
        except Broken:
            raise
        except Exception as error:
            raise Broken(f"{type(error).__name__} while reading a value") from None

    def _value(self, m: dict, depth: int):
        if not depth:
            raise Broken("nested too deeply")
        kind = m["is"]
        if kind in ("bool", "int", "float", "str"):
            return {"bool": bool, "int": int, "float": float, "str": str}[kind](m["v"])
        if kind in ("list", "tuple", "set", "frozenset"):
            parts = [self._value(part, depth - 1) for part in m["v"]]
            return {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}[kind](parts)
        if kind == "dict":
            parts = [self._value(part, depth - 1) for part in m["v"]]
            return dict(zip(parts[::2], parts[1::2]))
        if kind == "array":
            return array_of(m)
        if kind == "tensor":
            tensor = torch.from_numpy(array_of(m))
            return tensor.requires_grad_() if m["grad"] and tensor.is_floating_point() else tensor
        if kind == "odd array":
            return np.zeros(0, dtype=m["dtype"] if str(m["dtype"])[:2] in ("<U", "|S", "<M", "<m") else "<U1")
        if kind == "module":
            return self.module(m, depth)
        simple = {"none": None, "todo": TODO}
        return simple[kind] if kind in simple else self.remote(m)

    def module(self, m: dict, depth: int) -> nn.Module:
        if "class" in m:
            where, name = m["class"].split(":")
            if not (where.startswith("torch.nn.modules.") and name in TORCH_PARTS or where in OWN_PARTS):
                raise Broken("no class of the course")
            kind = getattr(nn if where not in OWN_PARTS else importlib.import_module(where), name)
            if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
                raise Broken("no module")
            module = kind.__new__(kind)
            nn.Module.__init__(module)
            settings = {key: self._value(part, depth - 1) for key, part in m["settings"].items()}
            if not all(key.isidentifier() and key not in _INSIDE and not hasattr(kind, key) for key in settings):
                raise Broken("no settings")
            vars(module).update(settings)
        else:
            module = self.remote(m)
        for name, part in m["parameters"].items():
            held = None if part is None else self._held(part)
            if held is not None and not isinstance(held, nn.Parameter):
                held = nn.Parameter(held, requires_grad=bool(part["grad"]))
            vars(module)["_parameters"][name] = held
        for name, part in m["buffers"].items():
            held = None if part is None else self._held(part)
            vars(module)["_buffers"][name] = held if held is None else held.detach()
        for name, part in m["modules"].items():
            vars(module)["_modules"][name] = None if part is None else self.module(part, depth - 1)
        vars(module)["training"] = bool(m["training"])
        return module

    def _held(self, m: dict) -> Tensor:
        if "shared" in m:
            i, name = m["shared"]
            return _tensors(self.given[i])[name]
        return torch.from_numpy(array_of(m))


def array_of(m: dict) -> np.ndarray:
    """The array of a message. Raises Broken if its bytes are not as many as its shape says."""
    name, shape, content = m["dtype"], tuple(m["shape"]), base64.b64decode(m["v"], validate=True)
    if name not in DTYPES or not all(type(n) is int and n >= 0 for n in shape) or len(shape) > 16:
        raise Broken("no array")
    array = np.frombuffer(content, dtype=name)
    if array.size != int(np.prod(shape, dtype=object)):
        raise Broken("no array")
    return array.reshape(shape).copy()

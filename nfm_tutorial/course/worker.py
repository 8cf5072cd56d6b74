"""The process that runs one learner's code. It knows no answers: it runs cells and functions, and sends back numbers.

It is started in a folder of its own, with a copy of the package that has no exercises in it, by `remote.Process`.
Nothing that it says of itself counts, and the learner's code may do to it what it likes.
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import io
import itertools
import linecache
import os
import pickle
import random
import sys
import traceback
import types
import unicodedata

import numpy as np
import torch
from torch import Tensor, nn

from .. import exercises
from ..exercises import sandbox
from ..exercises.todo import Unfinished, unfinished
from ..exercises.values import same_value
from .wire import Reader, Writer, _tensors, receive, send

KEPT_CALLS = 20  # results whose gradient may still be asked
CELL = "<cell "  # how the names of the cells' files begin
ERROR_TEXT = 300

# What the learner's code is refused: see `guard`. Others' events of Python's audit pass.
PLACES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod")
PLACES += ("os.chown", "os.chflags", "os.utime", "shutil.rmtree", "shutil.move", "shutil.copytree")
REFUSED = ("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn")
REFUSED += ("os.startfile", "pty.spawn", "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")
REFUSED += ("socket.getaddrinfo", "os.killpg", "winreg.OpenKey")


class Worker:
    """Answers the grader's questions, one after the other."""

    def __init__(self):
        self.handles, self.calls, self.number, self.random = {}, {}, itertools.count(), _random()

    def keep(self, thing) -> int:
        handle = next(self.number)
        self.handles[handle] = thing
        return handle

    def run(self, cells, keys) -> dict:
        """Run cells in an empty notebook. Returns what was given to `check` for the exercise, and what is called so."""
        names, asked, errors = _notebook(), [], []
        exercises.heard = lambda key, candidate: asked.append((key, candidate))
        records = []
        for label, source in cells:
            filename = f"{CELL}{label}>"
            linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
            try:
                exec(compile(source, filename, "exec"), names)
            except BaseException as error:
                errors.append([label, _text_of(error)])
            finally:
                sys.settrace(None)
            records += [[label, candidate] for key, candidate in asked if _typed(key) in keys]
            asked.clear()
        if keys[-1] in names:
            records.append(["", names[keys[-1]]])
        return {"records": [[label, Writer(self.keep).value(x)] for label, x in records], "errors": errors}

    def call(self, h, args, seed=False, state=None, training=None) -> dict:
        """Call what a handle stands for, as `check` would: in a thread of its own, which is stopped after a while."""
        function, payload = self.handles[h], base64.b64decode(args)
        given, kept = _loads(payload), _loads(payload)
        times, hooks = [0] * len(given), []
        for i, value in enumerate(given):
            if isinstance(value, nn.Module):
                hooks.append(value.register_forward_hook(lambda *_, i=i: times.__setitem__(i, times[i] + 1)))
        before = self._load(function, state, training) if state is not None else {}
        reply = {}

        def work():
            sandbox.seed_everything()
            if not seed:
                _set_random(*self.random)  # a run puts random states back; within a case they go on
            try:
                raw = function(*given)
                for hook in hooks:
                    hook.remove()
                if state is not None and isinstance(raw, Tensor) and raw.requires_grad:
                    reply["call"] = self._keep_call(raw, _tensors(function), given)
                reply["result"] = {"is": "todo"} if unfinished(raw) else Writer(self.keep, given).value(raw)
            except sandbox.Stop:
                raise
            except BaseException as error:
                reply["error"] = _told(error)
            changed = [i for i, (a, b) in enumerate(zip(given, kept)) if not _same(b, a)]
            reply["changed"] = [[i, _content(given[i])] for i in changed]
            after = _tensors(function) if state is not None else {}
            moved = [name for name in before if name in after and not torch.equal(before[name], after[name])]
            reply["state"] = {name: Writer(self.keep).tensor(after[name]) for name in moved}
            reply["printed"], self.random = sandbox.printed(), _random()

        ended = sandbox.run(work)
        return {**reply, "times": times} if ended else {"stop": True}

    def _load(self, module, state, training) -> dict:
        """Give a module the grader's numbers; returns a copy of them."""
        own = _tensors(module)
        for name, message in state.items():
            value = Reader(None).value(message)
            if name in own and own[name].shape == value.shape:
                own[name].data.copy_(value)
        for name, part in module.named_modules():
            part.training = training.get(name, part.training)
        return {name: tensor.detach().clone() for name, tensor in own.items()}

    def _keep_call(self, raw, tensors, given) -> int:
        number = next(self.number)
        self.calls[number] = (raw, tensors, given)
        for old in sorted(self.calls)[:-KEPT_CALLS]:
            del self.calls[old]
        return number

    def backward(self, call, grad, names) -> dict:
        """The gradients of a kept result with respect to a module's numbers (by name) and arguments (by place)."""
        raw, tensors, given = self.calls[call]
        wanted = [tensors[name] if isinstance(name, str) else given[name] for name in names]
        able = [i for i, t in enumerate(wanted) if t.requires_grad]
        found = {}

        def work():
            upstream = Reader(None).value(grad).to(raw.dtype)
            some = torch.autograd.grad(raw, [wanted[i] for i in able], upstream, retain_graph=True, allow_unused=True)
            found.update({i: Writer(self.keep).tensor(g) for i, g in zip(able, some) if g is not None})

        sandbox.run(work)
        return {"gradients": [found.get(i) for i in range(len(names))]}

    def copy(self, h) -> dict:
        import copy

        return {"result": Writer(self.keep).value(copy.deepcopy(self.handles[h]))}


def _notebook() -> dict:
    """The names of an empty notebook."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    shell = _Shell(vars(module))
    vars(module).update(display=lambda *_, **__: None, get_ipython=lambda: shell, __builtins__=builtins)
    return vars(module)


class _Shell:
    """Stands for IPython: a cell that is timed or captured runs, every other magic does nothing."""

    def __init__(self, names):
        self._names = names

    def run_cell_magic(self, name, line, cell):
        if name in ("time", "timeit", "capture", "prun"):
            exec(compile(cell, f"{CELL}{name}>", "exec"), self._names)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None


def _typed(key) -> str:
    return unicodedata.normalize("NFKC", key).strip() if isinstance(key, str) else ""


class _Unpickler(pickle.Unpickler):
    """Reads arguments, with the classes of an exercise's inputs, whose source comes along."""

    def persistent_load(self, pid):
        _, name, source = pid
        if name not in _CLASSES:
            names = {"torch": torch, "nn": nn, "Tensor": Tensor}
            exec(source, names)
            _CLASSES[name] = names[name]
        return _CLASSES[name]


_CLASSES: dict[str, type] = {}


def _loads(content: bytes):
    return _Unpickler(io.BytesIO(content)).load()


def _random() -> tuple:
    return torch.get_rng_state(), np.random.get_state(), random.getstate()


def _set_random(of_torch, of_numpy, of_python) -> None:
    torch.set_rng_state(of_torch)
    np.random.set_state(of_numpy)
    random.setstate(of_python)


def _same(a, b) -> bool:
    with contextlib.suppress(Exception):
        return same_value(a, b)
    return False


def _content(value) -> dict:
    """What an argument became."""
    if not isinstance(value, nn.Module):
        return Writer(lambda _: -1).value(value)
    tensors = {name: Writer(lambda _: -1).tensor(t) for name, t in _tensors(value).items()}
    return {"is": "state", "v": tensors, "training": bool(value.training)}


def _told(error: BaseException) -> dict:
    """An exception as a message: its types, its first line, and the learner's line that raised it."""
    kinds = [kind.__name__ for kind in type(error).__mro__]
    told = {"kinds": kinds[:20], "text": _first_line(error), "where": _where(error)}
    told["unfinished"], told["keyboard"] = isinstance(error, Unfinished), isinstance(error, sandbox.NoKeyboard)
    return told


def _first_line(error) -> str:
    try:
        return str(error).strip().splitlines()[0][:ERROR_TEXT]
    except Exception:
        return ""


def _where(error) -> str:
    try:
        frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
        file, number = [(file, line) for file, line in frames if file.startswith(CELL)][-1]
        line = linecache.getline(file, number).strip()
        return f"line {number}: `{line if len(line) <= 80 else line[:77] + '...'}`" if line else ""
    except Exception:
        return ""


def _text_of(error) -> str:
    text, where = _first_line(error), _where(error)
    return f"{type(error).__name__}{f': {text}' if text else ''}{f' ({where})' if where else ''}"


# --- limits ---------------------------------------------------------------------------------------------------


def limit(memory: int, cpu: int, file: int) -> None:
    """What the system itself holds this process to, where it can (Linux; macOS without the memory; not Windows)."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/statm") as pages:
            used = int(pages.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + memory, used + memory))
    for name, value in (("RLIMIT_CPU", cpu), ("RLIMIT_FSIZE", file), ("RLIMIT_CORE", 0)):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def guard(box: str, secret: tuple[str, ...]) -> None:
    """Refuse what no exercise needs: writing outside the own folder, reading the answers, processes, the network.

    Python asks this hook. Code that goes round Python (ctypes) is not held by it; a container holds that, too.
    """
    inside, away = os.path.realpath(box) + os.sep, tuple(os.path.realpath(path) + os.sep for path in secret)
    mine, writing = os.getpid(), os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def ask(event, args, real=os.path.realpath, fspath=os.fsdecode, me=mine, null=os.devnull):
        if event == "open" and isinstance(args[0], (str, bytes)):
            path = real(fspath(args[0]))
            if (args[2] or 0) & writing and not path.startswith(inside) and path != null:
                raise PermissionError(f"the grader lets no file be written outside the own folder: {fspath(args[0])}")
            if path.startswith(away):
                raise PermissionError(f"the grader lets no answers be read: {fspath(args[0])}")
        elif event in PLACES:
            for path in (part for part in args if isinstance(part, (str, bytes))):
                if not (real(fspath(path)) + os.sep).startswith(inside):
                    raise PermissionError(f"the grader lets nothing be changed outside the own folder: {fspath(path)}")
        elif event in REFUSED or event == "os.kill" and args[0] != me:
            raise PermissionError(f"the grader does not allow {event}")

    sys.addaudithook(ask)


def main(box: str, secret: list[str], memory: int, cpu: int, file: int) -> None:
    """Answer until nobody asks. The pipes are the process's own: whatever is printed goes nowhere."""
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), sandbox.Printed(), sandbox.Printed()
    torch.set_num_threads(1)
    limit(memory, cpu, file)
    guard(box, tuple(secret))
    worker = Worker()
    send(answers, {"ready": True})
    while (message := receive(asked)) is not None:
        number = message.pop("number")
        reply = getattr(worker, message.pop("do"))(**message)
        try:
            send(answers, {**reply, "number": number})
        except ValueError as error:
            send(answers, {"error": {"kinds": ["ValueError"], "text": str(error)}, "number": number})

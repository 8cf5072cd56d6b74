"""The grader's side of the process that runs a learner's code: starts it, asks it, and stands in for what is there.

To the checks a function of the learner looks like a function here, and a module like a module: they call it, copy it,
train it. Each call crosses the pipe, and what comes back is a plain value (see wire).
"""

from __future__ import annotations

import base64
import builtins
import contextlib
import inspect
import io
import json
import os
import pickle
import queue
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..exercises import sandbox
from ..exercises.language import mark, say
from ..exercises.todo import Unfinished
from .wire import Broken, Reader, Writer, _tensors, receive, send
from .workspace import ROOT

PACKAGE = Path(__file__).resolve().parents[1]
ANSWERS = [ROOT / folder / "solutions" for folder in ("notebooks", "notebooks/zh", "my", "my/zh")]
SECRET = (PACKAGE / "exercises", ROOT / "locale", ROOT / "tests", *ANSWERS)
WITHOUT_ANSWERS = ("exercises/todo.py", "exercises/sandbox.py", "exercises/values.py", "exercises/verdict.py")
WITHOUT_ANSWERS += ("exercises/language.py", "exercises/zh.py")
WITHOUT_ANSWERS += ("course/__init__.py", "course/wire.py", "course/worker.py")
EXERCISES = '''"""Stands for the exercises where they are graded: nothing is checked here."""

from .todo import TODO
from .verdict import NOT_ATTEMPTED, Summary, Verdict

heard = lambda key, candidate: None


def check(exercise_id="", candidate=TODO):
    heard(exercise_id, candidate)
    return Verdict(str(exercise_id), "", NOT_ATTEMPTED)


def report(*_, **__):
    return False


def summary(*_):
    return Summary(())


def hand_in(*_, **__):
    return None
'''
START = """import json, sys
options = json.loads(sys.argv[1])
sys.path[:] = [options["box"]] + [p for p in sys.path if p not in ("", options["root"])]
from nfm_tutorial.course import worker
worker.main(**options["main"])
"""
ENDED = mark("it ended")
STARTING = 120.0  # seconds until a worker must be ready: PyTorch's import on a busy machine
TOKEN = "NFM_TUTORIAL_GRADED"
NEEDED = "PATH LANG TZ LD_LIBRARY_PATH DYLD_LIBRARY_PATH VIRTUAL_ENV CONDA_PREFIX SYSTEMROOT WINDIR COMSPEC".split()


@dataclass(frozen=True)
class Limits:
    """Of one worker. seconds: on the clock, per exercise. memory: bytes beyond what PyTorch takes. file: bytes."""

    seconds: float = 60.0
    memory: int = 2 * 2**30
    file: int = 64 * 2**20


DEFAULT = Limits()


class Lost(RuntimeError):
    """The process that ran the learner's code is gone."""


class Process:
    """One worker, in a folder of its own that goes with it."""

    def __init__(self, limits: Limits = DEFAULT):
        self.limits, self.lost, self.deadline, self.fresh = limits, "", 0.0, False
        self.box = Path(tempfile.mkdtemp(prefix="nfm_grade_"))
        self.token = secrets.token_hex(8)
        fill(self.box)
        main = {"box": str(self.box), "secret": [str(path) for path in SECRET], "memory": limits.memory}
        main |= {"cpu": int(10 * limits.seconds) + 60, "file": limits.file}
        options = {"box": str(self.box), "root": str(ROOT), "main": main}
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.box / "work",
            env=_environment(self.box, self.token),
            start_new_session=os.name == "posix",
        )
        self.replies: queue.Queue = queue.Queue()
        threading.Thread(target=self._listen, daemon=True, name="pipe").start()
        self.allow(STARTING)
        self.ask(None)

    def allow(self, seconds: float) -> None:
        """From now on that much time on the clock."""
        self.deadline = time.monotonic() + seconds

    def _listen(self) -> None:
        try:
            while (message := receive(self.process.stdout)) is not None:
                self.replies.put(message)
            self.replies.put(ENDED)
        except (Broken, OSError, ValueError) as error:
            self.replies.put(say("it sent what is no message ({error})", error=error))

    def ask(self, message: dict | None) -> dict:
        """Send a question and wait for the reply. Raises Lost if there will be none."""
        if self.lost:
            raise Lost(self.lost)
        number = secrets.token_hex(8)  # a reply that was sent before it was asked for does not have it
        try:
            if message is not None:
                send(self.process.stdin, {**message, "number": number})
            reply = self.replies.get(timeout=max(self.deadline - time.monotonic(), 0.01))
        except queue.Empty:
            reply = say("it took too long and was stopped")
        except OSError:
            reply = ENDED
        if message is not None and isinstance(reply, dict) and reply.pop("number", "") != number:
            reply = say("it sent what nobody had asked for")
        if isinstance(reply, str):
            raise self.give_up(say(ENDED) + _ending(self.process) if reply == ENDED else reply)
        return reply

    def give_up(self, why: str) -> Lost:
        """End the process for a reason; returns what to raise."""
        self.close()
        self.lost = say("the process that ran the code is gone: {why}", why=why)
        return Lost(self.lost)

    def close(self) -> None:
        """End the process, all that it started, and its folder."""
        end(self.process, self.token)
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError, ValueError):
                stream.close()
        shutil.rmtree(self.box, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- what stands for the learner's things -----------------------------------------------------------------

    def read(self, message: dict, given: tuple = ()):
        """The value in a message of the worker. Raises Lost if it is none."""
        try:
            return Reader(self._remote, given).value(message)
        except Broken as error:
            raise self.give_up(say("it sent what is no value ({error})", error=error)) from None

    def _remote(self, m: dict):
        kind, name = m["is"], m.get("name", "object")
        name = name if isinstance(name, str) and name.isidentifier() else "object"
        if kind in ("class", "module class"):
            return type(name, (nn.Module,) if kind == "module class" else (), {"handle": m["h"], "takes": m["takes"]})
        if kind == "function":
            return RemoteFunction(self, m["h"], m["takes"])
        if kind == "module":
            return _remote_module(self, m, name)
        if kind == "generator":
            return (x for x in ())
        if kind == "coroutine":
            return _nothing()
        if kind == "object":
            return type(name, (), {})()
        raise Broken(f"unknown kind {str(kind)[:20]}")

    def call(self, handle: int, args: tuple, module: nn.Module | None = None):
        """Call what a handle stands for, and do here what it did to its arguments. Returns (reply, result)."""
        seed, self.fresh = self.fresh, False
        question = {"do": "call", "h": handle, "args": base64.b64encode(dumps(args)).decode(), "seed": seed}
        if module is not None:
            write = Writer(lambda _: -1).tensor
            question["state"] = {name: write(tensor) for name, tensor in _tensors(module).items()}
            question["training"] = {name: part.training for name, part in module.named_modules()}
        try:
            reply = self.ask(question)
        except Lost:
            if time.monotonic() >= self.deadline:
                raise sandbox.Stop from None
            raise
        if reply.get("stop"):
            raise sandbox.Stop
        sys.stdout.write(str(reply.get("printed", ""))[: sandbox.PRINTED_CHARACTERS])
        for i, content in reply.get("changed", ()):
            _change(args[i], content, self)
        for i, times in enumerate(reply.get("times", ())):
            if times and isinstance(args[i], nn.Module):
                for hook in list(args[i]._forward_hooks.values()) * min(int(times), 3):
                    hook(args[i], (), None)
        if "error" in reply:
            _raise(reply["error"])
        return reply, self.read(reply["result"], args)


async def _nothing():
    return None


class RemoteFunction:
    """Stands for a function (or an object that can be called) of the learner."""

    def __init__(self, process: Process, handle: int, takes):
        self._process, self._handle = process, handle
        if (signature := _signature(takes)) is not None:
            self.__signature__ = signature

    def __call__(self, *args):
        return self._process.call(self._handle, args)[1]

    def __deepcopy__(self, memo):
        return self._process.read(self._process.ask({"do": "copy", "h": self._handle})["result"])

    def _new_case(self) -> None:
        self._process.fresh = True
        sandbox.seed_everything()


class RemoteModule(nn.Module):
    """Stands for a module of the learner: its numbers are here, and what it does with them happens there."""

    def _crossed(self, *args):
        process, handle = self._link
        reply, result = process.call(handle, args, self)
        with torch.no_grad():
            own = _tensors(self)
            for name, message in reply.get("state", {}).items():
                value = process.read({**message, "is": "tensor", "grad": False})
                if name in own and own[name].shape == value.shape:
                    own[name].copy_(value)
        if not isinstance(result, Tensor) or not result.requires_grad or "call" not in reply:
            return result
        sources = {name: p for name, p in self.named_parameters() if p.requires_grad}
        sources |= {i: a for i, a in enumerate(args) if isinstance(a, Tensor) and a.requires_grad}
        if not sources:
            return result
        return _Crossing.apply(process, reply["call"], list(sources), result.detach(), *sources.values())

    def __deepcopy__(self, memo):
        process, handle = self._link
        twin = process.read(process.ask({"do": "copy", "h": handle})["result"])
        if not isinstance(twin, nn.Module):
            raise process.give_up(say("it sent no copy of its module"))
        twin.train(self.training)
        with torch.no_grad():
            own = _tensors(self)
            for name, tensor in _tensors(twin).items():
                if name in own and own[name].shape == tensor.shape:
                    tensor.copy_(own[name])
        memo[id(self)] = twin
        return twin

    def _new_case(self) -> None:
        self._link[0].fresh = True
        sandbox.seed_everything()


def _remote_module(process: Process, m: dict, name: str) -> RemoteModule:
    forward = nn.Module.forward
    if not m["no forward"]:

        def forward(self, *args):
            return self._crossed(*args)

        if (signature := _signature(m["takes"], "self")) is not None:
            forward.__signature__ = signature
    module = type(name, (RemoteModule,), {"forward": forward})()
    vars(module)["_link"] = process, m["h"]
    return module


class _Crossing(torch.autograd.Function):
    """The result of a call, and its gradients, which come from there as well."""

    @staticmethod
    def forward(ctx, process, call, names, result, *sources):
        ctx.asked, ctx.sources = (process, call, names), sources
        return result.clone()

    @staticmethod
    def backward(ctx, upstream):
        process, call, names = ctx.asked
        write = Writer(lambda _: -1).tensor
        reply = process.ask({"do": "backward", "call": call, "grad": write(upstream), "names": names})
        found = reply["gradients"] if len(reply["gradients"]) == len(names) else [None] * len(names)
        read = [None if g is None else process.read(g).detach().to(s.dtype) for g, s in zip(found, ctx.sources)]
        fits = [g if g is not None and g.shape == s.shape else None for g, s in zip(read, ctx.sources)]
        return (None, None, None, None, *fits)


def _signature(takes, *first: str) -> inspect.Signature | None:
    try:
        kinds = list(type(inspect.Parameter.POSITIONAL_ONLY))
        found = [inspect.Parameter(name, kinds[0] if name == "self" else kinds[1]) for name in first]
        for name, kind, has_default in takes:
            default = None if has_default else inspect.Parameter.empty
            found.append(inspect.Parameter(name, kinds[kind], default=default))
        return inspect.Signature(found)
    except (TypeError, ValueError, IndexError):
        return None


def _change(value, content: dict, process: Process) -> None:
    """Do to an argument what the learner's code did to it."""
    with contextlib.suppress(Lost, TypeError, ValueError, KeyError, RuntimeError, AttributeError):
        if content.get("is") == "state":
            own = _tensors(value)
            value.train(bool(content["training"]))
            for name, message in content["v"].items():
                new = process.read(message)
                own[name].requires_grad_(new.requires_grad)
                own[name].data = new.detach()
            return
        new = process.read(content)
        if isinstance(value, Tensor):
            value.data = new.detach().to(value.dtype) if new.shape == value.shape else new.detach()
        elif isinstance(value, list):
            value[:] = new
        elif isinstance(value, (set, dict)):
            value.clear()
            value.update(new)
        else:
            value[...] = new


def _raise(told: dict):
    """Raise what stands for an exception of the learner's code: its name, its text, its kind, and where it was."""
    kinds = [kind for kind in told.get("kinds", ()) if isinstance(kind, str)] or ["RuntimeError"]
    text = str(told.get("text", ""))
    if told.get("unfinished"):
        raise Unfinished(text)
    where = in_words(str(told.get("where", ""))[:200])
    if told.get("keyboard"):
        error = sandbox.NoKeyboard(text)
        error.told_where = where
        raise error
    known = (getattr(builtins, kind, None) for kind in kinds)
    base = next((kind for kind in known if isinstance(kind, type) and issubclass(kind, BaseException)), RuntimeError)
    if issubclass(base, (UnicodeError, BaseExceptionGroup)):
        base = ValueError if issubclass(base, ValueError) else RuntimeError
    name = kinds[0] if kinds[0].isidentifier() else "Exception"
    error = type(name, (base,), {"__str__": lambda self: text, "__init__": lambda self: None})()
    error.told_where = where
    raise error


def in_words(where: str) -> str:
    """What a process, which knows English alone, says of a line of code, in the language that is spoken."""
    place, line = r"\(<cell (\d+)>, line (\d+)\)", r"line (\d{1,6}): `(.*)`"
    where = re.sub(place, lambda found: say("(cell {cell}, line {line})", cell=found[1], line=found[2]), where)
    return re.sub(line, lambda found: say("line {number}: `{line}`", number=found[1], line=found[2]), where)


class _Pickler(pickle.Pickler):
    """Writes arguments; a class of an exercise's file goes as its source, since the file itself stays here."""

    def persistent_id(self, obj):
        if isinstance(obj, type) and obj.__module__.startswith("nfm_tutorial.exercises."):
            return "class", obj.__name__, inspect.getsource(obj)
        return None


def dumps(args: tuple) -> bytes:
    """The arguments of a call, without the hooks that a check put on its modules."""
    modules = [part for value in args if isinstance(value, nn.Module) for part in value.modules()]
    hooks = [(part, part._forward_hooks) for part in modules]
    args = tuple(a.detach().requires_grad_(a.requires_grad) if isinstance(a, Tensor) else a for a in args)
    file = io.BytesIO()
    try:
        for part, held in hooks:
            part._forward_hooks = type(held)()
        _Pickler(file, protocol=4).dump(args)
    finally:
        for part, held in hooks:
            part._forward_hooks = held
    return file.getvalue()


# --- the process and its folder -------------------------------------------------------------------------------


def fill(box: Path) -> None:
    """Copy the package into a folder, without its exercises."""
    own = box / "nfm_tutorial"
    for path in [*PACKAGE.glob("*.py"), *PACKAGE.glob("data/*.py"), *(PACKAGE / name for name in WITHOUT_ANSWERS)]:
        target = own / path.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (own / "exercises" / "__init__.py").write_text(EXERCISES, encoding="utf-8")
    (box / "work").mkdir()


def _environment(box: Path, token: str) -> dict[str, str]:
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and Path(path) != ROOT]
    keep = {k: v for k, v in os.environ.items() if k.upper() in NEEDED or k.startswith("LC_")}  # no keys, no tokens
    keep |= {"PYTHONPATH": os.pathsep.join([str(box), *paths]), "HOME": str(box / "work"), "MPLBACKEND": "Agg"}
    keep |= {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1", TOKEN: token}
    keep |= {"MPLCONFIGDIR": str(box / "work"), "TMPDIR": str(box / "work"), "PYTHONHASHSEED": "0"}
    keep |= {"NFM_TUTORIAL_DATA": os.environ.get("NFM_TUTORIAL_DATA") or str(ROOT / "data")}
    return keep | {"NFM_TUTORIAL_PROGRESS": "off", "PYTHONWARNINGS": "ignore"}


def end(process: subprocess.Popen, token: str) -> None:
    """Kill a process, its group, and on Linux also what left the group."""
    if os.name == "posix":
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True)
    with contextlib.suppress(OSError):
        process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    for entry in Path("/proc").glob("[0-9]*/environ") if sys.platform == "linux" else ():
        with contextlib.suppress(OSError):
            if f"{TOKEN}={token}".encode() in entry.read_bytes():
                os.kill(int(entry.parent.name), signal.SIGKILL)


def _ending(process: subprocess.Popen) -> str:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(2)
    code = process.returncode
    if code is None:
        return ""
    if code < 0:
        return say(" by signal {name}", name=re.sub("^SIG", "", signal.Signals(-code).name))
    return say(" with exit code {code}", code=code)

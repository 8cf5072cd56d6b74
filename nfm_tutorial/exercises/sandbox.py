"""Run a learner's code so that nothing it does gets past the check.

The code runs in a thread of its own. Whatever it raises stays there, what it prints is kept, questions at the keyboard
are refused, random states are put back, and a loop that never ends is stopped after a few seconds.

Nothing that the notebook's kernel has set changes a verdict. A new thread starts with gradients on, without inference
mode, default device and autocast, and with NumPy's own error settings; default dtype, warnings and patched builtins are
put right here. The checks' own work runs in such threads, too (`calmly`).
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import io
import random
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch

CPU_SECONDS = 4.0  # computing time, so that a machine busy with something else costs nobody a try
IDLE_SECONDS = 3.5  # code that waits or sleeps instead of computing is stopped after these
LONGEST_SECONDS = 60.0
STOPPING_SECONDS = 1.5
PRINTED_CHARACTERS = 20_000
THREAD_NAME = "exercise"

_HERE = str(Path(__file__).resolve().parent)
_OTHERS = ("__import__", "input")  # set by kernels, and by _contained
_BUILTINS = {name: value for name, value in vars(builtins).items() if callable(value) and name not in _OTHERS}


class Stop(SystemExit):
    """Raised inside code that ran too long.

    A SystemExit, because `except Exception` lets it pass and a thread that ends with it ends silently.
    A bare `except:` in an endless loop would still swallow it, so from the first Stop on every further line of the
    stopped code raises another one, also the lines of that handler.
    """

    def __init__(self, *args):
        super().__init__(*args)
        sys.settrace(_stop_at_next_line)  # of the stopped thread alone
        frame = sys._getframe(1)
        while frame is not None:
            frame.f_trace = _stop_at_next_line
            frame = frame.f_back


def _stop_at_next_line(frame, event, arg):
    file = frame.f_code.co_filename
    if event == "line" and not file.startswith(_HERE) and file != threading.__file__:
        raise Stop
    return _stop_at_next_line


class NoKeyboard(RuntimeError):
    """Raised by input() and its like: a check can't wait for somebody to type."""


def run(work: Callable[[], None], idle: float | None = None, longest: float | None = None) -> bool:
    """Call `work()` in a thread of its own; True if it came to its end, False if it was stopped.

    An exception that `work` lets out is dropped. Code that cannot be stopped is left behind in its thread; this call
    returns anyway. idle, longest: limits in seconds, for code that waits and on the clock.
    """
    finished, gate, completed = threading.Event(), threading.Lock(), []

    def body():
        try:
            work()
            completed.append(True)
        except BaseException:
            pass
        finally:
            sys.settrace(None)
            with gate:
                finished.set()

    def stop():
        end = time.monotonic() + STOPPING_SECONDS
        while time.monotonic() < end and not finished.is_set():
            with gate:  # never after `finished`, so that no late Stop reaches anything else
                if not finished.is_set():
                    _raise_in(thread.ident, Stop)
            finished.wait(0.01)

    thread = threading.Thread(target=body, daemon=True, name=THREAD_NAME)
    with _contained() as imports:
        thread.start()
        clock = _Clock(imports)
        clock.idle, clock.longest = idle or IDLE_SECONDS, longest or LONGEST_SECONDS
        try:
            while not finished.wait(0.02):
                if clock.run_out():
                    stop()
                    break
        except BaseException:  # the learner pressed the stop button
            stop()
            raise
    return bool(completed)


def calmly(work: Callable[[], object]):
    """What `work()` returns or raises, called in such a thread without any limit of time: for the checks' own work."""
    done: list = []

    def body():
        try:
            done.append((work(), None))
        except BaseException as error:
            done.append((None, error))

    with _contained():
        thread = threading.Thread(target=body, daemon=True, name="check")
        thread.start()
        thread.join()
    result, error = done[0]
    if error is not None:
        raise error
    return result


class _Clock:
    """Tells when a thread has had its time: computing, or waiting without computing. Imports cost nothing."""

    def __init__(self, imports: _Imports):
        self.imports, self.idle, self.longest = imports, IDLE_SECONDS, LONGEST_SECONDS
        self.start_cpu, self.start = time.process_time(), time.monotonic()
        self.spun_cpu = self.spun = 0.0

    def run_out(self) -> bool:
        imports_cpu, imports_wall = self.imports.spent()
        used = time.process_time() - self.start_cpu - imports_cpu - self.spun_cpu
        wall = time.monotonic() - self.start
        return used > CPU_SECONDS or wall > self.longest or self._idle(used, wall - imports_wall)

    def _idle(self, used: float, wall: float) -> bool:
        """Whether the thread waits: it used far less than the machine, perhaps busy with others, gives to a loop."""
        if wall < self.idle or used > 0.1 * wall:
            return False
        cpu, start = time.process_time(), time.monotonic()
        while time.monotonic() < start + 0.05:
            pass
        self.spun_cpu += time.process_time() - cpu
        self.spun += time.monotonic() - start
        return self.spun > 0.3 and used < 0.1 * wall * self.spun_cpu / self.spun


class _Imports:
    """Stands in for `__import__` and adds up the time that imports take, computing and on the clock.

    The thread reports its imports itself: reading the frames of a running thread from outside can crash Python 3.11.
    Another thread reads `state`, so that it changes in one assignment: what ended imports took, and when the running
    one began (None if none runs).
    """

    def __init__(self, original: Callable):
        self.original = original
        self.depth, self.state = 0, ((0.0, 0.0), None)

    def __call__(self, *args, **kwargs):
        if threading.current_thread().name != THREAD_NAME:
            return self.original(*args, **kwargs)
        if self.depth == 0:
            self.state = self.state[0], _now()
        self.depth += 1
        try:
            return self.original(*args, **kwargs)
        finally:
            self.depth -= 1
            if self.depth == 0:
                self.state = self.spent(), None

    def spent(self) -> tuple[float, float]:
        """Seconds of computing, and seconds on the clock."""
        (cpu, wall), since = self.state
        if since is None:
            return cpu, wall
        now = _now()
        return cpu + now[0] - since[0], wall + now[1] - since[1]


def _now() -> tuple[float, float]:
    return time.process_time(), time.monotonic()


def _raise_in(thread_id: int, exception: type) -> None:
    """Make that thread raise the exception at its next step, on every system that CPython runs on."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), ctypes.py_object(exception))


class Printed(io.TextIOBase):
    """Stands in for stdout and stderr and keeps the beginning of what is written."""

    def __init__(self):
        super().__init__()
        self._parts: list[str] = []
        self._room = PRINTED_CHARACTERS

    def writable(self) -> bool:
        return True

    def write(self, text) -> int:
        text = str(text)
        if self._room > 0:
            self._parts.append(text[: self._room])
            self._room -= len(text)
        return len(text)

    def take(self) -> str:
        """The text since the last call."""
        text = "".join(self._parts)
        self._parts, self._room = [], PRINTED_CHARACTERS
        return text


class _NoStdin(io.TextIOBase):
    def readable(self) -> bool:
        return True

    def readline(self, *_):
        raise NoKeyboard("a check cannot wait for keyboard input")

    read = readline


def _no_input(*_, **__):
    raise NoKeyboard("a check cannot wait for keyboard input")


@contextlib.contextmanager
def own_builtins() -> Iterator[None]:
    """Python's own print, sum, len and so on, whatever the notebook has put in their place."""
    now = vars(builtins)
    patched = {name: now[name] for name, own in _BUILTINS.items() if now.get(name, own) is not own}
    now.update({name: _BUILTINS[name] for name in patched})
    try:
        yield
    finally:
        now.update(patched)


@contextlib.contextmanager
def _contained() -> Iterator[_Imports]:
    """Keep what the code prints, shows, asks, warns of and does to random states and defaults from the notebook."""
    before = sys.stdout, sys.stderr, sys.stdin, sys.breakpointhook, builtins.input
    imports = _Imports(builtins.__import__)
    states = torch.get_rng_state(), np.random.get_state(), random.getstate(), torch.get_default_dtype()
    sys.stdout = sys.stderr = Printed()
    sys.stdin, sys.breakpointhook, builtins.input = _NoStdin(), _no_input, _no_input
    builtins.__import__ = imports
    torch.set_default_dtype(torch.float32)
    try:
        with contextlib.ExitStack() as stack:
            stack.enter_context(own_builtins())
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            if "IPython" in sys.modules:
                from IPython.utils.capture import capture_output

                stack.enter_context(capture_output(stdout=False, stderr=False, display=True))
            yield imports
    finally:
        builtins.__import__ = imports.original
        sys.stdout, sys.stderr, sys.stdin, sys.breakpointhook, builtins.input = before
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
        torch.set_default_dtype(states[3])


def seed_everything() -> None:
    """The same random numbers for every call, so that a verdict on random code is always the same one."""
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)


def printed() -> str:
    """What the code printed since the last call of this function; "" outside `run`."""
    return sys.stdout.take() if isinstance(sys.stdout, Printed) else ""

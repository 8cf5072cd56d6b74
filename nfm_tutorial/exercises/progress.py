"""What survives a restart of the kernel: `.progress.json` in the folder where the notebook's kernel was started.

There is no such file outside a notebook, under pytest (which sets PYTEST_VERSION, and kernels inherit it), and where
NFM_TUTORIAL_PROGRESS=off. A file that cannot be read or written never breaks a check: then nothing survives.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

from ..files import replacing

NAME = ".progress.json"
EXERCISES, EXPERIMENTS = "exercises", "experiments"  # the two parts: {name: status}, {name: results}
try:
    _FOLDER = Path.cwd()  # now, before the reader's code changes it
except OSError:
    _FOLDER = None


def place() -> Path | None:
    """Where the file is, or None if there is to be none."""
    if "PYTEST_VERSION" in os.environ or os.environ.get("NFM_TUTORIAL_PROGRESS") == "off" or _FOLDER is None:
        return None
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return _FOLDER / NAME if getattr(shell, "kernel", None) is not None else None


def load(part: str) -> dict:
    """What is kept of one part, by the stable names of the exercises; {} if there is nothing to be read."""
    with contextlib.suppress(Exception):
        found = _read(place())[part]
        return found if isinstance(found, dict) else {}
    return {}


def save(part: str, name: str, value) -> None:
    """Keep one value. What other notebooks kept stays; a file that cannot be read is replaced."""
    with contextlib.suppress(Exception):
        path = place()
        if path is None:
            return
        whole = {EXERCISES: load(EXERCISES), EXPERIMENTS: load(EXPERIMENTS)}
        if whole[part].get(name) == value:
            return
        whole[part][name] = value
        with replacing(path) as new:
            new.write_text(json.dumps(whole, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))

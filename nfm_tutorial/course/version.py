"""Which version of the course this is: the package's, and a fingerprint of the texts of its notebooks."""

from __future__ import annotations

import functools
import hashlib

from .. import __version__
from . import carry
from .workspace import ROOT


@functools.cache
def version() -> str:
    """Such as 0.1.0+3f9a12cd; without the part behind + where there are no notebooks."""
    folder, found = ROOT / "notebooks", []
    for path in sorted([*folder.glob("*.ipynb"), *folder.glob("deeper/*.ipynb")]):
        try:
            found.append(carry.digest(carry.parse(path.read_bytes())))
        except (OSError, ValueError):
            continue
    return __version__ + (f"+{hashlib.sha256(' '.join(found).encode()).hexdigest()[:8]}" if found else "")

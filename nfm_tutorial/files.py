"""Writing files: whole or not at all. This module knows nothing of the package."""

import contextlib
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A path beside `path` to write to. It becomes `path` at the end, in one step; after an error it is removed.

    So a reader finds the old file or the new one, never a part. What a killed process left behind is removed by the
    next write of the same file. Raises what `writable` raises, and the OSError that writing meets.
    """
    target = writable(path)
    stem = f".{target.name[:50]}."  # with the rest no longer than the 255 bytes that a name may have
    for name in os.listdir(target.parent):
        found = re.fullmatch(re.escape(stem) + r"(\d{1,9})\.[0-9a-f]{8}\.part", name)
        if found and not _is_being_written(target.parent / name, int(found[1])):
            with contextlib.suppress(OSError):
                (target.parent / name).unlink()
    part = target.parent / f"{stem}{os.getpid()}.{secrets.token_hex(4)}.part"
    part.touch(exist_ok=False)
    try:
        if target.exists():
            part.chmod(target.stat().st_mode & 0o777)
        yield part
        with open(part, "r+b") as file:
            os.fsync(file.fileno())  # or a power cut could leave the new name on content that is not there yet
        os.replace(part, target)
    finally:
        with contextlib.suppress(OSError):  # on Windows a file that is still open can't go; the next write removes it
            part.unlink(missing_ok=True)


def writable(path: str | os.PathLike) -> Path:
    """The absolute path of a file that can be written; links are followed.

    Raises ValueError if `path` is no path, or one of a device, FileNotFoundError if its folder does not exist,
    IsADirectoryError if it is a folder, another OSError if nothing can be written there.
    """
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        got = "an empty text" if path == "" else type(path).__name__
        raise ValueError(f"the path of a file is needed, got {got}")
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: the folder {target.parent} does not exist; make it first")
    if target.is_dir():
        raise IsADirectoryError(f"cannot write {path}: it is a folder; name a file")
    if target.exists() and not target.is_file():
        raise ValueError(f"cannot write {path}: it is a device, not a file")  # the system would lose it
    try:
        tempfile.TemporaryFile(dir=target.parent).close()
        if target.exists():
            open(target, "r+b").close()
    except OSError as error:
        raise type(error)(error.errno, f"cannot write {path}: {error.strerror}; choose another place") from None
    return target


def _is_being_written(part: Path, pid: int) -> bool:
    """Whether the process that made a part still runs. Where that can't be asked, a part of the last hour counts."""
    try:
        if os.name == "nt":  # os.kill would end the process there
            return time.time() - part.stat().st_mtime < 3600
        os.kill(pid, 0)  # signal 0 asks only
    except OSError as error:
        return not isinstance(error, (ProcessLookupError, FileNotFoundError))
    return True

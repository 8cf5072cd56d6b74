"""Files appear whole or not at all, whatever happens to their writer."""

import os
import signal
import subprocess
import sys
import time
import types

import pytest

from nfm_tutorial import files
from nfm_tutorial.files import replacing, writable
from nfm_tutorial.models import FM
from nfm_tutorial.storage import load, save

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions, links or signals")


def names(folder):
    return sorted(os.listdir(folder))


def test_the_file_appears_at_the_end_and_alone(tmp_path):
    path = tmp_path / "new.txt"
    with replacing(path) as part:
        part.write_text("whole")
        assert not path.exists() and part.parent == tmp_path
    assert path.read_text() == "whole" and names(tmp_path) == ["new.txt"]


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_permissions_are_kept_also_while_writing(tmp_path, mode):
    path = tmp_path / "kept.txt"
    path.write_text("old")
    path.chmod(mode)
    with replacing(path) as part:
        assert part.stat().st_mode & 0o777 == mode, "others could read what is being written"
        part.write_text("new")
    assert path.stat().st_mode & 0o777 == mode and path.read_text() == "new"


@POSIX
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain.txt").write_text("")
    with replacing(tmp_path / "new.txt"):
        pass
    assert (tmp_path / "new.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode


@POSIX
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "there" / "file.txt")
    with replacing(tmp_path / "link.txt") as part:
        part.write_text("new")
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "there" / "file.txt").read_text() == "new"
    assert names(tmp_path) == ["link.txt", "there"] and names(tmp_path / "there") == ["file.txt"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("no")])
@pytest.mark.parametrize("old", [None, "old"])
def test_an_error_leaves_what_was_there(tmp_path, error, old):
    path = tmp_path / "file.txt"
    if old:
        path.write_text(old)
    with pytest.raises(type(error)), replacing(path) as part:
        part.write_text("half")
        raise error
    assert names(tmp_path) == (["file.txt"] if old else [])
    assert not old or path.read_text() == old


def test_of_two_writers_at_once_each_is_whole_and_the_last_one_stays(tmp_path):
    path = tmp_path / "file.txt"
    with replacing(path) as one:
        one.write_text("one")
        with replacing(path) as other:
            other.write_text("other")
        assert path.read_text() == "other" and one.read_text() == "one"
    assert path.read_text() == "one" and names(tmp_path) == ["file.txt"]


@pytest.mark.parametrize("name", ["model[1]*.pt", "影" * 85, "a.b.c"], ids=["pattern", "long", "dots"])
def test_any_name_will_do(tmp_path, name):
    if os.name == "nt" and "*" in name:
        name = name.replace("*", "")
    for text in ("one", "two"):
        with replacing(tmp_path / name) as part:
            part.write_text(text)
    assert names(tmp_path) == [name] and (tmp_path / name).read_text() == "two"


@POSIX
def test_parts_of_dead_processes_go_and_nothing_else(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    gone = f".file.txt.{dead.pid}.0a1b2c3d.part"
    stay = [f".file.txt.{os.getpid()}.0a1b2c3d.part", f".other.txt.{dead.pid}.0a1b2c3d.part"]
    stay += [".file.txt.mine.part", ".file.txt.notes.of.me.part", "file.txt.part"]  # a reader's own
    for name in [gone, *stay]:
        (tmp_path / name).write_text("half")
    with replacing(tmp_path / "file.txt"):
        pass
    assert names(tmp_path) == sorted([*stay, "file.txt"])


def test_on_windows_nothing_is_asked_of_a_process(tmp_path, monkeypatch):
    part = tmp_path / "part"
    part.write_text("half")
    monkeypatch.setattr(files, "os", types.SimpleNamespace(name="nt"))  # os.kill would end the process there
    assert files._is_being_written(part, 1)
    os.utime(part, (time.time() - 7200,) * 2)
    assert not files._is_being_written(part, 1)


@pytest.mark.parametrize("path, got", [(None, "NoneType"), (3, "int"), (b"x", "bytes"), ("", "an empty text")])
def test_what_is_no_path_is_named(path, got):
    for check in (writable, lambda path: replacing(path).__enter__()):
        with pytest.raises(ValueError, match=f"path of a file is needed, got {got}"):
            check(path)


def test_places_that_cannot_be_written_are_named(tmp_path):
    with pytest.raises(IsADirectoryError, match="it is a folder; name a file"):
        writable(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere does not exist; make it first"):
        writable(tmp_path / "nowhere" / "file.txt")
    assert writable(tmp_path / "file.txt") == (tmp_path / "file.txt").resolve() and names(tmp_path) == []


@POSIX
def test_a_device_is_not_replaced():
    with pytest.raises(ValueError, match="cannot write /dev/null: it is a device"):
        writable("/dev/null")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match="cannot write .*Permission denied; choose another place"):
            writable(tmp_path / "file.txt")
    finally:
        tmp_path.chmod(0o700)


KILLED = """
import sys, time, torch
from nfm_tutorial.models import FM
from nfm_tutorial.storage import save

def half(state, file):
    file.write(b"half of it")
    file.flush()
    print("writing", flush=True)
    time.sleep(60)

torch.save = half
save(sys.argv[1], FM(50, 4, seed=1))
"""


@POSIX
def test_a_killed_save_leaves_the_old_model_and_the_next_save_cleans_up(tmp_path):
    path = tmp_path / "model.pt"
    save(path, FM(50, 4, seed=0))
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "writing\n"
    save(path, FM(50, 4, seed=0))  # leaves alone what another process is writing
    assert len(names(tmp_path)) == 2
    old = path.read_bytes()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert path.read_bytes() == old and load(path)[0].config["seed"] == 0
    assert len(names(tmp_path)) == 2, "the killed process was not in the middle of writing"
    save(path, FM(50, 4, seed=2))
    assert names(tmp_path) == ["model.pt"] and load(path)[0].config["seed"] == 2

"""Downloads from a server on this machine: what arrives is verified, and nothing half-written stays."""

import errno
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pooch
import pytest

from nfm_tutorial import data
from nfm_tutorial.data.download import SOURCES, git_blob_id

NAMES = ["frappe.train.libfm", "frappe.validation.libfm", "frappe.test.libfm"]
CONTENT = {name: f"1 {i}:1\n-1 {i + 3}:1\n".encode() * 20_000 for i, name in enumerate(NAMES)}


def blob_id(content):
    return hashlib.sha1(b"blob " + str(len(content)).encode() + b"\0" + content).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT under /good/; other folders misbehave for the second file."""

    def do_GET(self):
        self.server.requests.append(self.path)
        _, kind, name = self.path.split("/")
        content = CONTENT[name]
        trouble = name == NAMES[1] and kind
        if trouble == "absent":
            return self.send_error(404)
        if trouble == "broken-server":
            return self.send_error(500)
        if trouble == "changed":
            content = content.replace(b"-1", b"+1")
        if trouble == "short":
            content = content[:-1]
        if trouble == "login-page":
            content = b"<html>Please log in to this network</html>"
        self.send_response(200)
        if trouble != "breaks-unnoticed":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        if trouble in ("breaks", "breaks-unnoticed"):
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        self.wfile.write(content[len(content) // 2 :])

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """The address of a running server; `server.requests` lists what was asked for."""
    files = {name: blob_id(content) for name, content in CONTENT.items()}
    monkeypatch.setitem(SOURCES, "frappe", SOURCES["frappe"]._replace(files=files))
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(variable, "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.requests, running.url = [], f"http://127.0.0.1:{running.server_address[1]}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_the_real_source_is_pinned():
    source = SOURCES["frappe"]
    assert "/ca2a5d11b929816aa44c6e470e795af144608507/data/frappe/" in source.base_url
    assert source.files == {
        "frappe.train.libfm": "176b2aaf1f63dd13d3e66a5c17c8ec8186e91893",
        "frappe.validation.libfm": "50b9c04bcf58dcb46d0b0070d3d6f88b45c9baab",
        "frappe.test.libfm": "d7cdd03f0e2415c97618de617f20bedd50e8fce7",
    }


def test_blob_id_is_what_git_says(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    assert git_blob_id(tmp_path / "empty") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # known to every git user
    (tmp_path / "some").write_bytes(b"1 2:3\r\n\0")
    if shutil.which("git"):
        command = ["git", "hash-object", "--no-filters", "some"]
        assert subprocess.check_output(command, cwd=tmp_path, text=True).strip() == git_blob_id(tmp_path / "some")


def test_download_shows_the_terms_and_verifies(tmp_path, server, capsys):
    folder = data.download("frappe", tmp_path / "new" / "frappe", base_url=server.url + "/good/", progress=False)
    assert folder == tmp_path / "new" / "frappe"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT
    shown = capsys.readouterr().out
    assert shown.index("do not redistribute") < shown.index("frappe.train.libfm downloaded and verified")
    assert "research purposes only" in shown and "arXiv 1505.03014" in shown
    assert len(data.read_libfm_folder(folder).train) == 40_000


def test_default_folder_is_below_the_data_folder(tmp_path, server, monkeypatch):
    monkeypatch.setenv("NFM_TUTORIAL_DATA", str(tmp_path))
    assert data.download(base_url=server.url + "/good", progress=False) == tmp_path / "downloads" / "frappe"
    assert sorted(os.listdir(tmp_path / "downloads" / "frappe")) == sorted(NAMES)


def test_correct_files_are_kept_and_wrong_ones_replaced(tmp_path, server, capsys):
    (tmp_path / NAMES[0]).write_bytes(CONTENT[NAMES[0]])
    (tmp_path / NAMES[2]).write_bytes(CONTENT[NAMES[2]] + b"\n")
    data.download("frappe", tmp_path, server.url + "/good", progress=False)
    assert server.requests == [f"/good/{name}" for name in NAMES[1:]]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == CONTENT
    assert "frappe.train.libfm is there already and correct" in capsys.readouterr().out
    data.download("frappe", tmp_path, "http://127.0.0.1:9/", progress=False)  # nothing to ask for


@pytest.mark.parametrize("kept", [None, b"what was here before\n"])
@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ("breaks", ConnectionError, "validation.libfm could not be downloaded: the connection broke"),
        ("breaks-unnoticed", ValueError, "gave another file than expected.*cut short"),
        ("absent", ConnectionError, "the server answered 404 Not Found"),
        ("broken-server", ConnectionError, "the server answered 500"),
        ("changed", ValueError, "validation.libfm gave another file than expected: git blob id"),
        ("short", ValueError, "gave another file than expected"),
        ("login-page", ValueError, r"\(42 bytes\) instead of"),
    ],
)
def test_trouble_on_the_way_is_named_and_leaves_nothing(tmp_path, server, kind, error, message, kept):
    if kept:
        (tmp_path / NAMES[1]).write_bytes(kept)
    with pytest.raises(error, match=message):
        data.download("frappe", tmp_path, f"{server.url}/{kind}", progress=False)
    # The first file is whole and verified; the second is as it was; no trace of a partial file.
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert left == {NAMES[0]: CONTENT[NAMES[0]], **({NAMES[1]: kept} if kept else {})}
    data.download("frappe", tmp_path, server.url + "/good", progress=False)  # trying again goes on from there
    assert server.requests.count(f"/good/{NAMES[0]}") == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == CONTENT


def test_no_network(tmp_path, server):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    with pytest.raises(ConnectionError, match="no connection to the server.*Check the network.*with a browser"):
        data.download("frappe", tmp_path, url, progress=False)
    assert os.listdir(tmp_path) == []


def test_silent_server_is_given_up(tmp_path, server, monkeypatch):
    original = pooch.HTTPDownloader

    def impatient(**arguments):
        assert arguments["timeout"] == 30
        return original(**{**arguments, "timeout": 0.2})

    monkeypatch.setattr(pooch, "HTTPDownloader", impatient)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(ConnectionError, match="did not answer within 30 seconds"):
            data.download("frappe", tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}/", progress=False)
    assert os.listdir(tmp_path) == []


def test_disk_that_runs_full_while_writing(tmp_path, server):
    resource = pytest.importorskip("resource")  # a limit on the size of files stands for the full disk
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OSError, match="can't write to .*Make room or choose another folder") as caught:
            data.download("frappe", tmp_path, server.url + "/good", progress=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not isinstance(caught.value, ConnectionError)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_error_keeps_its_kind(tmp_path, server, monkeypatch, code):
    def write(self, url, output_file, pooch):
        with open(output_file, "wb") as file:
            file.write(b"1 2:")
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", write)
    with pytest.raises(OSError, match=f"can't write to .*{os.strerror(code)}. Nothing half-written") as caught:
        data.download("frappe", tmp_path, server.url + "/good", progress=False)
    assert caught.value.errno == code and os.listdir(tmp_path) == []


def test_what_a_killed_download_left_goes_with_the_next(tmp_path, server):
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    (tmp_path / f".{NAMES[1]}.{dead.pid}.0a1b2c3d.part").write_bytes(b"1 2:")
    data.download("frappe", tmp_path, server.url + "/good", progress=False)
    assert sorted(os.listdir(tmp_path)) == sorted(NAMES)


def test_folder_in_the_place_of_a_file(tmp_path, server):
    (tmp_path / NAMES[0]).mkdir()
    with pytest.raises(OSError, match="can't write to .*it is a folder.*choose another folder"):
        data.download("frappe", tmp_path, server.url + "/good", progress=False)
    assert os.listdir(tmp_path) == [NAMES[0]] and server.requests == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(tmp_path, server):
    tmp_path.chmod(0o500)
    try:
        for folder in (tmp_path, tmp_path / "new"):
            with pytest.raises(PermissionError, match="can't write to .*choose another folder"):
                data.download("frappe", folder, server.url + "/good", progress=False)
    finally:
        tmp_path.chmod(0o700)
    assert os.listdir(tmp_path) == []


def test_file_in_the_place_of_the_folder(tmp_path, server):
    (tmp_path / "file").write_bytes(b"mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match="can't write to .*choose another folder"):
            data.download("frappe", folder, server.url + "/good", progress=False)
    assert (tmp_path / "file").read_bytes() == b"mine" and server.requests == []


def test_interrupted_by_the_reader(tmp_path, server, monkeypatch):
    def write(self, url, output_file, pooch):
        with open(output_file, "wb") as file:
            file.write(b"1 2:")
        raise KeyboardInterrupt

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", write)
    with pytest.raises(KeyboardInterrupt):
        data.download("frappe", tmp_path, server.url + "/good", progress=False)
    assert os.listdir(tmp_path) == []


def test_unknown_data_set():
    with pytest.raises(ValueError, match="name 'movielens' is unknown; choose one of 'frappe'"):
        data.download("movielens")


def test_importing_the_data_imports_nothing_that_warns_in_a_notebook():
    code = "import sys, nfm_tutorial.data, nfm_tutorial.notebook; print({'pooch', 'tqdm.auto'} & sys.modules.keys())"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"

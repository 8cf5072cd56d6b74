"""tools/execute_notebooks.py: notebooks as they are committed, or left as they were."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

TOOL = Path(__file__).resolve().parents[1] / "tools" / "execute_notebooks.py"


@pytest.fixture(scope="module")
def tool():
    """The tool as a module; what it sets for its kernels does not outlive the tests."""
    before = dict(os.environ)
    spec = importlib.util.spec_from_file_location("execute_notebooks", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    os.environ.clear()
    os.environ.update(before)


def write(path, *sources):
    cells = [new_markdown_cell("# Title"), *(new_code_cell(source) for source in sources)]
    cells[-1].metadata = {"tags": ["nbval-ignore-output"], "collapsed": True}
    metadata = {"jupytext": {}, "language_info": {"name": "python", "version": "0"}}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


def test_a_notebook_runs_in_its_folder_and_keeps_only_what_one_run_determines(tool, tmp_path):
    path = write(
        tmp_path / "01_a b.ipynb",
        "import os, pathlib, sys",
        "print(pathlib.Path.cwd().name, os.environ['TQDM_DISABLE'])\nprint(sys.executable)",
    )
    assert tool.main([str(path)]) == 0
    nb = nbformat.read(path, as_version=4)
    assert [cell.get("execution_count") for cell in nb.cells] == [None, 1, 2]
    (output,) = nb.cells[2].outputs
    folder, interpreter = output.text.splitlines()
    assert folder == f"{tmp_path.name} 1"
    assert Path(interpreter).resolve() == Path(sys.executable).resolve()
    assert nb.metadata.keys() == {"kernelspec", "language_info"} and "version" not in nb.metadata.language_info
    assert [cell.metadata for cell in nb.cells] == [{}, {}, {"tags": ["nbval-ignore-output"]}]
    assert b"\r" not in path.read_bytes() and path.read_bytes().endswith(b"}\n")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]

    first = path.read_bytes()
    assert tool.main([str(path)]) == 0
    assert path.read_bytes() == first


@pytest.mark.parametrize("source", ["1 / 0", "import sys\nprint('noise', file=sys.stderr)"])
def test_a_failing_notebook_stays_as_it_was_and_the_others_run(tool, tmp_path, capsys, source):
    bad, good = write(tmp_path / "01_bad.ipynb", source), write(tmp_path / "02_good.ipynb", "print(1)")
    before = bad.read_bytes()
    assert tool.main([str(tmp_path)]) == 1
    assert bad.read_bytes() == before
    assert nbformat.read(good, as_version=4).cells[1].execution_count == 1
    printed = capsys.readouterr()
    assert "01_bad.ipynb: FAILED" in printed.err and ("ZeroDivisionError" in printed.err or "noise" in printed.err)
    assert printed.out.startswith("02_good.ipynb: ")


def test_a_missing_notebook_is_named(tool, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such notebook or folder: .*03_none"):
        tool.main([str(tmp_path / "03_none.ipynb")])


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_notebook_and_nothing_else(tool, tmp_path, monkeypatch, error):
    path = write(tmp_path / "01_a.ipynb", "print(1)")
    before = path.read_bytes()
    monkeypatch.setattr(tool, "execute", lambda nb, folder: None)

    def fails(*_):
        raise error

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(type(error)):
        tool.main([str(path)])
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions and ends processes in another way")
def test_permissions_stay_and_what_a_killed_run_left_goes(tool, tmp_path, monkeypatch):
    path = write(tmp_path / "01_a.ipynb", "print(1)")
    path.chmod(0o640)
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    (tmp_path / f".{path.name}.{dead.pid}.0a1b2c3d.part").write_text("{")
    monkeypatch.setattr(tool, "execute", lambda nb, folder: None)
    assert tool.main([str(path)]) == 0
    assert path.stat().st_mode & 0o777 == 0o640 and [p.name for p in tmp_path.iterdir()] == [path.name]

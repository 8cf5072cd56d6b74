"""The doctor says what is wrong and what to do, and never raises, whatever is broken."""

import os
import re
import subprocess
import sys

import pytest

from nfm_tutorial.course import DOCTOR, doctor, how_to_ask
from nfm_tutorial.course.doctor import FAIL, NOTE, OK, ROOT, Finding

CHECKS = ["python", "environment", "packages", "package", "kernel", "threads", "tables", "notebooks", "copy", "fonts"]
SLOW = ["packages", "package", "kernel", "fonts"]  # they start Python, once or more


@pytest.fixture
def fast(monkeypatch):
    for name in SLOW:
        monkeypatch.setattr(doctor, name, lambda: Finding("slow", OK, "not tried here"))
    return monkeypatch


def broken(tmp_path, monkeypatch, **modules):
    """Modules that stand before the installed ones of the same name."""
    for name, text in modules.items():
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))


def test_everything_in_order_is_exit_code_0_and_a_block_to_send(fast, capsys):
    fast.setenv("OMP_NUM_THREADS", "1")
    code = doctor.doctor()
    shown, block = capsys.readouterr().out.split("--- To ask for help")
    assert code == 0, shown
    assert all(re.match(r"(OK  |NOTE|FAIL) \S.*: ", line) for line in shown.splitlines()[:-2] if line)
    assert "FAIL" not in shown and "in order" in shown and "100,004 rows" in shown and "9,066 rows" in shown
    assert "The message, all of it:" in block and "torch " in block and "Python 3." in block


@pytest.mark.parametrize("name", [*CHECKS, "room"])
def test_a_check_that_fails_is_a_line_and_the_others_go_on(fast, capsys, name):
    def fails():
        raise RuntimeError("no such thing")

    fails.__name__ = name
    fast.setattr(doctor, name, fails)
    assert doctor.doctor() == 1
    out = capsys.readouterr().out
    assert f"FAIL {name}: the check itself failed (RuntimeError: no such thing)" in out and "--- to here ---" in out


def test_even_the_facts_can_be_missing(fast, capsys):
    fast.setattr(doctor, "_declared", lambda: 1 / 0)
    fast.setattr(doctor.shutil, "which", lambda name: None)
    fast.setenv("PATH", "")  # no git
    doctor.doctor()
    assert "no git" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ((3, 10, 9), "needs Python 3.11 to 3.14"),
        ((3, 15, 0), "needs Python 3.11 to 3.14"),
        ((3, 14, 1), "3.14.2"),
        ((3, 14, 2), ""),
    ],
)
def test_the_version_of_python(monkeypatch, version, says):
    monkeypatch.setattr(doctor.sys, "version_info", version)
    found = doctor.python()
    assert says in found.remedy and (found.state == FAIL) == bool(says)


def test_the_pythons_are_those_of_the_makefile():
    assert f"not {doctor.OLDEST} <= sys.version_info < (3, {doctor.NEWEST[1] + 1})" in (ROOT / "Makefile").read_text()


def test_packages_that_break_in_every_way_are_named(tmp_path, monkeypatch):
    """The imports run in another process: an error, a missing DLL, an exit and a crash each become a line."""
    wanted = {"good": "", "missing": ">=1", "old": ">=2", "dll": "", "leaves": "", "dies": "", "never": ""}
    installed = {name: "1.9" for name in wanted if name != "missing"}
    broken(
        tmp_path,
        monkeypatch,
        good="print('hello')",
        old="",
        dll="raise OSError('no such DLL')",
        leaves="raise SystemExit(3)",
        dies="import os; os._exit(3)",
    )
    monkeypatch.setattr(doctor, "_declared", lambda: wanted)
    monkeypatch.setattr(doctor, "_installed", installed.get)
    found = {finding.what: str(finding) for finding in doctor.packages()}
    assert found.keys() == wanted.keys() - {"good"} and all(line.startswith("FAIL") for line in found.values())
    expected = {"missing": "not installed", "old": "1.9 is not >=2", "dll": "OSError: no such DLL"}
    expected |= {"leaves": "SystemExit: 3", "dies": "crashed", "never": "not tried"}
    assert all(text in found[name] and "-> python -m pip install" in found[name] for name, text in expected.items())


def test_a_file_of_the_learner_that_hides_a_package_is_named(tmp_path, monkeypatch):
    (tmp_path / "pooch.py").write_text("")
    monkeypatch.setattr(doctor, "_folder", lambda: tmp_path)
    trouble, _ = doctor._try_imports(["pooch"])["pooch"]
    assert "your file" in trouble and "pooch.py hides it" in trouble


@pytest.mark.parametrize(
    ("version", "bounds", "inside"),
    [
        ("2.13.0+cpu", ">=2.13,<3", True),
        ("2.13", ">=2.13.0", True),
        ("2.9.1", ">=2.13,<3", False),
        ("3.0.0", ">=2.13,<3", False),
        ("3.0.0rc1", "<3", False),
        ("26.1", ">=1.4", True),
        ("1", "", True),
    ],
)
def test_versions_and_bounds(version, bounds, inside):
    assert doctor._within(version, bounds) == inside


def test_it_reads_the_bounds_of_pyproject():
    declared = doctor._declared()
    assert declared["torch"] == ">=2.13,<3" and len(declared) >= 10
    assert all(re.fullmatch(r"((>=|<)[\d.]+,?)+", bounds) for bounds in declared.values())


def test_the_package_is_looked_for_from_outside_its_folder(tmp_path, monkeypatch):
    assert doctor.package().state == OK
    (tmp_path / "nfm_tutorial").mkdir()
    (tmp_path / "nfm_tutorial" / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert "not from" in str(doctor.package()) and doctor.package().state == FAIL
    (tmp_path / "nfm_tutorial" / "__init__.py").write_text("import torch_is_not_there")
    assert "ModuleNotFoundError" in str(doctor.package()) and doctor.INSTALL in str(doctor.package())


@pytest.mark.parametrize(
    ("answer", "state", "says"),
    [
        ((f"{sys.prefix}\n/x/nfm_tutorial/__init__.py\n", ""), OK, "in this environment"),
        (("/another/env\n/x/__init__.py\n", ""), FAIL, "runs in /another/env"),
        (("ModuleNotFoundError No module named 'nfm_tutorial'\n", ""), FAIL, doctor.INSTALL),
        (("", "NoSuchKernel: No such kernel named python3"), FAIL, "No such kernel"),
        (("", "no answer within 150 seconds"), FAIL, "kernelspec list"),
    ],
)
def test_the_kernel(monkeypatch, answer, state, says):
    monkeypatch.setattr(doctor, "_elsewhere", lambda *_: answer)
    assert (doctor.kernel().state, says in str(doctor.kernel())) == (state, True), doctor.kernel()


@pytest.mark.parametrize(("value", "state"), [("1", OK), (None, NOTE), ("two", FAIL), ("0", FAIL), ("9999", FAIL)])
def test_threads(monkeypatch, value, state):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if value is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert doctor.threads().state == state


def test_tables_that_are_missing_cut_short_or_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("NFM_TUTORIAL_DATA", str(tmp_path))
    assert all("is not there" in str(f) and "git checkout" in str(f) for f in doctor.tables())
    good = (ROOT / "data" / "movies.csv.gz").read_bytes()
    (tmp_path / "movies.csv.gz").write_bytes(good)
    (tmp_path / "ratings.csv.gz").write_bytes(good[:-100])
    ratings, movies = doctor.tables()
    assert "can't be read" in str(ratings) and (ratings.state, movies.state) == (FAIL, OK)
    (tmp_path / "ratings.csv.gz").write_bytes(doctor.gzip.compress(b"user,movie\n1,2\n"))
    assert "1 rows, not the checksum" in str(doctor.tables()[0])


def test_notebooks_that_were_changed_are_named(monkeypatch):
    monkeypatch.setattr(doctor, "_git", lambda *_: " M notebooks/01_a.ipynb\n?? notebooks/mine.ipynb")
    monkeypatch.setattr(doctor.shutil, "which", lambda name: "git")
    found = str(doctor.notebooks())
    assert found.startswith("NOTE") and "notebooks/01_a.ipynb, notebooks/mine.ipynb" in found and "make lab" in found


def test_fonts(monkeypatch):
    monkeypatch.setattr(doctor, "_elsewhere", lambda *_: ('["DejaVu Sans", "Noto Sans CJK SC"]\n', ""))
    assert doctor.fonts().state == OK and "Noto Sans CJK SC" in doctor.fonts().found
    monkeypatch.setattr(doctor, "_elsewhere", lambda *_: ('["DejaVu Sans"]\n', ""))
    assert doctor.fonts().state == NOTE


def test_another_process_that_hangs_or_fails_is_an_answer():
    assert doctor._elsewhere(["-c", "print('é'); raise ValueError('x\\ny')"], 60) == ("é\n", "y")
    assert doctor._elsewhere(["-c", "import time; time.sleep(60)"], 0.5)[1] == "no answer within 0 seconds"


def test_what_is_sent_names_no_home_folder(monkeypatch):
    monkeypatch.setattr(doctor.Path, "home", lambda: doctor.Path("/home/lee"))
    assert str(Finding("a", OK, "/home/lee/course\nb", "do")) == "OK   a: ~/course b -> do"


def test_how_to_ask_names_the_command():
    assert DOCTOR in how_to_ask() and "\n" not in how_to_ask() and "nfm_tutorial doctor" in DOCTOR


def test_the_command_starts_where_pytorch_is_broken(tmp_path):
    """Up to the first line: the rest is tested above, and takes long."""
    (tmp_path / "torch.py").write_text("raise OSError('no such DLL')")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "nfm_tutorial", "doctor"]
    with subprocess.Popen(command, env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        first = process.stdout.readline().decode()
        process.terminate()
    assert first.startswith("OK   Python: "), first


def test_what_the_doctor_refers_to_is_there():
    text = (ROOT / "nfm_tutorial" / "course" / "doctor.py").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    headings = " ".join(line for line in guide.splitlines() if line.startswith("#"))
    assert text.count("docs/troubleshooting.md") == 3
    for name in ("kernel", "git pull", "Chinese letters"):
        assert name in headings
    for remedy in ("make clean", "make lab PYTHON=python3.12", DOCTOR):
        assert remedy in guide

"""What of an installation is in order, one line each, and what to send when asking for help.

It never raises. What may be broken is tried in another process, which may even crash. It knows nothing of the models.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .workspace import ROOT

OK, NOTE, FAIL = "OK", "NOTE", "FAIL"
OLDEST, NEWEST = (3, 11), (3, 14)
IMPORT_NAMES = {"scikit-learn": "sklearn", "pytest-xdist": "xdist"}
INSTALL = "python -m pip install -r requirements.lock -e ."
CJK_FONTS = r"CJK|Noto Sans (SC|TC|JP|KR)|SimHei|SimSun|Microsoft YaHei|PingFang|Hiragino|WenQuanYi|Heiti|Songti|Malgun"

# Run elsewhere: prints one JSON line per package, before and after its import, so that a crash shows where.
IMPORTS = """
import importlib, json, sys
for name in sys.argv[1:]:
    print(json.dumps([name, "crashed", ""]), flush=True)
    try:
        found = importlib.import_module(name)
        print(json.dumps([name, "", getattr(found, "__file__", None) or ""]), flush=True)
    except BaseException as error:
        print(json.dumps([name, f"{type(error).__name__}: {error}", ""]), flush=True)
"""
FONTS = "import json; from matplotlib import font_manager as m; print(json.dumps(sorted(m.get_font_names())))"
# A kernel, started as JupyterLab starts it. The last line that it prints is what counts.
KERNEL = """
import sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3", startup_timeout=60)
try:
    code = "import sys, nfm_tutorial; print(sys.prefix, nfm_tutorial.__file__, sep=chr(10))"
    reply = client.execute_interactive(code, timeout=60)["content"]
    if reply["status"] != "ok":
        print(reply.get("ename"), reply.get("evalue"))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
"""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: what, how it stands, and what to do about it."""

    what: str
    state: str
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{self.state:4} {self.what}: {self.found}" + (f" -> {self.remedy}" if self.remedy else "")
        return " ".join(_short(line).split("\n")).rstrip()


def doctor() -> int:
    """Print every finding and a block to send. Returns 0, or 1 if something is not in order."""
    findings = []
    for check in (python, environment, packages, package, kernel, threads, tables, notebooks, copy, fonts, room):
        try:
            result = check()
        except Exception as error:  # the doctor's own defect is a finding, too
            result = Finding(check.__name__, FAIL, f"the check itself failed ({type(error).__name__}: {error})")
        for finding in result if isinstance(result, list) else [result]:
            findings.append(finding)
            print(finding, flush=True)
    bad = [finding for finding in findings if finding.state == FAIL]
    print(f"\n{len(bad)} not in order; see FAIL above." if bad else "\nEverything that the series needs is in order.")
    print("\n--- To ask for help, send this, filled in ---")
    print("Exercise, or chapter and section:\nWhat you did:\nThe message, all of it:")
    for line in [*_facts(), *map(str, [finding for finding in findings if finding.state != OK])]:
        print(line)
    print("--- to here ---")
    return 1 if bad else 0


def python() -> Finding:
    """The version of Python."""
    version, wanted = sys.version_info, f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
    remedy = ""
    if not OLDEST <= version[:2] <= NEWEST:
        remedy = f"the series needs Python {wanted}: make clean, then make lab PYTHON=python3.12"
    elif version[:3] == (3, 14, 1):
        remedy = "networkx, which PyTorch needs, refuses 3.14.1 for a bug; take 3.14.2"
    elif sys.maxsize < 2**32:
        remedy = "PyTorch has no packages for a 32-bit Python; install the 64-bit one"
    return Finding("Python", FAIL if remedy else OK, platform.python_version(), remedy)


def environment() -> Finding:
    """Which environment this is; the project's own, if it has one."""
    kind = "a virtual environment" if sys.prefix != sys.base_prefix else "none, the system's Python"
    kind = "conda" if (Path(sys.prefix) / "conda-meta").is_dir() else kind
    own = ROOT / ".venv"
    if own.is_dir() and Path(sys.prefix).resolve() != own.resolve():
        do = "if packages are missing here, start with make lab, or activate .venv first"
        return Finding("environment", NOTE, f"{kind} ({sys.prefix}), not the project's .venv", do)
    return Finding("environment", OK, f"{kind} ({sys.prefix})")


def packages() -> list[Finding]:
    """Each package that the project declares: there, in range, and importable from the notebooks' folder."""
    wanted = _declared()
    imported = _try_imports([IMPORT_NAMES.get(name, name) for name in wanted])
    versions, wrong = [], []
    for name, bounds in wanted.items():
        version = _installed(name)
        trouble, _ = imported.get(IMPORT_NAMES.get(name, name), ("not tried, for the one before crashed", ""))
        versions.append(f"{name} {version}")
        if version is None:
            wrong.append(Finding(name, FAIL, "not installed in this environment", INSTALL))
        elif not _within(version, bounds):
            wrong.append(Finding(name, FAIL, f"{version} is not {bounds}", INSTALL))
        elif trouble:
            remedy = f"python -m pip install --force-reinstall --no-deps {name}=={version}"
            wrong.append(Finding(name, FAIL, f"{version} is installed, but its import fails ({trouble})", remedy))
    return wrong or [Finding("packages", OK, ", ".join(versions))]


def package() -> Finding:
    """nfm_tutorial: imported from this folder, also by what runs elsewhere."""
    trouble, where = _try_imports(["nfm_tutorial"])["nfm_tutorial"]
    if trouble:
        return Finding("nfm_tutorial", FAIL, f"can't be imported outside its folder ({trouble})", INSTALL)
    if Path(where).resolve().parents[1] != ROOT:
        return Finding("nfm_tutorial", FAIL, f"comes from {Path(where).parent}, not from {ROOT}", INSTALL)
    return Finding("nfm_tutorial", OK, f"{_version()}, from {ROOT}")


def kernel() -> Finding:
    """The kernel "python3" that JupyterLab starts: it answers, from this environment, and finds the package."""
    out, trouble = _elsewhere(["-c", KERNEL], 150)
    lines = out.strip().splitlines()[-2:]
    remedy = "`jupyter kernelspec list` shows where python3 comes from; then see docs/troubleshooting.md, kernel"
    if trouble or len(lines) < 2:
        why = trouble or " ".join(lines) or "no answer"
        return Finding("kernel", FAIL, f"python3 does not work ({why})", INSTALL if "nfm_tutorial" in why else remedy)
    if Path(lines[0]).resolve() != Path(sys.prefix).resolve():
        return Finding("kernel", FAIL, f"python3 runs in {lines[0]}, not in {sys.prefix}", remedy)
    return Finding("kernel", OK, "python3 starts, in this environment, and imports nfm_tutorial")


def threads() -> Finding:
    """OMP_NUM_THREADS, which PyTorch obeys."""
    text, cores = os.environ.get("OMP_NUM_THREADS"), os.cpu_count() or 1
    if text is None:
        do = "notebooks take 1; for your own scripts set OMP_NUM_THREADS=1, on busy cores much faster"
        return Finding("threads", NOTE, f"OMP_NUM_THREADS is not set, {cores} cores", do)
    if not text.isdecimal() or int(text) < 1:
        return Finding("threads", FAIL, f"OMP_NUM_THREADS is {text!r}", "set it to 1")
    if int(text) > cores:
        return Finding("threads", FAIL, f"OMP_NUM_THREADS is {text}, with {cores} cores: slow", "set it to 1")
    return Finding("threads", OK, f"OMP_NUM_THREADS is {text}, {cores} cores")


def tables() -> list[Finding]:
    """The shipped tables: their unpacked bytes are those of the data card."""
    folder = Path(os.environ.get("NFM_TUTORIAL_DATA") or ROOT / "data")
    card = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    again, found = "get the file again: git checkout -- data", []
    for name in ("ratings.csv", "movies.csv"):
        path = folder / f"{name}.gz"
        try:
            content = gzip.decompress(path.read_bytes())
        except FileNotFoundError:
            found.append(Finding("data", FAIL, f"{path} is not there", again))
            continue
        except Exception as error:  # zlib.error, EOFError, OSError: no reader of gzip says which
            found.append(Finding("data", FAIL, f"{path} can't be read ({error})", again))
            continue
        rows = f"{path.name}: {content.count(bytes([10])) - 1:,} rows"
        if hashlib.sha256(content).hexdigest() in card:
            found.append(Finding("data", OK, f"{rows}, checksum as in data/README.md"))
        else:
            found.append(Finding("data", FAIL, f"{rows}, not the checksum of data/README.md", again))
    return found


def notebooks() -> Finding:
    """The course's notebooks, as git has them: changes there get in the way of git pull."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        return Finding("notebooks", OK, "no git here, so nothing to compare with")
    out = _git("status", "--porcelain", "--", "notebooks")
    if out is None:
        return Finding("notebooks", NOTE, "git gives no answer here", "run git status in the project's folder")
    changed = [line[3:] for line in out.splitlines()]
    if changed:
        do = "work in my/ (make lab); docs/troubleshooting.md, `git pull`, says how to move what you wrote there"
        return Finding("notebooks", NOTE, f"changed in notebooks/: {', '.join(changed[:4])} ({len(changed)})", do)
    return Finding("notebooks", OK, "as git has them")


def copy() -> Finding:
    """The working copy."""
    folder = ROOT / "my"
    if not folder.is_dir():
        return Finding("working copy", NOTE, "there is none yet", "make lab, or python -m nfm_tutorial work")
    files = [p for p in folder.rglob("*.ipynb") if not any(q.startswith(".") for q in p.relative_to(folder).parts)]
    waiting = sum("(new version" in path.name for path in files)
    if not os.access(folder, os.W_OK):
        return Finding("working copy", FAIL, f"{folder} can't be written", "give yourself the right to write there")
    return Finding("working copy", OK, f"my/, {len(files)} notebooks, {waiting} of them new versions beside yours")


def fonts() -> Finding:
    """A font with Chinese letters, which only figures with such labels need."""
    out, trouble = _elsewhere(["-c", FONTS], 120)
    if trouble:
        return Finding("fonts", NOTE, f"matplotlib can't list them ({trouble})")
    found = [name for name in json.loads(out.strip().splitlines()[-1]) if re.search(CJK_FONTS, name)]
    if not found:
        do = "only for your own figures with Chinese labels: docs/troubleshooting.md"
        return Finding("fonts", NOTE, "none with Chinese, Japanese or Korean letters", do)
    return Finding("fonts", OK, f"with CJK letters: {', '.join(found[:2])}")


def room() -> Finding:
    """Free disk space where notebooks are saved."""
    free = shutil.disk_usage(ROOT).free / 1e9
    low = "make room: a save that fails loses what you wrote" if free < 0.2 else ""
    return Finding("disk", FAIL if low else OK, f"{free:.1f} GB free", low)


def _facts() -> list[str]:
    """What whoever helps needs to know: versions and machine, without names of people."""
    commit = _git("rev-parse", "--short", "HEAD") or "no git"
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{_memory()}"
    lines = [f"nfm_tutorial {_version()} ({commit}), Python {platform.python_version()}, {machine}"]
    try:
        wanted = [*_declared(), "ipykernel"]
        lines.append(", ".join(f"{name} {_installed(name) or 'missing'}" for name in wanted))
    except Exception as error:
        lines.append(f"packages unknown ({type(error).__name__})")
    return lines


def _declared() -> dict[str, str]:
    """{package: bounds} from pyproject.toml."""
    import tomllib  # Python 3.10 has none, and hears that it is too old

    with open(ROOT / "pyproject.toml", "rb") as file:
        texts = tomllib.load(file)["project"]["dependencies"]
    return dict(re.fullmatch(r"([A-Za-z0-9._-]+)\s*(.*)", text).groups() for text in texts)


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except Exception:  # PackageNotFoundError, or damaged metadata
        return None


def _within(version: str, bounds: str) -> bool:
    """Whether a version is in range. The bounds are those of pyproject.toml: >= and <."""

    def numbers(text):
        return [int(n) for n in re.match(r"[\d.]*", text)[0].split(".") if n]

    for sign, limit in re.findall(r"(>=|<)\s*([\d.]+)", bounds):
        have, need = numbers(version), numbers(limit)
        size = max(len(have), len(need))
        have, need = have + [0] * (size - len(have)), need + [0] * (size - len(need))
        if not (have >= need if sign == ">=" else have < need):
            return False
    return True


def _try_imports(names: list[str]) -> dict[str, tuple[str, str]]:
    """{name: (what went wrong or "", its file)}, from another process."""
    out, _ = _elsewhere(["-c", IMPORTS, *names], 300)
    found = {}
    for line in out.splitlines():
        try:
            name, trouble, where = json.loads(line)
        except ValueError:
            continue  # what a package printed
        hidden = where and Path(where).resolve().parent == _folder().resolve()
        found[name] = (f"your file {where} hides it; rename that file" if hidden else trouble, where)
    return found or {name: ("Python did not start", "") for name in names}


def _elsewhere(arguments: list[str], seconds: float) -> tuple[str, str]:
    """What this Python prints when run in the notebooks' folder, and what went wrong or ""."""
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=_folder(),
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer within {seconds:.0f} seconds"
    except OSError as error:
        return "", str(error)
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    if done.returncode:
        return out, (err.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return out, ""


def _folder() -> Path:
    return next((f for f in (ROOT / "my", ROOT / "notebooks") if f.is_dir()), Path(tempfile.gettempdir()))


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return None
    return None if done.returncode else done.stdout.decode("utf-8", "replace").rstrip()


def _version() -> str:
    from .. import __version__

    return __version__


def _memory() -> str:
    try:
        return f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB of memory"
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return ""


def _short(text: str) -> str:
    """Without the name of the user's folder, for the text is sent to others."""
    home = str(Path.home())
    return text.replace(home, "~") if len(home) > 1 else text

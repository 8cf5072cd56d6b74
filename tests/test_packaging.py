"""pyproject.toml, requirements.lock and environment.yml say the same; the commands do what they promise."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread, Timer

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
PYTHONS = [f"3.{minor}" for minor in range(11, 15)]
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
PLATFORMS = {
    "linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    "macos": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    "windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def lines(text):
    """Lines without comments and blank ones."""
    stripped = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    return [line for line in stripped if line]


def declared(text):
    """pyproject.toml: {name: bounds} of the package and its tests, and the bounds of Python."""
    project = tomllib.loads(text)["project"]
    requirements = [Requirement(r) for r in project["dependencies"] + project["optional-dependencies"]["test"]]
    return {canonicalize_name(r.name): r.specifier for r in requirements}, SpecifierSet(project["requires-python"])


def locked(text):
    """requirements.lock: its requirements, each with one exact version and perhaps a marker."""
    return [Requirement(line) for line in lines(text)]


def chosen(requirements, python, platform):
    """{name: version} that pip takes from the lock on one Python and platform; an error if it takes two."""
    environment = {"python_version": python, "python_full_version": f"{python}.9", "implementation_name": "cpython"}
    environment |= {"platform_python_implementation": "CPython", "platform_machine": "x86_64"} | PLATFORMS[platform]
    found = {}
    for requirement in requirements:
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{name} is locked twice for Python {python} on {platform}"
            (exact,) = requirement.specifier
            assert exact.operator == "==" and "*" not in exact.version, f"{name} is not pinned"
            found[name] = Version(exact.version)
    return found


def conda(text):
    """environment.yml: {name: bounds} in pip's names, Python's bounds, PyTorch's build, and the lines for pip."""
    body = text.split("dependencies:", 1)[1]
    direct, _, pip = body.partition("- pip:")
    specs, builds = {}, {}
    for line in lines(direct):
        name, bounds, build, *_ = [*line.removeprefix("- ").split(), "", ""]
        specs[CONDA_NAMES.get(name, name)] = SpecifierSet(bounds)
        builds[CONDA_NAMES.get(name, name)] = build
    return specs, specs.pop("python"), builds["torch"], [line.removeprefix("- ") for line in lines(pip)]


def disagreements(pyproject, lock, environment):
    """What the three files do not say alike, as sentences."""
    (wanted, python), requirements = declared(pyproject), locked(lock)
    specs, conda_python, build, pip = conda(environment)
    found = []
    if unmatched := wanted.keys() ^ (specs.keys() - {"pip"}):
        found.append(f"only in one of pyproject.toml and environment.yml: {sorted(unmatched)}")
    for name in wanted.keys() & specs.keys():
        if wanted[name] != specs[name]:
            found.append(f"{name}: pyproject.toml says {wanted[name]}, environment.yml {specs[name]}")
    if not build.startswith("cpu"):
        found.append("environment.yml does not take the CPU build of PyTorch")
    if pip != ["-e ."]:
        found.append(f"environment.yml installs {pip} by pip, not the package alone")
    if "3.10" in python or "3.10" in conda_python:
        found.append("Python 3.10 is still supported")
    if (target := tomllib.loads(pyproject)["tool"]["ruff"]["target-version"]) != "py" + PYTHONS[0].replace(".", ""):
        found.append(f"ruff checks for {target}, not for the oldest Python")
    for minor in PYTHONS:
        if minor not in python or minor not in conda_python:
            found.append(f"Python {minor} is not supported everywhere")
        for platform in PLATFORMS:
            versions = chosen(requirements, minor, platform)
            for name, bounds in wanted.items():
                if name not in versions or versions[name] not in bounds:
                    found.append(f"{name} {bounds}: the lock has {versions.get(name)} for Python {minor} on {platform}")
    return found


def test_the_three_files_agree():
    assert disagreements(read("pyproject.toml"), read("requirements.lock"), read("environment.yml")) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("environment.yml", "  - scipy >=1.11.3\n", "", "only in one of .*'scipy'"),
        ("environment.yml", "  - tqdm >=4.66\n", "  - tqdm >=4.66\n  - polars >=1\n", "only in one of .*'polars'"),
        ("environment.yml", "numpy >=1.26", "numpy >=1.25", "numpy: pyproject.toml says"),
        ("environment.yml", "<3 cpu*", "<3", "CPU build"),
        ("environment.yml", "- -e .", "- torch", "not the package alone"),
        ("environment.yml", "python >=3.11", "python >=3.12", "Python 3.11 is not supported"),
        ("environment.yml", "<3.15", "<3.14", "Python 3.14 is not supported"),
        ("environment.yml", "python >=3.11", "python >=3.10", "Python 3.10 is still supported"),
        ("pyproject.toml", 'python = ">=3.11"', 'python = ">=3.10"', "Python 3.10 is still supported"),
        ("pyproject.toml", '"py311"', '"py310"', "ruff checks for py310"),
        ("pyproject.toml", "pooch>=1.8", "pooch>=99", "pooch >=99: the lock has"),
        ("requirements.lock", "\ntqdm==", "\ntqdm2==", "tqdm >=4.66: the lock has None for Python 3.11 on linux"),
        ("requirements.lock", "pandas==3.", "pandas==4.", "pandas <4,>=2.2.2: the lock has 4"),
    ],
)
def test_a_disagreement_is_found(name, old, new, message):
    files = {n: read(n) for n in ("pyproject.toml", "requirements.lock", "environment.yml")}
    assert old in files[name]
    files[name] = files[name].replace(old, new, 1)
    assert any(re.search(message, found) for found in disagreements(*files.values()))


def test_the_lock_pins_pytorch():
    (torch,) = [r for r in locked(read("requirements.lock")) if r.name == "torch"]
    assert (str(torch.specifier), torch.marker) == ("==2.13.0", None)


def test_the_lock_is_the_same_everywhere():
    """Names, versions and markers: no address, no local path, no options, no package of one graphics card."""
    for requirement in lines(read("requirements.lock")):
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; [\w.'\"<>=!*() ]+)?", requirement), requirement
        assert not re.match(r"nvidia|cuda|triton", requirement), requirement


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_has_one_version_of_each_package(python, platform):
    assert len(chosen(locked(read("requirements.lock")), python, platform)) > 100


def test_platform_packages_are_locked_where_they_are_needed():
    requirements = locked(read("requirements.lock"))
    assert "appnope" in chosen(requirements, "3.12", "macos")
    assert {"colorama", "pywinpty"} <= chosen(requirements, "3.12", "windows").keys()
    assert not {"appnope", "colorama", "pywinpty"} & chosen(requirements, "3.12", "linux").keys()


def unused(requirements):
    """What no supported Python and platform takes: left over from a Python that is no longer supported."""
    used = {(name, version) for p in PYTHONS for o in PLATFORMS for name, version in chosen(requirements, p, o).items()}
    return [str(r) for r in requirements if (r.name, Version(next(iter(r.specifier)).version)) not in used]


def test_every_line_of_the_lock_is_used():
    text = read("requirements.lock")
    assert unused(locked(text)) == []
    old = "tomli==2.5.0 ; python_full_version < '3.11'"
    assert unused(locked(f"{text}\n{old}\n")) == [str(Requirement(old))]


def test_ci_calls_make_test_and_nothing_else():
    commands = lines(read(".ci/run"))
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test"]
    assert read(".ci/run").startswith("#!/usr/bin/env bash\n")


def test_make_test_runs_each_check_once():
    recipe = read("Makefile").split("\ntest: ", 1)[1].split("\n\n", 1)[0]
    assert "ruff check && pytest && pytest --nbval notebooks/; " in " ".join(recipe.replace("\\", " ").split()) + " "
    assert (recipe.count("ruff"), recipe.count("pytest")) == (1, 2)


def installation(*variables):
    """The lines with which make would install."""
    command = ["make", "--dry-run", "--always-make", ".venv/installed", *variables]
    kept = {name: value for name, value in os.environ.items() if name not in ("TORCH_INDEX", "MAKEFLAGS")}
    return subprocess.run(command, cwd=ROOT, env=kept, capture_output=True, text=True, check=True).stdout.splitlines()


def pip_commands(lines):
    return [command for line in lines for command in re.findall(r"-m pip install[^|;]*", line)]


@needs_make
@pytest.mark.parametrize(
    ("variables", "index"),
    [
        pytest.param((), CPU_INDEX, marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux has the default")),
        (("TORCH_INDEX=https://mirror.example/cpu/",), "https://mirror.example/cpu/"),
    ],
)
def test_make_takes_pytorch_alone_from_an_index_of_cpu_builds_first(variables, index):
    first, second, *_ = pip_commands(installation(*variables))
    assert first.split()[3:] == f"--quiet --no-deps --index-url {index} --constraint requirements.lock torch".split()
    assert second.split()[3:] == "--quiet --requirement requirements.lock".split()


@needs_make
def test_an_empty_variable_leaves_pytorch_to_the_usual_index():
    found = installation("TORCH_INDEX=")
    assert "index-url" not in "".join(found) and "import urllib" not in "".join(found)
    assert pip_commands(found)[0].split()[3:] == "--quiet --requirement requirements.lock".split()


@needs_make
@pytest.mark.skipif(sys.platform == "win32", reason="the shell of Windows quotes differently")
@pytest.mark.parametrize("answer", ["a page", "refused", "silence"])
def test_make_asks_an_index_only_if_it_answers_soon(answer, tmp_path):
    """The recipe itself, with a stand-in for the pip call, against servers on this machine."""
    (tmp_path / "torch").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
        Thread(target=server.serve_forever, daemon=True).start()
        ports = {"a page": server.server_port, "refused": 9, "silence": silent.getsockname()[1]}
        index = f"http://127.0.0.1:{ports[answer]}"
        (line,) = [found for found in installation(f"TORCH_INDEX={index}") if "import faulthandler" in found]
        assert "dump_traceback_later(5," in line
        line = line.replace("dump_traceback_later(5,", "dump_traceback_later(1,")
        line = line.replace(".venv/bin/python -m", "echo -m").replace(".venv/bin/python", f"'{sys.executable}'")
        start, give_up = time.monotonic(), Timer(20, silent.close)
        give_up.start()
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        shell = subprocess.run(["sh", "-c", line], env=kept, capture_output=True, text=True, check=True)
        give_up.cancel()
        server.shutdown()
        server.server_close()
    assert time.monotonic() - start < 15  # the limit of one second, on busy cores
    assert ("-m pip install" in shell.stdout) == (answer == "a page")
    assert ("does not answer" in shell.stdout) == (answer != "a page")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def test_make_and_readme_name_the_supported_pythons():
    oldest, newest = (tuple(map(int, p.split("."))) for p in (PYTHONS[0], PYTHONS[-1]))
    assert f"not {oldest} <= sys.version_info < {(newest[0], newest[1] + 1)}" in read("Makefile")
    for name in ("Makefile", "README.md", "requirements.lock"):
        assert f"{PYTHONS[0]} to {PYTHONS[-1]}" in read(name), name
        assert not re.search(r"ython ?3\.10|3\.10 (to|or)", read(name)), name


def test_the_ways_without_make_take_the_cpu_build_first():
    start = read("docs/install.md")
    ways = [way for way in re.findall(r"```\n(.*?)```", start, re.DOTALL) if "requirements.lock" in way]
    assert len(ways) == 2
    for way in ways:
        torch, rest = [re.sub(r".*pip install ", "", line) for line in way.splitlines() if "pip install" in line]
        assert f"--no-deps --index-url {CPU_INDEX} torch==2.13.0" in torch
        assert rest == "-r requirements.lock -e ."


def test_pytest_is_told_about_notebooks_in_one_place():
    settings = tomllib.loads(read("pyproject.toml"))["tool"]["pytest"]["ini_options"]
    assert settings["testpaths"] == ["tests"]
    assert {"--nbval-current-env", "--nbval-cell-timeout=300"} <= set(settings["addopts"])


def test_every_dependency_has_a_reason():
    for line in read("pyproject.toml").splitlines():
        if re.match(r'\s+"[a-z-]+>=', line):
            assert re.search(r",\s+# \S+", line), f"say why: {line.strip()}"


def test_text_files_have_the_same_bytes_on_every_platform():
    assert "* text=auto eol=lf" in lines(read(".gitattributes"))


@needs_make
@pytest.mark.parametrize("edition, folder", [([], "my/"), (["EDITION=zh"], "my/zh/")])
def test_lab_opens_the_first_chapter_of_an_edition(edition, folder):
    command = ["make", "--dry-run", "lab", *edition]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (opened,) = re.findall(r"default_url=/lab/tree/(\S+)", said)
    assert opened == f"{folder}01_factorization_machines.ipynb"
    assert (ROOT / opened.replace("my/", "notebooks/", 1)).is_file()

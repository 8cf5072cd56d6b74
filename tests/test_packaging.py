"""pyproject.toml, requirements.lock and environment.yml say the same; the commands do what they promise."""

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it for Python 3.10

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
PYTHONS = [f"3.{minor}" for minor in range(10, 14)]
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
        ("environment.yml", "python >=3.10", "python >=3.12", "Python 3.11 is not supported"),
        ("pyproject.toml", "pooch>=1.8", "pooch>=99", "pooch >=99: the lock has"),
        ("requirements.lock", "\ntqdm==", "\ntqdm2==", "tqdm >=4.66: the lock has None for Python 3.10 on linux"),
        ("requirements.lock", "pandas==2.", "pandas==3.", "pandas <3,>=2.2.2: the lock has 3"),
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
    assert {"exceptiongroup", "tomli"} <= chosen(requirements, "3.10", "linux").keys()
    assert not {"appnope", "colorama", "pywinpty", "exceptiongroup"} & chosen(requirements, "3.12", "linux").keys()


def test_ci_calls_make_test_and_nothing_else():
    commands = lines(read(".ci/run"))
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make test"]
    assert read(".ci/run").startswith("#!/usr/bin/env bash\n")


def test_make_test_runs_each_check_once():
    recipe = read("Makefile").split("\ntest: ", 1)[1].split("\n\n", 1)[0]
    assert "ruff check && pytest && pytest --nbval notebooks/; " in " ".join(recipe.replace("\\", " ").split()) + " "
    assert (recipe.count("ruff"), recipe.count("pytest")) == (1, 2)


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

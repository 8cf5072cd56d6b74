# make lab     make or update your working copy, my/, and open it in JupyterLab, chapter 1 in front; EDITION=zh: in Chinese
# make doctor  check the installation; prints what to send when you ask for help
# make zh      update the catalogues of the Chinese edition, locale/zh_CN, and build it; STRICT=1: complete, or fail
# make test    linter, unit tests, then every notebook run again and compared
# The first call creates .venv and installs the versions of requirements.lock; later calls start at once.
#
# Variables:
#   PYTHON=python3.12       the Python (3.11 to 3.14) that creates .venv
#   ARGS="--no-browser --port 8899"    passed on to `jupyter lab`
#   TORCH_INDEX=https://...    a mirror of PyTorch's index of CPU builds, https://download.pytorch.org/whl/cpu
#       Linux asks this index for PyTorch first, since PyPI's build for Linux brings CUDA, several GB that the series
#       does not need. If it does not answer within 5 seconds, pip's usual index serves. TORCH_INDEX= (empty) asks
#       pip's usual index alone, as macOS and Windows do: PyPI's builds for them are CPU builds.

PYTHON ?= python3
ARGS ?=
TORCH_INDEX ?= $(if $(filter Linux,$(shell uname -s 2>/dev/null)),https://download.pytorch.org/whl/cpu)

VENV := .venv
# Windows (make from Git Bash or MSYS) keeps the programs of an environment elsewhere.
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN_LOWEST := $(subst $(VENV),$(VENV)-lowest,$(BIN))
STAMP := $(VENV)/installed
# One thread is as fast as two for training steps this small, and on busy cores many times faster.
export OMP_NUM_THREADS ?= 1
# What activating the environment does: its programs come first.
ACTIVATE := PATH="$(CURDIR)/$(BIN):$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)"

# Does the index answer? faulthandler ends the wait after 5 seconds; urlopen's own limit starts anew with each address.
ANSWERS := import faulthandler, sys, urllib.request as u; faulthandler.dump_traceback_later(5, exit=True); \
  u.urlopen(u.Request(sys.argv[1], headers={"User-Agent": "pip"}))
# $(call torch,PYTHON,VERSIONS): PyTorch alone, from TORCH_INDEX. pip keeps this build when it installs the rest.
define torch
$(if $(TORCH_INDEX),@if $(1) -c '$(ANSWERS)' $(TORCH_INDEX:/=)/torch/ 2>/dev/null; \
  then $(1) -m pip install --quiet --no-deps --index-url $(TORCH_INDEX) --constraint $(2) torch || \
    { echo "No PyTorch from $(TORCH_INDEX). Try again; 'make lab TORCH_INDEX=' asks pip's usual index"; exit 1; }; \
  else echo "$(TORCH_INDEX) does not answer: PyTorch comes from pip's usual index (on Linux perhaps several GB)"; fi)
endef

EDITION :=
FIRST := my/$(if $(EDITION),$(EDITION)/)01_factorization_machines.ipynb
# JupyterLab refuses to start for root (the usual user in a container) unless told that this is meant.
AS_ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)
SETTINGS := $(VENV)/share/jupyter/lab/settings
# JupyterLab's menus in Chinese, for EDITION=zh where the language pack is installed.
MENUS := $(SETTINGS)/overrides.d/menus.json
# Where JupyterLab keeps the layout of its window: not with the layouts of the user's other projects.
LAYOUT := $(CURDIR)/$(VENV)/share/jupyter/lab/workspaces

.PHONY: help lab doctor test test-lowest notebooks zh clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

# The Python that counts is the one in .venv, if there is one. PyTorch 2.13 has packages for these Pythons.
$(STAMP): requirements.lock pyproject.toml tools/jupyterlab_overrides.json tools/jupyterlab_workspace.json
	@$(firstword $(wildcard $(BIN)/python $(BIN)/python.exe) $(PYTHON)) -c \
	  'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
	  { echo "Python 3.11 to 3.14 is needed; name one: make clean, then make lab PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "Could not create $(VENV). On Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }
	@echo "Installing into $(VENV): several minutes the first time"
	$(call torch,$(BIN)/python,requirements.lock)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@mkdir -p $(SETTINGS) && cp tools/jupyterlab_overrides.json $(SETTINGS)/overrides.json
	@-$(ACTIVATE) jupyter lab workspaces import tools/jupyterlab_workspace.json \
	  --LabWorkspaceImportApp.workspaces_dir="$(LAYOUT)" >/dev/null 2>&1
	@touch $(STAMP)

lab: $(STAMP)
	@-$(ACTIVATE) python -m nfm_tutorial work
	@mkdir -p $(dir $(MENUS)) && rm -f $(MENUS)
	@-test "$(EDITION)" != zh || ! $(BIN)/python -c 'import jupyterlab_language_pack_zh_CN' 2>/dev/null || \
	  cp tools/jupyterlab_chinese.json $(MENUS)
	$(ACTIVATE) jupyter lab --preferred-dir my --LabApp.workspaces_dir="$(LAYOUT)" \
	  --LabApp.default_url=/lab/tree/$(FIRST) $(AS_ROOT) $(ARGS)

doctor: $(STAMP)
	@$(ACTIVATE) python -m nfm_tutorial doctor

test: $(STAMP)
	@if $(ACTIVATE) && export PATH VIRTUAL_ENV && \
	  ruff check && pytest && pytest --nbval notebooks/; \
	then echo "PASS: linter, tests and notebooks"; \
	else echo "FAIL: see above"; exit 1; fi

# Run the notebooks in place, as they are committed. One of them: make notebooks ARGS=notebooks/02_fm_on_movielens.ipynb
notebooks: $(STAMP)
	$(ACTIVATE) python tools/execute_notebooks.py $(ARGS)

# After the English notebooks were run. Translators edit locale/zh_CN/**.po; CONTRIBUTING.md says how.
zh: $(STAMP)
	$(ACTIVATE) python tools/translate.py $(if $(STRICT),--strict)

# The unit tests with the lowest versions that pyproject.toml admits (Python 3.11 and 3.12 have packages for all).
test-lowest:
	$(PYTHON) -m venv --clear $(VENV)-lowest
	sed -n 's/^ *"\([a-z-]*\)>=\([0-9.]*\).*/\1==\2/p' pyproject.toml > $(VENV)-lowest/requirements.txt
	$(call torch,$(BIN_LOWEST)/python,$(VENV)-lowest/requirements.txt)
	$(BIN_LOWEST)/python -m pip install --quiet --requirement $(VENV)-lowest/requirements.txt
	$(BIN_LOWEST)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN_LOWEST)/python -m pytest

clean:
	rm -rf $(VENV) $(VENV)-lowest

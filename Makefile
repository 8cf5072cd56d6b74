# make lab     open the series in JupyterLab, chapter 1 in front
# make test    linter, unit tests, then every notebook run again and compared
# The first call creates .venv and installs the versions of requirements.lock; later calls start at once.
#
# Variables:
#   PYTHON=python3.12       the Python (3.10 or later) that creates .venv
#   ARGS="--no-browser --port 8899"    passed on to `jupyter lab`
#   TORCH_INDEX=https://download.pytorch.org/whl/cpu
#       Where PyTorch comes from, if not from pip's usual index. On Linux that index may serve a CUDA build of
#       several GB. This address has the CPU build, which is all the series needs. It is used for PyTorch alone,
#       and only when .venv is (re)installed.

PYTHON ?= python3
ARGS ?=
TORCH_INDEX ?=

VENV := .venv
# Windows (make from Git Bash or MSYS) keeps the programs of an environment elsewhere.
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
BIN_LOWEST := $(subst $(VENV),$(VENV)-lowest,$(BIN))
STAMP := $(VENV)/installed
# One thread is as fast as two for training steps this small, and on busy cores many times faster.
export OMP_NUM_THREADS ?= 1
# What activating the environment does: its programs come first.
ACTIVATE := PATH="$(CURDIR)/$(BIN):$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)"

FIRST := 01_factorization_machines.ipynb
# JupyterLab refuses to start for root (the usual user in a container) unless told that this is meant.
AS_ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)
SETTINGS := $(VENV)/share/jupyter/lab/settings

.PHONY: help lab test test-lowest notebooks clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

$(STAMP): requirements.lock pyproject.toml tools/jupyterlab_overrides.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "Python 3.10 or later is needed; name one: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "Could not create $(VENV). On Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }
	@echo "Installing into $(VENV): several minutes the first time"
	$(if $(TORCH_INDEX),$(BIN)/python -m pip install --quiet --extra-index-url $(TORCH_INDEX) \
	  --constraint requirements.lock torch)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@mkdir -p $(SETTINGS) && cp tools/jupyterlab_overrides.json $(SETTINGS)/overrides.json
	@touch $(STAMP)

lab: $(STAMP)
	$(ACTIVATE) jupyter lab notebooks --LabApp.default_url=/lab/tree/$(FIRST) $(AS_ROOT) $(ARGS)

test: $(STAMP)
	@if $(ACTIVATE) && export PATH VIRTUAL_ENV && \
	  ruff check && pytest && pytest --nbval notebooks/; \
	then echo "PASS: linter, tests and notebooks"; \
	else echo "FAIL: see above"; exit 1; fi

# Run the notebooks in place, as they are committed. One of them: make notebooks ARGS=notebooks/02_fm_on_movielens.ipynb
notebooks: $(STAMP)
	$(ACTIVATE) python tools/execute_notebooks.py $(ARGS)

# The unit tests with the lowest versions that pyproject.toml admits (PYTHON 3.10 to 3.12 have packages for all of them).
test-lowest:
	$(PYTHON) -m venv --clear $(VENV)-lowest
	sed -n 's/^ *"\([a-z-]*\)>=\([0-9.]*\).*/\1==\2/p' pyproject.toml > $(VENV)-lowest/requirements.txt
	$(BIN_LOWEST)/python -m pip install --quiet --requirement $(VENV)-lowest/requirements.txt
	$(BIN_LOWEST)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN_LOWEST)/python -m pytest

clean:
	rm -rf $(VENV) $(VENV)-lowest

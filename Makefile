# footlights: `make run` to see it, `make test` to check it. Everything lands in .venv and in the cache of your user.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint types check quality bench clean

run: $(VENV)/run.installed
	@$(BIN)/footlights models pull
	@exec $(BIN)/footlights run interact

test: $(VENV)/dev.installed
	$(BIN)/pytest --numprocesses=2 --dist=loadfile

lint: $(VENV)/dev.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.installed
	$(BIN)/mypy

check: lint types test

# Long evaluations on recordings: needs FOOTLIGHTS_DATA.
quality: $(VENV)/dev.installed
	@for program in bench/quality/*.py; do echo "== $$program"; $(BIN)/python $$program || exit 1; done

# Ratios to a peer or to a physical limit, measured in one run.
bench: $(VENV)/dev.installed
	@for program in bench/*.py; do echo "== $$program"; $(BIN)/python $$program || exit 1; done

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "footlights needs Python 3.11, 3.12 or 3.13: sudo apt install python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
		|| { echo "footlights needs Python 3.11, 3.12 or 3.13; $(PYTHON) is another. Say: make PYTHON=python3.11 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3 cannot make a virtual environment: sudo apt install python3-venv"; exit 1; }

$(VENV)/run.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --editable .
	@touch $@

$(VENV)/dev.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --editable '.[dev,train]'
	@touch $@ $(VENV)/run.installed

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache

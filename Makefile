# The front door: every target is a line or two that can be run without make.
Q ?= How does a saved file get back into the index?
DIR ?= .
MODEL ?= default
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: ask test check format clean

## Ask a question about a folder: make ask Q="…" [DIR=…] [MODEL=default|small|none]
ask: $(VENV)/.installed
	@$(BIN)/firsthand ask "$(Q)" --root "$(DIR)" --install-model "$(MODEL)"

## Install what the tests need and run all of them
test: $(VENV)/.installed-test
	$(BIN)/ruff check server tests
	$(BIN)/ruff format --check server tests
	$(BIN)/mypy
	$(BIN)/pytest

check: $(VENV)/.installed-test
	$(BIN)/ruff check server tests && $(BIN)/ruff format --check server tests && $(BIN)/mypy

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix server tests; $(BIN)/ruff format server tests

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache

$(VENV)/.installed: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e ".[llama]"
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c .ci/constraints.txt --group test
	@touch $@

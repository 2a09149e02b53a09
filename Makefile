# The front door: every target is a line or two that can be run without make.
Q ?= How does a saved file get back into the index?
DIR ?= .
MODEL ?= default
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
VSCODE := clients/vscode
LUA_FORMAT := tests/nvim/lua_format
NPM_CI := ci --no-audit --no-fund --loglevel=error

.PHONY: ask test check format vsix clean

## Ask a question about a folder: make ask Q="…" [DIR=…] [MODEL=default|small|none]
ask: $(VENV)/.installed
	@$(BIN)/firsthand ask "$(Q)" --root "$(DIR)" --install-model "$(MODEL)"

## Install what the tests need and run all of them
test: check $(VSCODE)/dist/firsthand.vsix
	npm --prefix $(VSCODE) test --silent
	tests/vscode/install_code_server.sh >/dev/null
	$(BIN)/pytest

## Formatters, linters and type checkers of every language
check: $(VENV)/.installed-test $(VSCODE)/node_modules/.installed $(LUA_FORMAT)/node_modules/.installed
	$(BIN)/ruff check server tests
	$(BIN)/ruff format --check server tests
	$(BIN)/mypy
	npm --prefix $(VSCODE) run --silent check
	npm --prefix $(LUA_FORMAT) run --silent check
	tests/debian_packages.sh lua-check=luacheck
	cd clients/nvim && luacheck -q .

format: $(VENV)/.installed-test $(VSCODE)/node_modules/.installed $(LUA_FORMAT)/node_modules/.installed
	$(BIN)/ruff check --fix server tests; $(BIN)/ruff format server tests
	npm --prefix $(VSCODE) run --silent format
	npm --prefix $(LUA_FORMAT) run --silent format

## Package the VS Code extension
vsix: $(VSCODE)/dist/firsthand.vsix

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache $(VSCODE)/node_modules $(VSCODE)/dist $(LUA_FORMAT)/node_modules

$(VENV)/.installed: pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e ".[llama]"
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c .ci/constraints.txt --group test
	@touch $@

%/node_modules/.installed: %/package-lock.json
	npm --prefix $* $(NPM_CI)
	@touch $@

$(VSCODE)/dist/firsthand.vsix: $(VSCODE)/node_modules/.installed $(shell find $(VSCODE)/src $(VSCODE)/webview $(VSCODE)/media -type f) \
		$(wildcard $(VSCODE)/*.json $(VSCODE)/*.mjs $(VSCODE)/*.md $(VSCODE)/.vscodeignore)
	npm --prefix $(VSCODE) run --silent package

# From a bare machine with python3 and make: each target makes .venv, installs the tested versions, and runs.
# Kept plain, so that GNU make 3.81 (macOS) and BSD make read it too.

PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
TESTED = requirements/tested.txt
TORCH = 2.13.0

# Kept free of quotes and dollar signs: it is handed to the shell between single quotes.
CHECK_PYTHON = import sys; v = sys.version_info[:2]; (3, 10) <= v <= (3, 13) or \
	sys.exit("Drumhead runs on Python 3.10 to 3.13, and $(PYTHON) is %d.%d. Name another: make PYTHON=python3.12" % v)

.NOTPARALLEL:
.PHONY: help demo test test-all install install-dev tested clean interpreter

help:
	@echo 'make demo      learn shapes with waves: makes .venv, then data, two trained models, a table, pictures'
	@echo 'make test      everything that has to pass: ruff, mypy, import-linter, pytest'
	@echo 'make test-all  the same with the slow tests: half an hour or more'
	@echo 'make install   .venv with Drumhead and the tested versions of what it needs'
	@echo 'make install-dev   the same with the tools of development'
	@echo 'make tested    for maintainers: resolve $(TESTED) anew (needs uv)'
	@echo 'make clean     remove .venv, caches and builds; data and runs stay'
	@echo 'PYTHON=python3.12 make test   chooses the interpreter, 3.10 to 3.13 (now: $(PYTHON))'

demo: install
	$(BIN)/drumhead demo

test: install-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest

test-all: test
	$(BIN)/python -m pytest -m slow -rs

install: interpreter $(VENV)/installed

install-dev: interpreter $(VENV)/installed-dev

# Refuses an unfit interpreter before anything is made, and drops an environment that another one made.
interpreter:
	@command -v '$(PYTHON)' >/dev/null || \
		{ echo 'There is no $(PYTHON) here. Name a Python 3.10 to 3.13: make PYTHON=python3.12' >&2; exit 1; }
	@'$(PYTHON)' -c '$(CHECK_PYTHON)'
	@if test -d $(VENV) && test "`'$(PYTHON)' -V`" != "`$(BIN)/python -V 2>&1`"; then \
		echo 'Making $(VENV) anew: it is not of' `'$(PYTHON)' -V`; rm -rf $(VENV); fi

# The pip that comes with older Pythons knows no dependency groups.
$(VENV)/installed: pyproject.toml $(TESTED)
	'$(PYTHON)' -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --constraint $(TESTED) --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --constraint $(TESTED) --group dev
	@touch $@

# What CUDA needs is left to the torch build that is installed, so that one list serves builds with and without it.
tested:
	echo 'torch==$(TORCH)' | uv pip compile --no-config --universal --python-version 3.10 --upgrade --no-annotate \
		--custom-compile-command 'make tested' --constraint - --group dev pyproject.toml --output-file $(TESTED).all
	grep -vE '^(nvidia-|cuda-|triton)|win32' $(TESTED).all > $(TESTED)
	rm $(TESTED).all

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

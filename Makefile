# Needs only python3 and make: each target creates .venv and installs the tested versions before it runs.
# It has only features that GNU make 3.81 (macOS) and BSD make support too.

PYTHON ?= python3
VENV = .venv
MINIMUM = .venv-minimum
BIN = $(VENV)/bin
TESTED = requirements/tested.txt
TORCH = 2.13.0
# Material announces another generator of sites in each build unless it is told not to.
MKDOCS = NO_MKDOCS_2_WARNING=1 PYTHONPATH=docs $(BIN)/python -m mkdocs

# Must not contain single quotes or dollar signs: the shell gets it between single quotes.
CHECK_PYTHON = import sys; v = sys.version_info[:2]; (3, 10) <= v <= (3, 13) or \
	sys.exit("Drumhead runs on Python 3.10 to 3.13, but $(PYTHON) is %d.%d. Choose another: make PYTHON=python3.12" % v)

.NOTPARALLEL:
.PHONY: help demo test test-all test-triton docs docs-serve install install-dev install-docs notebooks minimum tested clean interpreter

help:
	@echo 'make demo      create .venv, show trained networks, train a wave network; tables, pictures and a movie'
	@echo 'make test      run all checks: ruff, mypy, import-linter, pytest'
	@echo 'make test-all  run all checks and the slow tests: half an hour or more'
	@echo 'make docs      build the documentation into site/, which opens in a browser: site/index.html'
	@echo 'make docs-serve   show the documentation on this machine, and follow changes'
	@echo 'make test-triton   run GPU kernels on the CPU, in the interpreter of Triton, which takes 0.7 GB (Linux x86-64)'
	@echo 'make install   create .venv with Drumhead and the tested versions of its dependencies'
	@echo 'make install-dev   the same, with the development tools'
	@echo 'make notebooks   make .ipynb files of the scripts in examples/'
	@echo 'make minimum   run the tests with the lowest versions that pyproject.toml allows, in $(MINIMUM) (needs uv)'
	@echo 'make tested    for maintainers: update $(TESTED) (needs uv)'
	@echo 'make clean     remove .venv, caches and builds, but keep data and runs'
	@echo 'PYTHON=python3.12 make test   chooses the interpreter, 3.10 to 3.13 (now: $(PYTHON))'

demo: install
	$(BIN)/drumhead demo

test: install-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-all: test
	$(BIN)/python -m pytest -m slow -rs

# A broken link or reference fails the build. The generators are in docs/generators.
docs: install-docs
	$(MKDOCS) build

docs-serve: install-docs
	$(MKDOCS) serve --no-strict

test-triton: install-dev $(VENV)/installed-gpu-tests
	TRITON_INTERPRET=1 $(BIN)/python -m pytest -rs tests/fields/cuda
	$(BIN)/python -m pytest -rs tests/fields/cuda/test_compiling.py

install: interpreter $(VENV)/installed

install-dev: interpreter $(VENV)/installed-dev

install-docs: interpreter $(VENV)/installed-docs

# Refuses an unsupported interpreter before anything is created, and removes a .venv of a different interpreter.
interpreter:
	@command -v '$(PYTHON)' >/dev/null || \
		{ echo '$(PYTHON) was not found. Choose a Python 3.10 to 3.13: make PYTHON=python3.12' >&2; exit 1; }
	@'$(PYTHON)' -c '$(CHECK_PYTHON)'
	@if test -d $(VENV) && test "`'$(PYTHON)' -V`" != "`$(BIN)/python -V 2>&1`"; then \
		echo 'Recreating $(VENV): it was not made with' `'$(PYTHON)' -V`; rm -rf $(VENV); fi

# The pip of older Pythons does not support dependency groups.
$(VENV)/installed: pyproject.toml $(TESTED)
	'$(PYTHON)' -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --constraint $(TESTED) --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --constraint $(TESTED) --group dev
	@touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/python -m pip install --constraint $(TESTED) --group docs
	@touch $@

$(VENV)/installed-gpu-tests: $(VENV)/installed-dev
	$(BIN)/python -m pip install --constraint $(TESTED) --group gpu-tests
	@touch $@

# Packages for CUDA are left to the installed torch build, so that one list serves builds with and without CUDA.
tested:
	echo 'torch==$(TORCH)' | uv pip compile --no-config --universal --python-version 3.10 --upgrade --no-annotate \
		--custom-compile-command 'make tested' --constraint - --group dev --group docs pyproject.toml --output-file $(TESTED).all
	grep -vE '^(nvidia-|cuda-|triton)|win32' $(TESTED).all > $(TESTED)
	rm $(TESTED).all

notebooks: install-dev
	$(BIN)/jupytext --to ipynb examples/*.py

# The lowest versions that pyproject.toml allows. That of torch is named, since uv takes a higher one rather than the older
# sympy that it needs. Other packages' deprecation warnings are those of old versions beside new ones.
# UV_TORCH_BACKEND=cpu takes the build of torch without CUDA from PyTorch's own index.
minimum: interpreter
	@command -v uv >/dev/null || { echo 'make minimum needs uv: pip install uv' >&2; exit 1; }
	uv venv --allow-existing --python '$(PYTHON)' $(MINIMUM)
	uv pip install --python $(MINIMUM)/bin/python --resolution lowest-direct --group dev --editable . \
		'torch==$(shell sed -n 's/.*"torch>=\([0-9.]*\)".*/\1/p' pyproject.toml)'
	$(MINIMUM)/bin/python -m pytest -W ignore::DeprecationWarning

clean:
	rm -rf $(VENV) $(MINIMUM) build dist site .mypy_cache .pytest_cache .ruff_cache
	find src tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

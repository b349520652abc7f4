# The daily commands; each is described in CONTRIBUTING.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
# Where it is set, every process that the tests start compiles its libraries anew, which took two thirds of its start.
export PYTHONDONTWRITEBYTECODE :=
# Of the examples; without Node their tests are skipped, and fail under CI.
NODE_PACKAGES := $(if $(shell command -v npm),examples/node/node_modules/.package-lock.json)

.PHONY: help setup servers demo up test bench check format requirements clean

help: ## Show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 16

setup: $(VENV)/.installed ## Make the virtual environment, with .venv/bin/sigmak in it

# uv comes from PyPI into the environment itself, so that a fresh machine needs only Python. Told on standard error: what
# `make bench` prints is JSON.
$(VENV)/.installed: requirements.txt pyproject.toml Makefile
	@echo "installing into $(VENV)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

demo: setup ## Watch two filings go through; or one's own: make demo FILING=10k.htm TICKER=ACME YEAR=2025
	$(BIN)/python -m ops.demo $(if $(FILING),--filing "$(FILING)" --ticker "$(TICKER)" --year "$(YEAR)")

up: setup ## Start the local stack and keep it up until Ctrl-C
	$(BIN)/sigmak up

servers: setup $(NODE_PACKAGES) ## Get the local servers' programs: Kafka by Maven, Weaviate and Toxiproxy by Go (minutes, once)
	$(BIN)/python -m ops.local.fetch

# npm's own note of what it installed.
examples/node/node_modules/.package-lock.json: examples/node/package.json examples/node/package-lock.json examples/node/.npmrc
	npm ci --prefix examples/node
	touch $@

# A test process that dies ends the run: xdist would put its finished modules back into the queue, and the run would
# wait for ever for modules that have nothing left to do. The order is pytest's own, system tests first: by their number
# of tests, as xdist would have it, the modules that take longest came last, when the other processes had no more to do.
test: check servers ## Check, then run all tests, real servers included
	$(BIN)/python -m pytest -m "not alone" --numprocesses 4 --dist loadscope --no-loadscope-reorder \
		--max-worker-restart 0
	$(BIN)/python -m pytest -m alone

bench: setup ## Measure the running system, and print the figures with their aims as JSON (about 10 minutes)
	@$(BIN)/python -m benchmarks

check: setup ## Format, lint, types, import directions
	$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --diff --quiet .; exit 1; }
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup ## Format and mend what ruff can
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

requirements: ## Pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --custom-compile-command "make requirements" --quiet --output-file requirements.txt

clean: ## Delete the virtual environment and caches of the tools
	rm -rf $(VENV) examples/node/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

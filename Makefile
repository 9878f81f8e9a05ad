# `make run` opens the practice workspace, `make test` runs every test; both prepare a fresh machine first.
# PYTHON chooses the interpreter (3.11 or newer), WORKERS how many tests run side by side.
SHELL := /bin/sh
WORKERS ?= 2
BOOTSTRAP := sh installers/bootstrap.sh
BIN := .venv/bin

# Nothing a tool writes for itself lands among the sources.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/cache/pycache

PYTEST := $(BIN)/python -m pytest
# The judges have neither Qt nor the plugins that the project's pytest settings and conftest are made for.
JUDGE := HYPOTHESIS_STORAGE_DIRECTORY=.venv-judge/cache .venv-judge/bin/python -m pytest -q -s \
	-c /dev/null --rootdir=. --confcutdir=tests/judge --import-mode=importlib -p no:cacheprovider

.DEFAULT_GOAL := help
.PHONY: help run demo test test-unit test-rest setup setup-test check lint format format-check types contracts judge torture bench lock clean

help:  ## what can be made
	@awk -F ':.*##  *' '/^[a-z-]+:.*##/ { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup  ## open the window on the practice workspace
	$(BIN)/legate desktop --practice

demo: setup  ## play the practice deputy without a window, from first start to a verified journal
	$(BIN)/legate demo

test: test-unit test-rest  ## run every test, on SQLite and on a real PostgreSQL

test-unit: setup-test
	$(PYTEST) -q -n $(WORKERS) -m unit

# Windows and servers are started for real: on a machine that others use too, one of them may starve. What failed there is
# run once more, by itself, and only what fails again has failed; the first run's failures stay in the output. Everything
# else is run once, for an effect that happens twice only now and then is exactly what those tests are there to see.
AGAIN := $(PYTEST) -q -p no:xdist --last-failed --last-failed-no-failures none
FRONTS := tests/desktop tests/server

test-rest: setup-test
	$(PYTEST) -q -n $(WORKERS) -m "not unit and not alone" $(FRONTS:%=--ignore=%)
	$(PYTEST) -q -n $(WORKERS) -m "not unit and not alone" $(FRONTS) || $(AGAIN) -m "not unit and not alone" $(FRONTS)
	$(PYTEST) -q -p no:xdist -m "alone" || $(AGAIN) -m "alone"

setup:
	@$(BOOTSTRAP) run

setup-test:
	@$(BOOTSTRAP) test

check: lint format-check types contracts test  ## everything .ci/run checks

lint: setup-test  ## ruff's rules
	$(BIN)/ruff check .

format: setup-test  ## put the sources into shape
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

format-check: setup-test
	$(BIN)/ruff format --check .

types: setup-test  ## pyright, strict in the core
	$(BIN)/pyright

contracts: setup-test  ## the layers of ARCHITECTURE.md, by import-linter
	$(BIN)/lint-imports --no-logo --cache-dir .venv/cache/import-linter

judge:  ## the policy before its judges: properties, cedarpy, Z3, AgentDojo (an environment of its own)
	@$(BOOTSTRAP) judge
	$(JUDGE) tests/judge

torture: setup-test  ## the crash tests in their long form
	$(PYTEST) -q -s -p no:xdist tests/torture tests/flows/test_any_order.py --long

bench: setup-test  ## the figures of speed and memory
	$(BIN)/python -m tests.benchmarks

lock:  ## resolve the dependencies again, for Python 3.11 and newer on Linux, macOS and Windows
	@$(BOOTSTRAP) lock

clean:  ## remove the environments and everything built
	rm -rf .venv .venv-judge build dist legate.egg-info

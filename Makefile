# `make demo` and `make test` need Python 3.11 and make, nothing else: they set up .venv themselves.

VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := requirements/install.sh $(VENV)
SOURCES := $(wildcard receivables features training serving tests benchmarks)

.PHONY: help demo test lint format types proofs bench base-model lock clean

help:            ## This list
	@grep -hE '^[a-z-]+: +##' $(MAKEFILE_LIST) | sed 's/: *## */\t/' | expand -t 14

demo:            ## The whole loop on sample data: learn, match a held-out month, report
	@$(INSTALL) match
	$(BIN)/tieout demo

test:            ## Every test that CI runs
	@$(INSTALL) test
	$(BIN)/python -m pytest -n auto --dist loadscope $(ARGS)

proofs:          ## The long ones: ten times the examples, whole books
	@$(INSTALL) test
	HYPOTHESIS_PROFILE=proof $(BIN)/python -m pytest -m "proof or not proof" $(ARGS)

lint:            ## Style, format and the doors between the rooms
	@$(INSTALL) test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

format:          ## Mend what a machine can mend
	@$(INSTALL) test
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

types:           ## mypy, strict, tests included
	@$(INSTALL) test
	$(BIN)/mypy

bench:           ## Ourselves, a rule matcher and Splink on the same book
	@$(INSTALL) bench
	$(BIN)/python -m benchmarks.run $(ARGS)

base-model:      ## Train the model that ships for a cold start, reproducibly
	@$(INSTALL) match
	$(BIN)/python -m training.cold_start $(ARGS)

lock:             ## Resolve the lock files again (needs uv; ARGS=--upgrade for newer versions)
	requirements/lock.sh $(ARGS)

clean:           ## Remove what make and the tools made
	rm -rf $(VENV) tieout-demo dist __pycache__
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

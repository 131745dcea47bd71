# Every target builds what it needs from the locks in requirements/; `make` alone explains them.
# Recipes are plain commands: make runs those without a shell, and Ctrl-C then ends them cleanly.
.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/sh
BIN := .venv/bin
ARGS ?=
# Where it is set, each of the hundreds of processes that tests start compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

##@ Run
.PHONY: up demo stop doctor
up: base ## Start everything on 127.0.0.1:8000 (INVX_PORT), data in .invx/ (INVX_HOME); Ctrl-C stops it
	@$(BIN)/invx up $(ARGS)

demo: base ## Re-enter official e-invoices through the API, compare every figure, write their PDFs
	@$(BIN)/invx demo $(ARGS)

stop: base ## Stop what `make up` started in another terminal
	@$(BIN)/invx stop $(ARGS)

doctor: base ## Where things are and whether they are well
	@$(BIN)/invx doctor $(ARGS)

##@ Verify
.PHONY: test check fmt soak bench
test: dev ## All suites, as continuous integration runs them (some minutes; ARGS="-k name" for a part)
	@scripts/test.sh $(ARGS)

check: dev ## Style, types, imports, house rules: under a minute, needs no database
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/typos
	$(BIN)/pytest tests/architecture -q $(ARGS)

fmt: dev ## Format the code and repair what can be repaired
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

soak: dev ## The long counts (50 kills, 200 seeds, …); resumable; results in docs/measurements/
	@env INVX_SOAK=1 $(BIN)/pytest -m soak $(ARGS)

bench: dev ## Requests per second, CPU and round trips per request, against pgbench; also .invx/bench.json
	@$(BIN)/python -m bench $(ARGS)

##@ Housekeeping
.PHONY: base dev lock sbom hooks clean
base: ## The environment to run Invx (every target above does this by itself)
	@scripts/environment.sh base

dev: ## The environment to work on Invx
	@scripts/environment.sh dev

lock: dev ## Resolve requirements/*.in anew (ARGS=--upgrade for the newest) into the hashed locks
	@scripts/lock.sh $(ARGS)

sbom: base ## The packages that Invx is made of, as CycloneDX, on standard output
	@$(BIN)/python scripts/sbom.py

hooks: dev ## Run the quick checks before every commit
	$(BIN)/pre-commit install

clean: ## Remove caches and the environment; data in .invx/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -not -path './.invx/*' -prune -exec rm -rf {} +

# One virtual environment, filled from the lock file with hashes. Every command prepares what it needs; `make help` lists them.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
LOCK := uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url

# The newest Python on the PATH that really starts (a name alone may be a version switcher's empty shim).
CANDIDATES := python3.14 python3.13 python3.12 python3.11 python3
SUITABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in $(CANDIDATES); do "$$name" -c '$(SUITABLE)' >/dev/null 2>&1 && echo "$$name" && break; done)

# An environment whose Python has gone (upgraded, uninstalled) is made anew, and filled anew.
$(shell test -x $(BIN)/python || rm -f $(VENV)/.locked)

# Two processes test side by side, a file in one of them; tests/conftest.py says which files come first.
PYTEST := $(BIN)/python -m pytest
SHARED := -n 2 --dist loadfile --no-loadscope-reorder

# Every kind of statement also runs on the oldest PostgreSQL that is supported: what is read, all changes through the API,
# imports and the projections; without what tries the same statements again in long files, killed processes and crowds,
# by thousands of values, in every state, or refused before they run. The tables are tested on both in any case.
OLDEST := /usr/lib/postgresql/15/bin/postgres
WRITES := demo standing refunds importing_table importing_terms importing_credits importing_renewals
AGAIN := graph/test_mutations_bad_input.py graph/test_what_if_refused.py graph/test_inputs.py \
	graph/test_descriptions.py graph/test_what_if.py reads/test_relations.py reads/test_value_laws.py \
	ranking/test_background.py ranking/test_scores.py reads/test_contract_terms.py \
	graph/test_mutations_support_plans.py graph/test_mutations_contracts.py
DATABASE_TESTS := tests/reads tests/graph tests/ranking tests/plan/test_golden.py $(WRITES:%=tests/writes/test_%.py) \
	tests/plan/test_clocks.py::test_a_read_with_what_was_known_holds_nothing_recorded_later $(AGAIN:%=--ignore=tests/%) \
	--deselect=tests/writes/test_standing.py::test_it_is_what_the_facts_say_after_ten_thousand_changes_and_other_policies

.PHONY: help setup run test test15 clients check format style lint types contracts schema bench holdout explorer lock clean

help: ## List the commands
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

setup: $(VENV)/.project ## Prepare the virtual environment (done by the others when needed)
	@:

run: setup ## Serve on http://127.0.0.1:8000 (options: make run ARGS="--port 9000")
	@exec $(BIN)/regulars serve $(ARGS)

test: setup ## Run all tests but those of `make clients` (some: make test ARGS="tests/domain -x")
	$(PYTEST) $(SHARED) --ignore=tests/clients $(ARGS)

test15: setup ## Run the tests of the database on the system's PostgreSQL 15, if there is one
	@if test -x $(OLDEST); then \
		REGULARS_TEST_POSTGRES=15 $(PYTEST) $(SHARED) $(DATABASE_TESTS) $(ARGS); \
	else \
		echo "Nothing was tested on PostgreSQL 15: there is no $(OLDEST) (on Debian: apt-get install postgresql-15)."; \
	fi

clients: setup ## Let clients of other makers judge the API (needs Node)
	$(PYTEST) tests/clients $(ARGS)

# Every step runs even when one before it fails. The clients are written in JavaScript and need one processor, as do the
# types: they run side by side. All the tests, on the PostgreSQL that is shipped, come last.
STATIC := style lint types contracts schema
DATABASES := test15 test

check: setup ## Run exactly what CI runs
	@failed=; said=$$(mktemp); $(MAKE) --no-print-directory clients >"$$said" 2>&1 & clients=$$!; \
	run() { echo "==> $$1"; $(MAKE) --no-print-directory $$1 || failed="$$failed $$1"; }; \
	for step in $(STATIC); do run $$step; done; \
	wait $$clients || failed="$$failed clients"; \
	echo "==> clients"; cat "$$said"; rm -f "$$said"; \
	for step in $(DATABASES); do run $$step; done; \
	test -z "$$failed" || { echo "make check failed in:$$failed" >&2; exit 1; }

format: setup ## Format the code and repair what lint can repair
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format

style: setup ## Check the formatting
	$(BIN)/ruff format --check

lint: setup ## Check the code's rules
	$(BIN)/ruff check

types: setup ## Check the types, strictly
	$(BIN)/mypy

contracts: setup ## Check that imports between rooms only go down
	$(BIN)/lint-imports

schema: setup ## Check that schema.graphql is current (write it: regulars schema)
	$(BIN)/regulars schema --check

bench: setup ## Measure side by side with others, on much data (quickly: make bench ARGS=--small; needs wrk)
	@exec $(BIN)/python -m benchmarks $(ARGS)

holdout: setup ## Print how the models of lifetime value do on weeks of CDNOW that they have not seen
	@$(BIN)/python -m benchmarks.holdout

explorer: ## Build the explorer page into the package (needs Node)
	@command -v npm >/dev/null || { echo "The explorer page is built with Node 20 or newer; the repository holds the built page." >&2; exit 1; }
	cd explorer && npm ci && npm run build

lock: setup ## Write the lock files anew from pyproject.toml (newer versions: make lock ARGS=--upgrade)
	$(BIN)/$(LOCK) $(ARGS) pyproject.toml -o requirements.lock
	$(BIN)/$(LOCK) $(ARGS) --group build -o requirements-build.lock
	$(BIN)/$(LOCK) $(ARGS) pyproject.toml --group dev -c requirements.lock -c requirements-build.lock -o requirements-dev.lock

clean: ## Remove the virtual environment, builds and caches (never data)
	rm -rf $(VENV) dist build .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf explorer/node_modules tests/clients/node_modules benchmarks/postgraphile/node_modules
	find api benchmarks migrations tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { \
		echo "Regulars needs Python 3.11 or newer with its venv module (on Debian: apt-get install python3-venv)." >&2; \
		echo "The PATH has: $$(python3 --version 2>&1 || true). Another place: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c '$(SUITABLE)' || { echo "$(PYTHON) is not a Python 3.11 or newer with its venv module." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)

# A venv whose making was interrupted may lack pip.
$(VENV)/.locked: requirements-dev.lock | $(BIN)/python
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@echo "Installing the locked dependencies (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $<
	@touch $@

$(VENV)/.project: pyproject.toml $(VENV)/.locked
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

# One verb each; `make` alone lists them. Needs python3 and make: uv, and with it all else, is fetched into this folder.

MAKEFLAGS += --no-print-directory
PYTHON ?= python3
UV := .uv/bin/uv
RUN := .venv/bin
# All runtimes of agents and all clients of models; `local` brings a model of 100 MB, so it waits until it is wanted.
EXTRAS := agno anthropic bedrock langgraph langgraph-aws mcp ollama openai strands

# Node comes with the checks from the Python index, so that they are the same on every machine.
export PYRIGHT_PYTHON_GLOBAL_NODE := 0
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
# Where it is set, every process that a test starts would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help:
	@echo "Tenuto: agent workflows that hold."
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

.PHONY: setup
setup: .venv/.ready ## fetch what is needed; leaves the command at .venv/bin/tenuto

.PHONY: up
up: setup ## start the server: the API, and the runs of .tenuto
	@$(RUN)/tenuto up

.PHONY: tour
tour: setup ## run a small tour of the examples
	@$(RUN)/python examples/tour.py

# Tests that measure time run alone, so that the others do not disturb them. The types take a minute of one processor: they
# are checked beside the other tests, and what is wrong with them is said below those.
.PHONY: test
test: setup ## everything that a change must pass: the checks, then the tests
	@failed=0; \
	$(MAKE) lint || failed=1; \
	$(MAKE) tests-alone || failed=1; \
	$(MAKE) types >.venv/types.txt 2>&1 & types=$$!; \
	$(MAKE) tests-together || failed=1; \
	wait $$types || failed=1; \
	cat .venv/types.txt; \
	exit $$failed

# Only the files with such tests are read for it.
.PHONY: tests-alone
tests-alone: setup
	@$(RUN)/pytest -m "serial and not nightly" $$(grep -rl --include='test_*.py' 'mark\.serial' tests) || [ $$? -eq 5 ]

.PHONY: tests-together
tests-together: setup
	@$(RUN)/pytest -n 2 -m "not serial and not nightly"

.PHONY: test-nightly
test-nightly: setup ## the slow tests: all crash points, thousands of seeds, every contract broken
	@$(UV) sync --locked --inexact --quiet $(EXTRAS:%=--extra %) --extra local
	@$(RUN)/pytest -m nightly

.PHONY: check
check: setup ## lint, format, types and import contracts, without the tests
	@failed=0; $(MAKE) lint || failed=1; $(MAKE) types || failed=1; exit $$failed

.PHONY: lint
lint: setup
	@failed=0; \
	$(RUN)/ruff check || failed=1; \
	$(RUN)/ruff format --check || failed=1; \
	$(RUN)/lint-imports --no-logo || failed=1; \
	$(RUN)/python tests/architecture/shape.py || failed=1; \
	exit $$failed

.PHONY: types
types: setup
	@$(RUN)/pyright

.PHONY: bench
bench: setup ## measure against the peers, about five minutes; writes docs/reference/figures.md
	@$(UV) sync --locked --inexact --quiet --group bench $(EXTRAS:%=--extra %)
	@$(RUN)/python benchmarks/run.py
	@$(RUN)/python docs/generate.py

.PHONY: node
node: setup ## scaffold a node with its test: make node NAME=slack.send_message
	@$(RUN)/python -m tenuto.sdk.scaffold "$(NAME)"

.PHONY: docs
docs: setup ## write again the pages that are generated from the code
	@$(RUN)/python docs/generate.py

.uv/.ready: .ci/get_uv.py
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed: install Python 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) .ci/get_uv.py
	@touch $@

# --inexact: what `make bench` added stays.
.venv/.ready: pyproject.toml uv.lock | .uv/.ready
	@[ -x $(UV) ] || $(PYTHON) .ci/get_uv.py
	@$(UV) sync --locked --inexact --quiet $(EXTRAS:%=--extra %)
	@touch $@

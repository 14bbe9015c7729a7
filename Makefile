PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Many images of Python say that nothing compiled is to be kept. Then each test process rewrites the asserts of all tests anew,
# half of what collecting takes, and each command that is started compiles the program.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help run test check fmt package docs browser client rehearsal bench clean

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/run-ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "make: Python 3.11 or newer is needed; say which with PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade -c constraints.txt pip
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable .
	@touch $@

$(VENV)/dev-ready: $(VENV)/run-ready
	$(BIN)/python -m pip install --quiet -c constraints.txt --group dev
	@touch $@

.venv: $(VENV)/dev-ready

run: $(VENV)/run-ready ## A whole daily run on the sample portfolio, into var/
	@$(BIN)/dispatcher demo

# Three on two cores, since they wait for servers; in the order of the names, where few dear tests do not come last.
test: $(VENV)/dev-ready ## The whole test suite, with a real Redis and PostgreSQL
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: $(VENV)/dev-ready ## Format, lint, types, imports, dead code, dependencies, data
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/deptry .
	$(BIN)/dispatcher check --data-only

fmt: $(VENV)/dev-ready ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

package: $(VENV)/dev-ready ## Build the wheel and the source archive into dist/
	$(BIN)/python -m build

docs: $(VENV)/dev-ready ## Build the documents into build/docs, where a warning is an error
	$(BIN)/sphinx-build --fail-on-warning --quiet docs build/docs

browser: ## Install Chromium for the browser tests, where root and apt allow it
	@sh tests/install_browser.sh

client: ## Install a generator of API clients for its test, in an environment of its own
	$(PYTHON) -m venv .venv-client
	.venv-client/bin/python -m pip install --quiet --requirement tests/web/generated/requirements.txt

rehearsal: $(VENV)/dev-ready ## Practise a day against loopback providers with scripted faults
	$(BIN)/python -m tests.doubles.rehearsal

bench: $(VENV)/dev-ready ## Run all of benchmarks/ and write docs/benchmarks.md; BENCH=--short takes minutes
	$(BIN)/python -m benchmarks $(BENCH)

clean: ## Remove what was built, not var/
	rm -rf $(VENV) .venv-client dist build

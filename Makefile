# One verb each, the same here and in CI. Needs python3 (3.11 or newer, with venv) and make; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
PEERS := .venv-peers
LOWEST := .venv-lowest
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS_READY := $(PEERS)/.ready
WORKERS ?= 4
PYTEST := $(BIN)/python -m pytest
# docs/decisions/025
INSTALL := -m pip install -qq --disable-pip-version-check --no-input --require-hashes --no-deps

# The lock names no registry: pip's own configuration says where packages come from.
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-annotate --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help setup demo test lowest image check fmt bench mutants soak docs site lock clean

help: ## Show what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 14

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("reconciler needs Python 3.11 or newer; say make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || echo "Setting up $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: on Debian and Ubuntu, apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	@$(BIN)/python $(INSTALL) -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-input --no-deps --no-build-isolation --editable .
	@touch $@

$(PEERS_READY): tests/benchmarks/peers.lock
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python $(INSTALL) -r tests/benchmarks/peers.lock
	@touch $@

setup: $(READY) ## Create .venv with everything pinned

demo: $(READY) ## Validate, plan, apply and plan again against a sandbox of both vendors
	@$(BIN)/reconciler demo

test: $(READY) ## Run the whole suite, long campaigns as seeded samples
	@tests/setup
	$(PYTEST) -n $(WORKERS) --cov --cov-report=term $(ARGS)

# docs/decisions/165
# The tools that test are those of the lock; what is tested, and what it asks for directly, is as old as pyproject.toml allows.
TESTERS := hypothesis jsonschema pytest pytest-socket pytest-timeout pytest-xdist respx time-machine
QUICK := config schedule http providers sandbox test_desired.py test_destinations.py test_diff.py test_document.py
lowest: $(READY) ## Run a quick part of the suite at the lowest versions that the package declares
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LOWEST)
	@$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct --editable '.[postgres,calendars,lsp]' \
		$$(for tool in $(TESTERS); do sed -n "s/^\($$tool==[^ ]*\).*/\1/p" requirements.lock; done)
	$(LOWEST)/bin/python -m pytest -p no:anyio -p no:cacheprovider -n $(WORKERS) $(addprefix tests/unit/,$(QUICK)) \
		tests/cli/test_root.py tests/cli/test_demo.py tests/cli/test_outputs.py $(ARGS)

image: $(READY) ## Build the container image; without docker or podman, try its steps in an environment of their own
	@for engine in docker podman; do \
			$$engine info >/dev/null 2>&1 && exec $$engine build --tag phone-reconciler .; \
		done; \
		echo "No docker and no podman answers: trying the steps of Dockerfile without an image"; \
		$(PYTEST) -m soak -k steps_of_the_image tests/test_distribution.py

check: $(READY) ## Lint, formatting, types, import contracts, dependencies, security
	@status=0; \
	for tool in "ruff check ." "ruff format --check ." mypy lint-imports "deptry ." \
			"bandit --quiet --recursive --severity-level medium reconciler" "python .ci/audit.py"; do \
		echo "$$tool"; $(BIN)/$$tool || status=1; \
	done; \
	exit $$status

fmt: $(READY) ## Format the code and apply safe fixes
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(READY) $(PEERS_READY) ## Measure speed, as ratios against peers in the same run
	@tests/setup
	$(BIN)/python -m tests.benchmarks $(ARGS)

mutants: $(READY) ## Break single lines, one at a time, and see that the suite notices
	@tests/setup
	$(BIN)/python -m tests.mutants $(ARGS)

soak: $(READY) ## Run the long campaigns in full
	@tests/setup
	$(PYTEST) -m soak -n $(WORKERS) --timeout 0 $(ARGS)

docs: $(READY) ## Write the generated pages under docs/, the schemas and the catalogues
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/catalogue.py

site: $(READY) ## Build the documentation as pages, under site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

lock: $(READY) ## Pin dependencies anew (takes minutes)
	$(BIN)/python -m pip install -qq --disable-pip-version-check pip-tools
	$(COMPILE) --upgrade --extra dev --extra postgres --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra calendars --extra lsp --extra postgres --extra s3 --constraint requirements.lock --output-file requirements-run.lock pyproject.toml
	$(COMPILE) --only-build-deps --build-deps-for wheel --constraint requirements.lock --output-file requirements-build.lock pyproject.toml
	$(COMPILE) --upgrade --output-file tests/benchmarks/peers.lock tests/benchmarks/peers.in

clean: ## Remove what was built here
	rm -rf $(VENV) $(PEERS) $(LOWEST) build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.*
	find reconciler tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

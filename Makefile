# Everything that is done with this project. Each target sets up what it needs, so that it works right after a clone.
#
#   ARGS    is handed on to the command:  make demo ARGS="--duration 20",  make test ARGS="-k spool"
#   PYTHON  is the Python to make .venv with, if not the first on the PATH that is 3.11 or newer

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PYTHON

VENV := .venv
PY := $(VENV)/bin/python
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development

.PHONY: help demo test check bench verify-durability image lock docs clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(RUNTIME): requirements.lock requirements-build.lock pyproject.toml
	@tools/setup.sh runtime

$(DEVELOPMENT): requirements-dev.lock pyproject.toml
	@tools/setup.sh development

demo: $(RUNTIME) ## Run broker, simulated machines, gateway and historian, with nothing to install
	@$(VENV)/bin/gateway demo $(ARGS)

test: $(DEVELOPMENT) ## Run every test; as root on Debian, install the servers that they talk to
	@tools/install-test-servers.sh
	@tools/install-edge-nodes.sh
	@$(PY) -m pytest --numprocesses 2 --dist loadfile $(ARGS)

check: $(DEVELOPMENT) ## Check format, style, types, import rules, and that what is generated is in step
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m gateway.settings.reference --check docs/configuration.md
	@$(PY) -m tools.adapters_reference --check docs/adapters.md
	@$(PY) -m tools.simulators_reference --check docs/simulators.md
	@$(PY) -m tools.protobuf --check adapters/sparkplug/payload.proto

bench: $(DEVELOPMENT) ## Measure, print a table, write build/bench.json
	@tools/install-test-servers.sh
	@$(PY) -m bench $(ARGS)

verify-durability: $(DEVELOPMENT) ## Prove, with faults of every kind, that no acknowledged message is lost; 15 minutes
	@tools/install-test-servers.sh
	@$(PY) -m tests.durability $(ARGS)

image: ## Build the container image (docker, or else buildah) and try it
	@tools/build-image.sh

lock: $(DEVELOPMENT) ## Resolve the dependencies anew into requirements*.lock
	@tools/lock.sh $(ARGS)

docs: $(DEVELOPMENT) ## Write what is generated: pages and pictures from the code, code from the .proto
	@$(PY) -m gateway.settings.reference docs/configuration.md
	@$(PY) -m tools.adapters_reference docs/adapters.md
	@$(PY) -m tools.simulators_reference docs/simulators.md
	@$(PY) -m tools.protobuf adapters/sparkplug/payload.proto
	@$(PY) -m tools.pictures docs/pictures

clean: ## Remove all that the other targets made; data/ stays
	@rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

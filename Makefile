# The project's commands; `make help` lists them. Nothing here needs root or a system package.
SHELL := /bin/sh
PYTHON := .venv/bin/python
RUNTIME := .venv/.runtime
DEV := .venv/.dev
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9.-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Run it

.PHONY: up up-distributed
up: $(RUNTIME) i18n ## Start everything on http://127.0.0.1:8080 (STORECTL_PORT, STORECTL_HOME); Ctrl-C stops it
	@exec $(PYTHON) -m controller up

up-distributed: $(DEV) i18n services ## The same over PostgreSQL, Redis and Celery workers
	@exec $(PYTHON) -m scripts.distributed

##@ Test it

.PHONY: services test test-unit fuzz integration-test contract-test browser-test cluster-tools cluster-test node-tools node-test bench
services: $(DEV)
	@$(PYTHON) -m tests.services prepare

test: $(DEV) i18n services ## Every test; fetches PostgreSQL, Redis, Chromium and PHP where they are missing
	@$(PYTHON) -m pytest -n 2 --dist worksteal --ignore=tests/cluster --ignore=tests/node tests

# What pytest makes of the tests is kept between runs, whatever the shell says of bytecode.
test-unit: $(DEV) i18n ## Fast tests only (under a minute)
	@env -u PYTHONDONTWRITEBYTECODE $(PYTHON) -m pytest -n 2 --dist worksteal tests/unit

fuzz: $(DEV) i18n ## Try thousands of generated documents over sandbox shops (FUZZ_EXAMPLES=500 of each part), others each time
	@FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),500) $(PYTHON) -m pytest -n 2 -o faulthandler_timeout=0 tests/property

integration-test: $(DEV) i18n services ## Tests with real databases, processes and workers
	@$(PYTHON) -m pytest -n 2 --dist worksteal tests/integration tests/acceptance

contract-test: $(DEV) i18n ## One contract over the sandbox, recordings, and the Magento that MAGENTO_URL and MAGENTO_TOKEN name
	@$(PYTHON) -m pytest tests/contract

browser-test: $(DEV) i18n services ## Tests that walk the pages in headless Chromium
	@$(PYTHON) -m pytest tests/browser

cluster-tools: $(DEV) ## Get kube-apiserver, etcd, kubectl, helm and tofu into .cluster-tools; compiles what cannot be had otherwise
	@$(PYTHON) -m scripts.cluster_tools

node-tools: $(DEV) ## The same for a real node: kubelet, kube-proxy and scheduler as well
	@$(PYTHON) -m scripts.cluster_tools etcd kubectl helm4 kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy

# A cluster that is given needs no control plane of ours.
cluster-test: $(DEV) i18n ## Tests over a real API server; over a cluster of yours with STORECTL_TEST_KUBECONFIG
	@$(PYTHON) -m scripts.cluster_tools $(if $(STORECTL_TEST_KUBECONFIG),kubectl helm3 helm4 tofu)
	@$(PYTHON) -m pytest -n 2 --dist loadfile $(if $(STORECTL_TEST_KUBECONFIG),-o faulthandler_timeout=7200) tests/cluster

# As root: tests over a node of its own; elsewhere it says why there is none.
node-test: $(DEV) i18n ## Tests on a real node: kubelet, volumes, Ingress, policies; needs root (MAGENTO_TREE: with the real shop)
	@$(PYTHON) -m tests.node

bench: $(DEV) i18n ## Measure; prints one JSON object per figure
	@$(PYTHON) -m bench

##@ Change it

.PHONY: .venv dev fmt check format lint types imports bridge-check i18n i18n-update i18n-check picture lock lock-check clean
.venv: $(RUNTIME) ## The virtual environment, as locked (make dev adds what tests and checks need)

dev: $(DEV) ## The virtual environment with what tests and checks need

fmt: $(DEV) ## Format the code and correct what ruff can correct
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

check: $(DEV) ## Formatter, linter, types, import contracts, texts and lock files
	@$(MAKE) --keep-going format lint types imports i18n-check lock-check

format: $(DEV)
	@.venv/bin/ruff format --check .

lint: $(DEV)
	@.venv/bin/ruff check .

types: $(DEV)
	@.venv/bin/mypy

imports: $(DEV)
	@.venv/bin/lint-imports --no-logo

bridge-check: $(DEV) ## Syntax, coding standards and unit tests of the Magento module; fetches PHP where it is missing
	@$(PYTHON) -m tests.services prepare phpunit
	@$(PYTHON) -m pytest -n 0 tests/integration/test_bridge_module.py

i18n: $(RUNTIME) ## Compile the message catalogs that changed
	@$(PYTHON) scripts/i18n.py compile

i18n-update: $(RUNTIME) ## Bring the message catalogs up to date with the sources
	@$(PYTHON) scripts/i18n.py update

picture: $(DEV) ## Draw the layers for docs/architecture.md from the import contracts
	@$(PYTHON) -m scripts.picture

i18n-check: $(RUNTIME) ## Check that every text is translated, with the right placeholders
	@$(PYTHON) scripts/i18n.py check

lock: ## Write the lock files from pyproject.toml (needs uv; LOCK="--upgrade" takes newer versions)
	@$(firstword $(wildcard $(PYTHON)) python3) scripts/lock.py $(LOCK)

lock-check: $(RUNTIME)
	@$(PYTHON) scripts/lock.py --check

clean: ## Remove everything that can be made again (var, the data, stays)
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -path ./var -prune -o -name '*.mo' -type f -exec rm -f {} +

# Parallel makes would build one .venv twice; the environment comes first, one step at a time.
.NOTPARALLEL:

$(RUNTIME): requirements.lock pyproject.toml scripts/venv
	@scripts/venv runtime

$(DEV): requirements-dev.lock $(RUNTIME)
	@scripts/venv dev

# What a fresh machine needs: make, a network with a package index, and Python 3.12 or newer (or what uv can bring).
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
UV := $(PYTHON) -m uv
COMPILE := pip compile pyproject.toml --quiet --extra dev --universal --python-version 3.12 --generate-hashes \
	--no-emit-index-url --no-header --only-binary :all:
FITS := import ensurepip, sys, venv; sys.exit(not (3, 12) <= sys.version_info < (3, 15))

.PHONY: help setup python packages run test check lock faults lint types contracts migrations templates fresh-lock uv

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: packages ## the virtual environment, as requirements.lock says

run: setup ## the whole product with the demo company, until Ctrl-C
	@exec $(PYTHON) manage.py up

test: setup ## every test; PYTEST_ARGS adds to the command
	$(PYTHON) -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

faults: setup ## the long tests: killed processes, storms, naughty strings; writes the table of docs/reliability.md
	FAULTS=long $(PYTHON) -m pytest -m faults -s $(PYTEST_ARGS)

check: lint types contracts migrations templates fresh-lock ## everything but the tests

lint: setup
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check

types: setup
	$(PYTHON) -m mypy

contracts: setup
	.venv/bin/lint-imports

migrations: setup
	$(PYTHON) manage.py makemigrations --check --dry-run

templates: setup
	.venv/bin/djlint templates --check --quiet
	.venv/bin/djlint templates --lint --quiet

lock: uv ## requirements.lock from pyproject.toml, each package as new as it may be
	$(UV) $(COMPILE) --upgrade --output-file requirements.lock

# What the lock pins is kept where pyproject.toml allows it, so a difference means that somebody forgot `make lock`.
fresh-lock: uv
	@copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT && cp requirements.lock "$$copy/" && \
	$(UV) $(COMPILE) --output-file "$$copy/requirements.lock" >"$$copy/log" 2>&1 || { cat "$$copy/log"; exit 1; }; \
	cmp -s requirements.lock "$$copy/requirements.lock" || { \
		echo "requirements.lock does not fit pyproject.toml: run make lock" >&2; exit 1; }

uv: python
	@$(PYTHON) -c 'import uv' 2>/dev/null || $(PYTHON) -m pip install --quiet --disable-pip-version-check uv

# A virtual environment that does not start (its Python has gone, its making was interrupted) is made again.
python:
	@$(PYTHON) -c 'import pip' 2>/dev/null && exit 0; \
	for candidate in python3 python3.13 python3.12; do \
		if $$candidate -c '$(FITS)' 2>/dev/null; then exec $$candidate -m venv --clear .venv; fi; \
	done; \
	if command -v uv >/dev/null; then exec uv venv --quiet --clear --seed --managed-python --python 3.13 .venv; fi; \
	away=$$(mktemp -d) && trap 'rm -rf "$$away"' EXIT; \
	if python3 -m venv "$$away" 2>/dev/null && "$$away/bin/pip" install --quiet --disable-pip-version-check uv && \
		"$$away/bin/uv" venv --quiet --clear --seed --managed-python --python 3.13 .venv; then exit 0; fi; \
	echo "Milepost needs Python 3.12 or newer, best 3.13, with its venv module; none was found here." >&2; \
	echo "Install it (Debian, Ubuntu: apt-get install python3-venv; elsewhere: pyenv or uv), then run make again." >&2; \
	exit 1

packages: python
	@sum=$$(sha256sum <requirements.lock) && \
	if [ "$$sum" != "$$(cat .venv/.lock-sha 2>/dev/null)" ]; then \
		echo "Installing the packages of requirements.lock" && \
		$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
			--requirement requirements.lock && \
		echo "$$sum" >.venv/.lock-sha; \
	fi

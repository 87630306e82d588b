# Two commands matter: `make run` and `make test`. Both need Python >= 3.11 and PyPI, nothing else.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup run test test-slow lint bench lock sample clean

setup: .venv/ready

.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "catalog-sync needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	$(BIN)/python -m compileall -q catalog_sync harvesters web
	@touch $@

# Import the sample district (once) and serve the catalogue: http://127.0.0.1:8000, Z39.50 on 9999, jobs.
run: setup
	$(BIN)/catalog-sync init --sample
	$(BIN)/catalog-sync serve

lint: setup
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -m "not slow" --numprocesses auto --maxprocesses 4 --dist loadfile

test-slow: setup
	$(BIN)/python -m pytest -m slow --numprocesses auto --maxprocesses 2 --dist loadfile

bench: setup
	$(BIN)/python -m bench

# Make the sample district's exports again from data/sample/make.py (they are committed).
sample: setup
	$(BIN)/python data/sample/make.py

# Pin every dependency with its hashes. Needs uv (pip install uv) in the environment.
lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate --generate-hashes --extra test pyproject.toml -o requirements.lock

# What setup made. The catalogue in data/var is yours and stays.
clean:
	rm -rf .venv build *.egg-info

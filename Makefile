# The project's commands. `make run` and `make test` do all the set-up they need themselves.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Programs of the environment come first: a Node that tools/need.sh put there is found too.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Compiled modules are kept: servers and test workers that are started anew would each spend
# two seconds on compiling.
unexport PYTHONDONTWRITEBYTECODE
PYTHON_SOURCES := liveclass common sfu signalling billing loadtest bench tests
# As many workers as there are cores; the tests of a file stay together, with what they share.
TOGETHER := -n auto --dist loadfile
SETUP := .venv/.installed node_modules/.installed

.PHONY: help setup run test test-quick test-long check format bench profile siege bench-join fuzz fuzz-long loadtest screenshots clean

help: ## Say what can be done
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

setup: $(SETUP) ## Make the Python environment and fetch the browser modules (quick when done)

.venv/.installed: constraints.txt pyproject.toml tools/need.sh
	@echo "Setting up the Python environment (.venv) ..."
	python="$$(tools/need.sh python)"
	.venv/bin/python -c '' 2>/dev/null || "$$python" -m venv --clear .venv
	.venv/bin/python -m pip install --quiet -c constraints.txt pip setuptools
	PYTHONWARNINGS=ignore .venv/bin/python -m pip install --quiet -c constraints.txt --no-build-isolation -e '.[dev]'
	touch $@

node_modules/.installed: package.json package-lock.json | .venv/.installed
	@echo "Fetching the browser modules (node_modules) ..."
	tools/need.sh node
	npm ci --no-audit --no-fund --loglevel=error
	touch $@

run: setup ## Serve on http://127.0.0.1:8080 with a demo class, its links printed
	exec liveclass serve

test: setup ## Everything: Python, JavaScript and real browsers
	export LIVECLASS_CHROMIUM="$$(tools/need.sh chromium)"
	export LIVECLASS_FIREFOX="$$(tools/need.sh firefox)"
	export LIVECLASS_POSTGRES_BIN="$$(tools/need.sh postgres)"
	export LIVECLASS_NGINX="$$(tools/need.sh nginx)"
	npm test
	pytest -q --durations=10 -m alone
	pytest -q --durations=10 -m 'not alone' $(TOGETHER)

test-quick: setup ## All tests but those with browsers, real sockets or long sweeps
	export LIVECLASS_POSTGRES_BIN="$$(tools/need.sh postgres)"
	pytest -q -m 'not browser and not interop and not sweep' $(TOGETHER)

test-long: setup .venv/.fuzz ## Every crash point, many histories and examples, long fuzzing: hours
	export LIVECLASS_POSTGRES_BIN="$$(tools/need.sh postgres)"
	pytest -q -m 'not alone and not browser' $(TOGETHER) --hypothesis-profile=long --timeout=7200
	python -m tests.fuzz --seconds 600
	python -m tests.fuzz.long

check: setup ## Format, lint, types and import rules; changes nothing
	ruff format --check $(PYTHON_SOURCES)
	ruff check $(PYTHON_SOURCES)
	mypy
	npm run --silent check
	pytest -q tests/test_layout.py

format: setup ## Put the Python and JavaScript sources in shape
	ruff format $(PYTHON_SOURCES)
	ruff check --fix $(PYTHON_SOURCES)
	npm run --silent format

bench: setup ## What the product's steps cost beside the lean loop
	python -m bench

profile: setup ## Where each microsecond of a loaded server goes (build/profile)
	python -m bench.profiling

siege: setup ## Attack a running class in every known way and measure what the others feel
	exec python -m tests.siege $(ARGS)

bench-join: setup ## From Join to the first frame in Chromium, 20 times
	export LIVECLASS_CHROMIUM="$$(tools/need.sh chromium)"
	python -m loadtest.browser.join

.venv/.fuzz: .venv/.installed
	PYTHONWARNINGS=ignore .venv/bin/python -m pip install --quiet -c constraints.txt --no-build-isolation -e '.[dev,fuzz]'
	touch $@

fuzz: setup .venv/.fuzz ## Each surface under atheris for 60 s: make fuzz ARGS="rtp sdp --seconds 600 --keep"
	python -m tests.fuzz $(ARGS)

fuzz-long: setup ## Ten million hostile datagrams, each accounted for: make fuzz-long ARGS="--count 200000"
	python -m tests.fuzz.long $(ARGS)

loadtest: setup ## Fill a class with bots and measure: make loadtest ARGS="--viewers 200"
	exec liveclass loadtest --spawn $(ARGS)

screenshots: setup ## Take the pictures in docs/screenshots anew
	export LIVECLASS_CHROMIUM="$$(tools/need.sh chromium)"
	python -m tests.browser.screenshots

clean: ## Remove what setup and tests made (var/ stays: it holds data)
	rm -rf .venv node_modules build test-results *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find $(PYTHON_SOURCES) -name __pycache__ -prune -exec rm -rf {} +

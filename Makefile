# Two commands do everything: `make run` and `make test`. Needs Python 3.11 or newer, Node 20.19 or newer, and make.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
NPM ?= npm
UV ?= uv

BIN := .venv/bin
WEB := frontend-demo
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --extra dev pyproject.toml
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable chrome
ON_DEBIAN_AS_ROOT := [ "$$(id -u)" = 0 ] && grep -qs '^ID=debian$$' /etc/os-release
APT_INSTALL := export DEBIAN_FRONTEND=noninteractive; \
	apt-get -qq update && apt-get -qq install -y --no-install-recommends >/dev/null

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help setup run test check lint bench chromium oathtool format generate lock clean

help:
	@echo 'make run      start everything, with a demo account, on http://localhost:8001'
	@echo 'make test     every test, those in the browser included'
	@echo 'make check    what CI runs: linters, type checks and every test'
	@echo 'make bench    what a request costs beside a bare handler'
	@echo 'make setup    leave $(BIN)/hybrid-auth and the built front end, and start nothing'
	@echo 'make format   put the code into its one form'
	@echo 'make generate write the files that are made from code: docs/ and the types of the front end'
	@echo 'make lock     pin the dependencies anew (needs uv)'
	@echo 'make clean    remove what these commands made, the data of `make run` excepted'

setup: $(BIN)/.installed $(WEB)/dist/index.html

run: setup
	@exec $(BIN)/hybrid-auth dev

test: setup chromium oathtool
	cd $(WEB) && $(NPM) test --silent
	$(BIN)/python -m pytest --cov=hybrid_auth

check: lint test

lint: setup
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/hybrid-auth openapi | diff -u docs/openapi.json - || { echo 'docs/openapi.json is stale: run make generate'; false; }
	cd $(WEB) && $(NPM) run --silent check
	cd $(WEB) && $(NPM) run --silent generate -- --check

bench: setup
	@$(BIN)/python -m benchmarks.requests

# The browser tests take any Chromium; on Debian root gets one, elsewhere it is said what to install.
chromium:
	@if [ -n "$$CHROMIUM" ]; then exit 0; fi; \
	for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
	$(BIN)/python -c 'import pathlib, playwright.sync_api as p; \
	api = p.sync_playwright().start(); path = pathlib.Path(api.chromium.executable_path); api.stop(); \
	raise SystemExit(not path.exists())' && exit 0; \
	if $(ON_DEBIAN_AS_ROOT); then \
		echo 'Installing Chromium for the browser tests.'; \
		$(APT_INSTALL) chromium; \
	else \
		echo 'There is no Chromium, so the browser tests will be skipped (with CI=true they fail). To install one:'; \
		echo '  Debian: sudo apt install chromium · Fedora: sudo dnf install chromium · macOS: brew install chromium'; \
		echo '  or, without root: $(BIN)/playwright install chromium'; \
	fi

# A generator of one-time codes that is not ours, to compare with; got in the same way.
oathtool:
	@if command -v oathtool >/dev/null; then exit 0; fi; \
	if $(ON_DEBIAN_AS_ROOT); then \
		echo 'Installing oathtool for the tests of one-time codes.'; \
		$(APT_INSTALL) oathtool; \
	else \
		echo 'There is no oathtool, so the tests that need it will be skipped (with CI=true they fail). To install it:'; \
		echo '  Debian: sudo apt install oathtool · Fedora: sudo dnf install oathtool · macOS: brew install oath-toolkit'; \
	fi

format: setup
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format --quiet
	cd $(WEB) && $(NPM) run --silent format

generate: setup
	$(BIN)/hybrid-auth openapi --output docs/openapi.json
	$(BIN)/python -c 'from hybrid_auth.settings import configuration_reference; print(configuration_reference(), end="")' \
		> docs/configuration.md
	$(BIN)/python -m tests.docs.errors_reference > docs/errors.md
	cd $(WEB) && $(NPM) run --silent generate

lock:
	@command -v $(UV) >/dev/null || { echo 'make lock needs uv: https://docs.astral.sh/uv/'; false; }
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group test --group build --output-file requirements-dev.txt

clean:
	rm -rf .venv $(WEB)/node_modules $(WEB)/dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*

# Stamps: nothing below runs again until what it was made from changes.

$(BIN)/.installed: requirements-dev.txt pyproject.toml hatch_build.py
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed. Name it: make PYTHON=/path/to/python …'; false; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json $(WEB)/package.json $(WEB)/.npmrc
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 19) ? 0 : 1)' \
		|| { echo 'Node 20.19 or newer is needed: https://nodejs.org/'; false; }
	cd $(WEB) && $(NPM) ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

$(WEB)/dist/index.html: $(WEB)/node_modules/.installed $(shell find $(WEB)/src $(WEB)/public) \
		$(WEB)/index.html $(WEB)/schema.html $(WEB)/vite.config.ts $(WEB)/tsconfig.json
	cd $(WEB) && $(NPM) run --silent build -- --logLevel error
	@touch $@

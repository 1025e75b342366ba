# make install   all the set-up for the user who runs it
# make test      sets up everything the tests need, and runs all of them
# make check     the developer's quick loop: no OpenCode, and no processes of ours
# make help      the rest

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NPM := npm --no-audit --no-fund --no-update-notifier --loglevel=error
PYTEST := $(BIN)/python -m pytest
# Neither what has targets of its own, nor what drives whole programs from outside.
REST := not e2e and not bench and not gnome and not packages
ELSEWHERE := --ignore=tests/e2e --ignore=tests/e2e_setup --ignore=tests/bars

.PHONY: help
help: ## say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

# ---- for users ------------------------------------------------------------------------------------------------------

.PHONY: install uninstall demo
install: ## set up opencode-stats for the user who runs this, and print the current figures
	@sh packaging/install.sh

uninstall: ## take it away again; the ledger stays (PURGE=1 removes that too)
	@sh packaging/uninstall.sh $(if $(PURGE),--purge)

demo: $(VENV)/ready ## see it run: a real OpenCode, a mock model, live figures; your home is not touched
	@$(BIN)/python -m tests.demo

# ---- for developers --------------------------------------------------------------------------------------------------

.PHONY: programs check lint types arch pure processes unit plugin extension extension-check extension-pot test e2e gnome-test gnome-shots bars kde plasmoid-check dist dist-test fault fuzz soak bench fmt generate prices lock clean
check: lint types arch pure plugin extension-check plasmoid-check ## the quick loop: everything that needs no OpenCode and starts no process of ours

lint: $(VENV)/ready ## style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/ready ## mypy --strict
	$(BIN)/mypy

arch: $(VENV)/ready ## imports point one way
	PYTHONPATH=exporter $(BIN)/lint-imports --no-cache

pure: $(VENV)/ready ## the pure suite: unit, property and contract tests, on all cores
	$(PYTEST) -q -n logical --dist worksteal --timeout=300 -m "not processes and $(REST)" $(ELSEWHERE)

processes: $(VENV)/ready ## the tests that start processes, kill them, or spoil what they keep; one after the other
	$(PYTEST) -q -m "processes and $(REST)" $(ELSEWHERE)

unit: pure processes ## both (PYTHON=python3.14 VENV=.cache/3.14 for another Python)

plugin: opencode_plugin/node_modules/ready ## the plugin: types, style, freshness, tests
	cd opencode_plugin && $(NPM) run check && $(NPM) test

extension: ## pack the GNOME Shell extension into dist/, as gnome-extensions install takes it
	@$(PYTHON) gnome_extension/tools/pack.py dist

extension-check: gnome_extension/node_modules/ready ## the GNOME Shell extension: types, style, the tests of its pure part
	cd gnome_extension && $(NPM) run lint && $(NPM) run types && $(NPM) test
	@if command -v gjs > /dev/null; then cd gnome_extension && gjs -m test/run-gjs.js; \
	else echo "gjs is not installed: the same tests were not run in the Shell's own engine"; fi

plasmoid-check: gnome_extension/node_modules/ready ## the widget for KDE Plasma: style, the tests of its pure part
	gnome_extension/node_modules/.bin/eslint -c kde_plasmoid/eslint.config.mjs --max-warnings 0 kde_plasmoid/package
	node --test kde_plasmoid/test/*.test.mjs

dist: $(VENV)/ready ## make everything that is handed out, with its checksums, into dist/: the same bytes for the same commit
	@PYTHONPATH=packaging:exporter $(BIN)/python -m release dist

extension-pot: ## write the template for translations of the GNOME Shell extension anew (needs gettext)
	cd gnome_extension && xgettext --from-code=UTF-8 --language=JavaScript --keyword=_ --keyword=ngettext:1,2 \
	  --add-comments=Translators --add-location=file --no-wrap --sort-by-file --package-name=opencode-stats \
	  -o - extension.js prefs.js lib/*.js shell/*.js prefs/*.js | grep -v POT-Creation-Date > po/opencode-stats.pot

dist-test: $(VENV)/ready ## install what make dist makes on fresh machines (DIST="-k debian" for less); needs root and Debian's packages
	PYTHONPATH=packaging $(BIN)/python -m tests.packages $(DIST)

test: programs check processes e2e gnome-test dist-test ## everything

programs: ## see that the programs are there that the tests drive
	@sh tests/programs.sh

fault: $(VENV)/ready ## print every fault point, and what came of it (FAULT="points --part 1/8" for some)
	$(BIN)/python -m tests.fault $(FAULT)

e2e: $(VENV)/ready ## the real OpenCode against the mock provider
	$(PYTEST) -q -p no:randomly --timeout=300 tests/e2e tests/e2e_setup

gnome-test: $(VENV)/ready ## the extension in real GNOME Shells (GNOME="trixie -k panel" for less); needs root and Debian's packages
	$(BIN)/python -m tests.gnome $(GNOME)

gnome-shots: $(VENV)/ready ## take the pictures in docs/images anew
	$(BIN)/python -m tests.gnome trixie --pictures

bars: $(VENV)/ready ## our figures in real status bars, a real terminal and a real notification daemon (PICTURES=1 takes the pictures in docs/images anew)
	@sh tests/bars/programs.sh
	$(PYTEST) -q -p no:randomly tests/bars

kde: $(VENV)/ready ## the widget in a real Plasma (PICTURES=1 takes the pictures in docs/images anew); needs root and Debian's packages
	$(BIN)/python -m tests.kde $(KDE)

fuzz: $(VENV)/ready ## spoiled input of every kind, in full numbers (FUZZ="lines --inputs 1000 --seed 1" for less)
	$(BIN)/python -m tests.fuzz $(FUZZ)

soak: $(VENV)/ready opencode_plugin/node_modules/ready ## 64 writers, a daemon that is killed (SOAK="--messages 50 --seconds 5" for less)
	$(BIN)/python -m tests.soak --plugins 8 $(SOAK)

bench: $(VENV)/ready opencode_plugin/node_modules/ready ## print the figures of docs/benchmarks.md
	$(BIN)/python -m tests.bench
	cd opencode_plugin && $(NPM) run bench

fmt: $(VENV)/ready opencode_plugin/node_modules/ready ## format everything
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format
	cd opencode_plugin && npx biome check --write .

generate: $(VENV)/ready opencode_plugin/node_modules/ready ## write anew what is made: schemas, docs/cli.md, tables and files that pages show, the installed plugin
	cd exporter && ../$(BIN)/python -m opencode_stats.contract.schema
	$(BIN)/python -m tests.docs.reference
	$(BIN)/python -m opencode_stats.settings.page docs/settings.md
	$(BIN)/python -m tests.docs.included
	cd opencode_plugin && $(NPM) run build

prices: $(VENV)/ready ## make the bundled price lists anew (needs Node, and pip's index)
	$(BIN)/python packaging/prices.py

lock: ## pin the newest versions of the development tools
	rm -rf .cache/lock && $(PYTHON) -m venv .cache/lock
	.cache/lock/bin/pip install -q --disable-pip-version-check pip-tools
	.cache/lock/bin/pip-compile -q --generate-hashes --allow-unsafe --strip-extras --no-annotate --no-header \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o .cache/lock/pinned.txt requirements/dev.in
	{ head -2 requirements/dev.txt; cat .cache/lock/pinned.txt; } > .cache/dev.txt
	mv .cache/dev.txt requirements/dev.txt

clean: ## remove what the targets above made
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis opencode_plugin/node_modules gnome_extension/node_modules

$(VENV)/ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

opencode_plugin/node_modules/ready: opencode_plugin/package-lock.json
	@# Not `npm ci`: it refuses a lock file that lacks other platforms' optional packages, as some registries do.
	cd opencode_plugin && $(NPM) install --no-save --ignore-scripts
	@touch $@

gnome_extension/node_modules/ready: gnome_extension/package-lock.json
	cd gnome_extension && $(NPM) install --no-save --ignore-scripts
	@touch $@

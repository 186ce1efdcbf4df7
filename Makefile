# Everything runs in .venv, which `make` creates. Another Python: make demo PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
INSTALLED := $(VENV)/.installed
MLDOC := $(VENV)/mldoc
KATEX := $(VENV)/katex
AXE := $(VENV)/axe
PLUGIN := logseq-plugin
VSCODE := editors/vscode
PARALLEL ?= --numprocesses auto --maxprocesses 4

.DEFAULT_GOAL := help
.PHONY: help demo data mldoc katex axe vscode editors test test-python coverage test-notes torture fuzz reading check lint format types layers dead-code notes site site-proof docs messages plugin plugin-packages plugin-pictures test-plugin docs-outputs docs-site dist test-jupyter clean

help:
	@echo "make demo    set up, tangle the notes, run section 3.6"
	@echo "make test    the tests, as many at a time as there are cores"
	@echo "make test-python PYTHON=python3.12  the tests on another Python, in a separate environment"
	@echo "make coverage  the tests, and which lines they reach (twice as long)"
	@echo "make test-notes  every chunk of the notes as a test (five minutes)"
	@echo "make check   the gates: style, types, layers, dead code, the notes"
	@echo "make torture kill and starve tangle while it writes, thousands of times (an hour)"
	@echo "make fuzz    two million inputs to the parser and the writer (half an hour)"
	@echo "make reading compare ten thousand pages with Logseq's own parser (ten minutes)"
	@echo "make site    the notes as a site, in site/"
	@echo "make plugin  build the Logseq plugin in logseq-plugin (node and npm)"
	@echo "make test-plugin  the plugin's tests, alone and in Chromium"
	@echo "make plugin-pictures  the pictures of the Logseq plugin in docs/images (Chromium)"
	@echo "make test-jupyter  JupyterLab on a graph in Chromium, in a separate environment"
	@echo "make site-proof  every page of several sites in Chromium (hours)"
	@echo "make docs    regenerate the generated pages of docs/reference, and the pictures"
	@echo "make docs-outputs  run the commands in the documentation, and put what they print into it"
	@echo "make docs-site  the documentation as a site, in build/docs"
	@echo "make messages  update the catalogues of messages, and say what has no translation"
	@echo "make editors  the VS Code extension, as editors/vscode/dist/tangle.vsix"
	@echo "make dist    the wheel and the sdist of the last commit, in dist/"
	@echo "make format  lay out the code"
	@echo "make clean   remove what make and the tools made; data and outputs in the notes stay"

demo: $(INSTALLED) data
	$(BIN)/tangle build
	$(BIN)/tangle run 3.6

# --- set-up ------------------------------------------------------------------------------------

# torch comes first and alone, so that torchvision, whose builds are fewer, cannot choose it.
# The stamp is written last: a set-up that was cut short starts again.
$(INSTALLED): pyproject.toml constraints.txt $(wildcard tools/*.py)
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON) here. Name a Python, 3.11 or newer: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.version_info >= (3, 11) or sys.exit("%s is Python %d.%d, and tangle needs 3.11 or newer. Name one: make PYTHON=/path/to/python3" % ((sys.executable,) + tuple(sys.version_info[:2])))'
	@echo "Setting up $(VENV). This takes a minute where packages are near, and torch is large."
	"$(PYTHON)" -m venv $(VENV)
	$(PIP) install --constraint constraints.txt setuptools torch
	$(PIP) install --constraint constraints.txt torchvision
	$(PIP) install --constraint constraints.txt --no-build-isolation --editable ".[notes,dev]"
	$(BIN)/python tools/repair_torchvision.py
	@touch $@

data: $(INSTALLED)
	@$(BIN)/python tools/fetch_fashion_mnist.py

# What npm fetches. Where it cannot, what needs it is skipped, and the stamp is not written: the next
# time tries again. npm's own patience, minutes, is cut down to seconds.
define npm_ci
@if ! command -v node >/dev/null || ! command -v npm >/dev/null; then \
    echo "There is no node and npm here: $(WITHOUT)."; \
elif ! npm ci --prefix $(1) --ignore-scripts --no-audit --no-fund --loglevel=error \
    --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=30000; then \
    echo "npm could not fetch $(FETCHED): $(WITHOUT)."; \
else touch $@; fi
endef

# Logseq's own parser.
mldoc: $(MLDOC)/.installed
$(MLDOC)/.installed: FETCHED := mldoc
$(MLDOC)/.installed: WITHOUT := the tests against Logseq's own parser will be skipped

# For the pictures of formulas in docs/reference/results.md.
katex: $(KATEX)/.installed
$(KATEX)/.installed: FETCHED := KaTeX
$(KATEX)/.installed: WITHOUT := pictures of formulas show their source

# For the tests of the site's accessibility.
axe: $(AXE)/.installed
$(AXE)/.installed: FETCHED := axe-core
$(AXE)/.installed: WITHOUT := the tests of the site's accessibility will be skipped

$(MLDOC)/.installed $(KATEX)/.installed $(AXE)/.installed: $(VENV)/%/.installed: \
    tools/%/package.json tools/%/package-lock.json | $(INSTALLED)
	@mkdir -p $(@D) && cp $^ $(@D)
	$(call npm_ci,$(@D))

# The Logseq plugin's packages, for its tests, and to make it.
plugin-packages: $(PLUGIN)/node_modules/.installed
$(PLUGIN)/node_modules/.installed: FETCHED := the packages of the Logseq plugin
$(PLUGIN)/node_modules/.installed: WITHOUT := the plugin's tests will be skipped

# The same for the VS Code extension.
vscode: $(VSCODE)/node_modules/.installed
$(VSCODE)/node_modules/.installed: FETCHED := the packages of the VS Code extension
$(VSCODE)/node_modules/.installed: WITHOUT := the extension's tests will be skipped

$(PLUGIN)/node_modules/.installed $(VSCODE)/node_modules/.installed: %/node_modules/.installed: \
    %/package.json %/package-lock.json
	$(call npm_ci,$*)

plugin: plugin-packages
	npm run build --prefix $(PLUGIN)

plugin-pictures: $(INSTALLED) plugin-packages
	$(BIN)/python -m pytest tests/plugin/pictures.py

editors: vscode
	npm run --prefix $(VSCODE) package

# --- tests and gates ---------------------------------------------------------------------------

test: $(INSTALLED) data mldoc axe plugin-packages
	$(BIN)/python -m pytest $(PARALLEL)

# Each release has its own environment: .venv-3.12.0 beside .venv.
test-python:
	+@release=$$("$(PYTHON)" -c 'import platform; print(platform.python_version())') && \
	    $(MAKE) --no-print-directory test VENV=$(VENV)-$$release

coverage: $(INSTALLED) data mldoc axe plugin-packages
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PARALLEL)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

test-notes: $(INSTALLED) data
	$(BIN)/pytest notes

# JupyterLab is large, and has a separate environment.
test-jupyter: $(INSTALLED)
	$(BIN)/python -m venv $(VENV)-jupyter
	$(VENV)-jupyter/bin/python -m pip --disable-pip-version-check --no-input -qq install \
	    --constraint constraints.txt --editable ".[dev]" jupyterlab ipykernel
	$(VENV)-jupyter/bin/python -m pytest tests/jupyter

test-plugin: $(INSTALLED) plugin-packages
	$(BIN)/python -m pytest tests/plugin

torture: $(INSTALLED)
	$(BIN)/python -m benchmarks.torture --seed 1

fuzz: $(INSTALLED)
	$(BIN)/python -m benchmarks.fuzz_parse --inputs 1000000 --seed 1
	$(BIN)/python -m benchmarks.fuzz_write --inputs 1000000 --seed 1

reading: $(INSTALLED) mldoc
	$(BIN)/python -m benchmarks.differential --pages 10000 --seed 1

check: lint types layers dead-code notes

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/mypy

layers: $(INSTALLED)
	$(BIN)/lint-imports

dead-code: $(INSTALLED)
	$(BIN)/vulture

notes: $(INSTALLED)
	$(BIN)/tangle build --check
	$(BIN)/tangle check

# The outputs shown are those in the notes: no code is run.
site: $(INSTALLED)
	$(BIN)/tangle weave

site-proof: $(INSTALLED) axe
	$(BIN)/python -m pytest tests/weave/whole_sites.py

docs: $(INSTALLED) mldoc katex
	$(BIN)/python tools/problems_doc.py > docs/reference/problems.md.new
	mv docs/reference/problems.md.new docs/reference/problems.md
	$(BIN)/python tools/reference_doc.py
	$(BIN)/python tools/architecture_diagram.py > docs/images/architecture.svg.new
	mv docs/images/architecture.svg.new docs/images/architecture.svg
	$(BIN)/python tools/results_doc.py
	$(BIN)/python tools/readme_animation.py

dist: $(INSTALLED)
	$(BIN)/python tools/build_dist.py dist

messages: $(INSTALLED)
	$(BIN)/python tools/messages.py

docs-site: $(INSTALLED)
	$(BIN)/zensical build --clean --strict

docs-outputs: $(INSTALLED)
	TANGLE_WRITE_DOCS=1 $(BIN)/python -m pytest $(PARALLEL) tests/docs/test_commands.py

format: $(INSTALLED)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(VSCODE)/node_modules $(VSCODE)/dist $(VSCODE)/LICENSE
	rm -rf $(VENV) $(VENV)-* .tangle build dist htmlcov *.egg-info .coverage .coverage.*
	rm -rf $(PLUGIN)/dist $(PLUGIN)/node_modules
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find cli generated tangle tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

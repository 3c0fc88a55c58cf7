# What people and CI run. Needs make, git and Python 3.11 or newer with venv; the rest comes from the lock files.
#   make demo      assess the synthetic patient and say where the report is
#   make test      the test suite, two processes
#   make check     style, types, import contract, budgets, dead code, tested branches, documentation
#   make validate  slow tests, figures      make bench  times and memory of one run
#   make validate-maps  maps against public references and the digital spine (docs/explanation/maps.md)
#   make docs      the site under site/     make lock   renew the lock files
#   make fuzz      ten minutes of coverage-guided damage to the reader (installs atheris beside the environment)
#   make pages     the generated pages      make coverage                         make clean
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
# First Python that is new enough and can make environments; a name alone proves nothing (it may be a stub).
PYTHON = $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$name"; break; }; done)
PIP = $(BIN)/python -m pip --disable-pip-version-check --no-input
DEMO := demo

.PHONY: help demo test coverage check validate validate-maps bench docs lock clean pages fuzz

help:
	@sed -n 's/^#   //p' Makefile

# The environment follows its lock file: a changed lock is installed on the next call. The lock is whole, so
# nothing is left to resolve; a resolver would stumble over a newer release of a package named with an extra.
define install
	@if [ ! -x $(BIN)/python ]; then \
		if [ -z "$(PYTHON)" ]; then echo "No Python >= 3.11 with venv found (Debian: apt-get install python3-venv)." >&2; exit 1; fi; \
		"$(PYTHON)" -m venv $(VENV); fi
	$(PIP) install --quiet --no-deps --require-hashes -r requirements/$(1).txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
endef

$(VENV)/core.stamp: requirements/core.txt pyproject.toml
	$(call install,core)
	@touch $@

# The developer's lock holds the core's with the same versions.
$(VENV)/dev.stamp: requirements/dev.txt requirements/core.txt pyproject.toml
	$(call install,dev)
	@touch $@ $(VENV)/core.stamp

demo: $(VENV)/core.stamp
	$(BIN)/spinemets phantom make demo --out $(DEMO)
	$(BIN)/spinemets analyze $(DEMO)/STUDY --clinical $(DEMO)/clinical.yaml --out $(DEMO)/report
	@echo "Open $(CURDIR)/$(DEMO)/report/report.html in a browser."

# Two processes, a file of tests in one of them: what a file prepares is prepared once.
TWICE := -n 2 --dist loadfile --no-loadscope-reorder
test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest $(TWICE) -m "not slow"

coverage: $(VENV)/dev.stamp
	$(BIN)/python -m pytest $(TWICE) -m "not slow" --cov --cov-report=term:skip-covered

validate: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m slow
	$(BIN)/python -m studies.network --write

validate-maps: $(VENV)/dev.stamp
	$(BIN)/python -m studies.maps --write

# What decides an answer is tested to its last branch, by its own rooms' tests alone (20 s of one core).
DECIDING := model measures findings impression
check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m house.budgets
	$(BIN)/python -m house.dead_code
	$(BIN)/deptry src
	$(BIN)/python -m pytest $(TWICE) $(DECIDING:%=tests/%) tests/contract tests/testing -m "not slow" \
		$(DECIDING:%=--cov=spinemets.%) --cov-report=term:skip-covered --cov-fail-under=100
	$(BIN)/python -m house.docs_pages --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

pages: $(VENV)/dev.stamp
	$(BIN)/python -m house.docs_pages

docs: pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "Open $(CURDIR)/site/index.html in a browser."

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks.run
	$(BIN)/python -m benchmarks.segmentation
	$(BIN)/python -m benchmarks.labelled_ct
	$(BIN)/python -m benchmarks.maps
	$(BIN)/python -m benchmarks.folder_to_map
	$(BIN)/python -m benchmarks.read
	$(BIN)/python -m benchmarks.headers
	$(BIN)/python -m benchmarks.digital_spine
	$(BIN)/python -m benchmarks.training_samples
	$(BIN)/python -m benchmarks.cohort

# No dependency of the project: installed on demand into a place of its own, removed by `make clean`.
FUZZ_SECONDS := 600
fuzz: $(VENV)/core.stamp
	@[ -d .fuzz/atheris ] || $(PIP) install --quiet --target .fuzz atheris \
		|| { echo "atheris cannot be installed here (it needs Linux and a Python it knows); use python -m fuzz.run." >&2; exit 1; }
	@mkdir -p .fuzz-found
	PYTHONPATH=.fuzz $(BIN)/python -m fuzz.atheris_read -max_total_time=$(FUZZ_SECONDS) -timeout=30 \
		-artifact_prefix=.fuzz-found/ .fuzz-found

# One resolution for all files: the others are constrained to the developer's versions.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock" pyproject.toml --group build
lock: $(VENV)/dev.stamp
	$(COMPILE) --group dev --output-file requirements/dev.txt
	$(COMPILE) --constraint requirements/dev.txt --output-file requirements/core.txt
	$(COMPILE) --extra training --constraint requirements/dev.txt --output-file training/requirements.txt

clean:
	rm -rf site build dist $(DEMO) .fuzz .coverage .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find src tests house benchmarks fuzz -name __pycache__ -type d -prune -exec rm -rf {} +

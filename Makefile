# Two commands are all one must know: `make run` and `make test`. Both set up everything they need.

PYTHON ?= python3
HOST ?= localhost
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin
# One thread for each matrix product: small networks are fastest so, and pages and trainings do not fight for cores.
export OPENBLAS_NUM_THREADS ?= 1
# Of memory that pages' many short threads have freed, glibc otherwise keeps some for each (bench/RESULTS.md).
export MALLOC_ARENA_MAX ?= 2
# Where this is set, as in many containers, each server, each training and each test run would compile all code anew.
unexport PYTHONDONTWRITEBYTECODE
# Open to the network, Streamlit would ask a server on the internet for its address; the local one is what a class needs.
ifeq ($(HOST),0.0.0.0)
LOCAL_ADDRESS = --browser.serverAddress "$$($(BIN)/python -c 'from streamlit.net_util import get_internal_ip; print(get_internal_ip())')"
endif

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-slow fuzz coverage check format texts handouts weights clean

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

run: $(VENV)/installed ## Start the app on http://localhost:8501 (PORT=…; HOST=0.0.0.0 for a classroom)
	@$(BIN)/python -m webapp.server.port $(HOST) $(PORT)
	$(BIN)/streamlit run app.py --server.address $(HOST) --server.port $(PORT) $(LOCAL_ADDRESS)

# Browser tests find their browser in CHROMIUM. They follow each other: two servers, browsers and trainings on two cores
# make pages so slow that now and then a click goes astray. The others run on all cores.
PYTEST := $(BIN)/python -m pytest
BROWSER = CHROMIUM="$$($(BIN)/python -m tests.browser.chromium)" && export CHROMIUM
WITH_BROWSER = @$(BROWSER) && $(PYTEST)

test: test-fast ## Run the tests, with a real browser (five to eight minutes on two cores)
	$(WITH_BROWSER) tests/browser -m "not slow"

test-fast: $(VENV)/installed-dev ## Run the tests that need no browser (two to four minutes)
	$(PYTEST) --numprocesses auto --dist worksteal -m "not browser and not slow"

test-slow: $(VENV)/installed-dev ## Run what takes long: whole recipes, killed servers, fifty digits
	$(WITH_BROWSER) -m slow

fuzz: $(VENV)/installed-dev ## Fuzz all that comes from outside, each with 100,000 cases that were not tried before
	FUZZ_FROM=$$(date +%s) FUZZ_CASES=100000 $(PYTEST) tests/fuzz --numprocesses auto --dist worksteal -rP

coverage: $(VENV)/installed-dev ## Run all tests and show the lines of the product that none of them reached
	$(WITH_BROWSER) --cov --cov-report=term-missing:skip-covered

check: $(VENV)/installed-dev ## Check format, lint, types and the rooms' imports, then `make test`
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

format: $(VENV)/installed-dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Beside the app's texts, what the core says of its data sets and weights (mnist_core/errors.py), and of its modules.
texts: $(VENV)/installed-dev ## Collect new texts of the app into the catalogues
	$(BIN)/python -m babel.messages.frontend --quiet extract -F pyproject.toml -k MnistCoreError -k DataError -k WeightsError --no-location --omit-header --sort-output --width=100 -o $(VENV)/messages.pot .
	@for catalogue in webapp/locales/*/messages.po; do \
		$(BIN)/pybabel update --no-fuzzy-matching --ignore-obsolete --omit-header --width=100 -i $(VENV)/messages.pot -o $$catalogue -l $$(basename $$(dirname $$catalogue)) || exit 1; \
	done

handouts: $(VENV)/installed-dev ## Print the lessons' handouts as PDF (needs Debian's fonts-droid-fallback)
	@$(BROWSER) && $(BIN)/python -m bench.print_handouts

weights: $(VENV)/installed ## Train the default weights again (a quarter of an hour)
	$(BIN)/python -m mnist_core train --recipe handwriting --threads 1 --dtype float16 \
		--temperature 1.19 --digit-from 3.9 --out weights/default.npz

clean: ## Remove what was set up here, but no runs and no data
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

$(VENV)/installed: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python's venv is missing; on Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

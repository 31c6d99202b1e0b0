.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help run test setup lint reproduce test-slow serve deploy doctor clean-cache

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

setup: .venv/.ready ## .venv with everything locked, ffmpeg included

.venv/.ready: requirements.lock
	@echo "Setting up .venv (some minutes the first time)"
	@$(PYTHON) -m venv .venv
	@.venv/bin/pip install -qq --disable-pip-version-check $$(grep '^torch==' requirements.lock)
	@.venv/bin/pip install -qq --disable-pip-version-check --no-deps -r requirements.lock
	@touch $@

run: setup ## the whole chain on the configured corpus: data set, training, reports
	@python -m flows.evaluate all
	@echo "All reports: $(CURDIR)/reports/index.html"

reproduce: setup ## all variants, ablations and baselines too, and all reports
	@python -m flows.reproduce
	@dvc repro --single-item --force report_index  # lists what has come since it was made
	@echo "All reports: $(CURDIR)/reports/index.html"
	@echo "Those of the variants: $(CURDIR)/reports/variants"

test: setup lint ## lint, then the tests
	@python -m pytest -m "not slow" --numprocesses auto --maxprocesses 4 --dist loadfile

test-slow: setup ## what takes minutes: real clips, kills, full-size lists
	@python -m pytest -m slow

lint: setup
	@ruff check . && ruff format --check . && mypy flows tasks models && lint-imports --no-cache

serve: setup ## a Prefect server with its UI at http://127.0.0.1:4200 and a worker, until Ctrl-C
	@python -m flows.serve

deploy: setup ## registers all deployments with the server that runs
	@python -m flows.deploy

doctor: setup ## what is missing or broken on this machine
	@python -m flows.doctor

clean-cache: setup ## drops from DVC's cache and run.store what neither the workspace nor a commit uses
	@dvc gc --workspace --all-commits
	@python -m flows.clean_store

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
	@.venv/bin/pip install --quiet --disable-pip-version-check $$(grep '^torch==' requirements.lock)
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	@touch $@

run: setup ## the whole chain on the configured corpus; says where the report is
	@python -m flows.run

test: setup lint ## lint, then the tests
	@python -m pytest

test-slow: setup ## what takes minutes: real clips, kills, full-size lists
	@python -m pytest -m slow

lint: setup
	@ruff check . && ruff format --check . && mypy flows tasks models && lint-imports --no-cache

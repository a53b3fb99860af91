# Every target does its own set-up (lab/prepare.sh): packages, virtual environment, lab.

PYTHON := .venv/bin/python
HOST ?= lab
SCENARIO ?= single
LAB := $(PYTHON) -m lab

.DEFAULT_GOAL := help
.PHONY: help prepare prepare-tests audit test lint mutants remedies variants steady bench lab-up lab-down

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

prepare:
	@lab/prepare.sh

audit: prepare  ## start the lab (SCENARIO=single) and audit its mail host
	@$(LAB) up --replace $(SCENARIO)
	@$(PYTHON) -m pytest --host $(HOST) --inventory lab/hosts.toml

lint: prepare  ## check style and types
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy --strict src lab checks

prepare-tests:
	@lab/prepare.sh tests/packages.txt

test: prepare-tests lint  ## everything: lint, all tests, the mutants (starts labs of its own)
	@$(PYTHON) -m pytest tests

mutants: prepare  ## break the lab in every known way and audit it whole each time (takes long)
	@$(LAB) mutants --scenario $(SCENARIO)

remedies: prepare  ## break the lab, run the commands that the findings print, audit again
	@$(LAB) remedies --scenario $(SCENARIO)

variants: prepare  ## configure the lab in other valid ways: nothing may be found fault with
	@$(LAB) variants --scenario $(SCENARIO)

steady: prepare  ## audit the unchanged lab ten times by two auditors at once
	@$(LAB) up single
	@$(LAB) steady

bench:  ## time an audit, and the tools that people use instead (takes ten minutes)
	@lab/prepare.sh lab/bench-packages.txt
	@$(LAB) up single
	@$(LAB) bench

lab-up: prepare  ## start the lab and leave it running
	@$(LAB) up --replace $(SCENARIO)

lab-down: prepare  ## remove the lab
	@$(LAB) down

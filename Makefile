# What you can do here; `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help airflow up down database status env install install-dev install-emulator test check fmt messages schema networks charts bench year mutants lock test-shaken kill-matrix soak test-long test-postgres15 test-dbt test-odoo image-test

BIN := .venv/bin
STARTED := $(shell date +%s)
# Without byte-code every process takes seconds longer to start.
unexport PYTHONDONTWRITEBYTECODE

# The first Python that fits and can make environments; `make PYTHON=/path/to/python …` takes another.
FITS := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for one in $(BIN)/python python3.13 python3.12 python3.11 python3; do \
	"$$one" -c '$(FITS)' >/dev/null 2>&1 && { echo "$$one"; break; }; done)
NO_PYTHON := leadops needs Python 3.11, 3.12 or 3.13 with its venv module (Debian: apt-get install python3-venv)

help:  ## list the commands
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 17

# PRODUCT=hubspot: the sandbox stands in for that product, and leadops speaks it; PRODUCT=generic: for none.
STAND_IN = $(if $(PRODUCT),LEADOPS_SANDBOX_PRODUCT=$(PRODUCT))

# EXECUTOR=celery: two workers that take their tasks from Redis; EXECUTOR=local: the scheduler's own.
CHOSEN = $(if $(EXECUTOR),AIRFLOW__CORE__EXECUTOR=$(EXECUTOR))

# GATEWAYS=2: two of them share the port, so that one may die; GATEWAYS=1: back to one.
BESIDE = $(if $(GATEWAYS),LEADOPS_GATEWAYS=$(GATEWAYS))

up: install  ## install what is missing, start the whole stack, watch it until Ctrl-C
	@LEADOPS_STARTED_AT=$(STARTED) $(STAND_IN) $(CHOSEN) $(BESIDE) $(BIN)/python -m leadops_stack up

down:  ## stop everything that `make up` started, from any terminal
	@test ! -x $(BIN)/python || $(BIN)/python -m leadops_stack down

database: install  ## start only the database, to restore a backup; Ctrl-C or `make down` stops it
	@$(BIN)/python -m leadops_stack database

status:  ## say what runs
	@test -x $(BIN)/python || { echo "nothing is installed; run make up" >&2; exit 3; }
	@$(BIN)/python -m leadops_stack status

airflow: install  ## the airflow command on this stack: make airflow ARGS="backfill create --dag-id …"
	@$(BIN)/python -m leadops_stack airflow $(ARGS)

env: install  ## only write .env with fresh secrets (for docker compose); what is there stays
	@$(STAND_IN) $(BIN)/python -m leadops_stack env

install:  ## only the environment .venv, from requirements.lock
	@python="$(PYTHON)"; test -n "$$python" || { echo "$(NO_PYTHON)" >&2; exit 1; }; \
	"$$python" include/leadops_stack/install.py run

install-dev:  ## the same with what tests, checks and benchmarks need
	@python="$(PYTHON)"; test -n "$$python" || { echo "$(NO_PYTHON)" >&2; exit 1; }; \
	"$$python" include/leadops_stack/install.py dev

install-emulator: install-dev  ## also .venv-emulator: a BigQuery to test against, and dbt
	@python="$(PYTHON)"; test -n "$$python" || { echo "$(NO_PYTHON)" >&2; exit 1; }; \
	"$$python" include/leadops_stack/install.py emulator

test: install-emulator  ## every test, on a real PostgreSQL and a real Airflow; ARGS="tests/stage -k word" for some
	$(BIN)/python -m pytest -n logical --maxprocesses 8 $(ARGS)

test-shaken: install-dev  ## the tests in random order with random examples on a busy machine; RUNS=10, SEEDS="1 2", ARGS=…
	$(BIN)/python -m tests.shaken $(ARGS) $(if $(RUNS),--runs $(RUNS)) $(if $(SEEDS),--seeds $(SEEDS))

# What takes minutes: the whole simulated half year, all real touches, all secrets at once, a scheduler that hangs,
# and on Celery each fault alone until all is calm again.
LONG := tests/integration/test_simulated_past.py tests/integration/test_real_data.py \
	tests/leadops_stack/test_new_secrets.py tests/e2e/test_standstill.py tests/celery_workers

test-long: install-dev  ## the tests that `make test` tries on a part, whole, on a machine without other work
	LEADOPS_LONG_TESTS=1 $(BIN)/python -m pytest -n 0 $(LONG) $(ARGS)

kill-matrix: install-dev  ## kill each part of a stack of its own, and write docs/kill-matrix.md again; takes an hour; ARGS=…
	$(BIN)/python -m tests.kill_matrix --write $(ARGS)

LEADOPS_ODOO_ROOT ?= $(HOME)/.cache/leadops/odoo-14

test-postgres15: install-dev  ## the tests of the database on PostgreSQL 15, the oldest that is supported, if it is installed
	$(BIN)/python -m tests.postgres15 $(ARGS)

test-dbt: install-emulator  ## the example project of dbt over PostgreSQL and the BigQuery emulator
	LEADOPS_DBT_TESTS=1 $(BIN)/python -m pytest tests/warehouse/dbt $(ARGS)

test-odoo: install-dev  ## against a real Odoo in a folder of its own: made once, as root, in ten minutes and 2.3 GB
	LEADOPS_ODOO_ROOT=$(LEADOPS_ODOO_ROOT) $(BIN)/python -m tests.real_odoo.build_root
	LEADOPS_ODOO_ROOT=$(LEADOPS_ODOO_ROOT) $(BIN)/python -m pytest tests/real_odoo $(ARGS)

image-test: install-dev  ## build the image, run docker-compose.yaml, end a container of each kind, audit
	$(BIN)/python -m tests.containers

check: install-dev  ## format, lint, types, SQL, who may import whom; changes nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --disable-progress-bar include
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile tests/containers/*.Dockerfile

fmt: install-dev  ## format the Python files
	$(BIN)/ruff format

messages: install-dev  ## write the expected alert messages and the runbook index again, from the catalogue
	$(BIN)/python -m tests.alerts.expected

schema: install-dev  ## write schema.sql and the table of ARCHITECTURE.md again, from the SQL
	$(BIN)/python -m tests.write_schema

networks: install-dev  ## write the list of crawlers' networks again, from the newest release of its data set
	$(BIN)/python -m tests.renew_networks

charts: install-dev  ## write the vendored Apache ECharts again, from its newest release on npm (needs npm)
	$(BIN)/python -m tests.renew_charts

bench: install-dev  ## measure, and compare ratios within one run
	$(BIN)/python -m benchmarks $(ARGS)

soak: install-dev  ## people and random faults on a stack of its own: MINUTES=30 SEED=1 EXECUTOR=celery; ARGS=--write
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),30) --seed $(or $(SEED),1) --executor $(or $(EXECUTOR),celery) $(ARGS)

year: install-dev  ## play a year of a company: what grows, and what a minute costs at its end
	$(BIN)/python -m benchmarks year $(ARGS)

mutants: install-dev  ## change the code that decides, bit by bit: do tests notice? ROOM=calendar SAMPLE=50 CHILDREN=2
	nice -n 15 $(BIN)/python -m tests.mutants $(ROOM) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(CHILDREN),--children $(CHILDREN)) $(ARGS)

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(UPGRADE) \
	--custom-compile-command "make lock"

lock: install-dev  ## write the locks again; UPGRADE=--upgrade takes newer versions
	$(COMPILE) requirements-bootstrap.txt -o requirements-bootstrap.lock
	$(COMPILE) requirements.txt -o requirements.lock
	$(COMPILE) requirements-dev.txt -c requirements.lock -o requirements-dev.lock
	$(COMPILE) requirements-bigquery.txt -c requirements-dev.lock -o requirements-bigquery.lock
	$(COMPILE) requirements-emulator.txt -o requirements-emulator.lock

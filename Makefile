# make run    the demo on http://127.0.0.1:8000/ (PORT=8001 for another port)
# make test   every test, the browser tests included
# make check  format, lint, layers, types, migrations, deployment, templates, generated documents
# make setup  only the environment

PYTHON ?= python3
PORT ?= 8000
VENV := .venv/bin
ARGS ?=

.PHONY: run test race bench check setup setup-tests

run: setup
	@INVICTUS_MODE=demo PORT=$(PORT) exec $(VENV)/python manage.py serve

test: setup-tests
	$(VENV)/python -m pytest -n 2 $(ARGS)

# Approvals at the same moment, buttons in any order, and workers killed in the middle of sending, many rounds of them;
# `make test` runs a few.
race: setup-tests
	RACE_ROUNDS=$${RACE_ROUNDS:-100} MACHINE_STEPS=$${MACHINE_STEPS:-5000} \
	  KILL_ROUNDS=$${KILL_ROUNDS:-60} \
	  $(VENV)/python -m pytest tests/placements/test_races.py tests/placements/test_machine.py \
	  tests/trust/test_mail_kill.py tests/notices/test_letters_kill.py $(ARGS)

# 20,000 students checked and applied, and 100 letters made, with the seconds it took; `make test` runs fewer.
bench: setup-tests
	IMPORT_ROWS=$${IMPORT_ROWS:-20000} $(VENV)/python -m pytest -s tests/invictus_ap/test_imports.py -k many $(ARGS)
	LETTERS=$${LETTERS:-100} $(VENV)/python -m pytest -s tests/notices/test_bench_letters.py $(ARGS)

check: setup
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/lint-imports
	INVICTUS_MODE=test $(VENV)/mypy
	INVICTUS_MODE=test $(VENV)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@echo "manage.py check --deploy --fail-level WARNING"
	@INVICTUS_MODE=production READ_ENV_FILE=off DATABASE_URL=postgres://app:x@localhost/x \
	  REDIS_URL=redis://localhost:6379/0 ALLOWED_HOSTS=ap.example.org \
	  SECRET_KEY="$$($(VENV)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
	  $(VENV)/python manage.py check --deploy --fail-level WARNING
	$(VENV)/djlint --check templates
	$(VENV)/djlint --lint --quiet templates
	INVICTUS_MODE=test $(VENV)/python manage.py lifecycle_docs --check

setup:
	@$(PYTHON) invictus_ap/bootstrap.py

setup-tests:
	@$(PYTHON) invictus_ap/bootstrap.py --tests

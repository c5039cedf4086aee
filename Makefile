# Every verb creates or refreshes what it needs of .venv by itself, from the locks: every package pinned, with its hashes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTS_READY := $(VENV)/.tests-ready
DASHBOARD_READY := $(VENV)/.dashboard-ready
TOOLS := $(VENV)/tools
TOOLS_READY := $(TOOLS)/.ready
PEERS_BIN := $(VENV)/peers/bin
PEERS_READY := $(VENV)/peers/.ready
INSTALL := -m pip install --quiet --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help venv postgres cluster backtest live parity test test-long check fix bench lock lock-check audit dashboard alerts

help: ## show the verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(READY): requirements.lock requirements-compiled.lock requirements-research.lock requirements-programs.lock requirements-charts.lock
	@echo "Installing what a run needs into $(VENV) (numpy, pandas, pyarrow, duckdb, ccxt, numba, optuna, pydantic-monty and what they need): about a minute, once" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(INSTALL) -r requirements.lock -r requirements-compiled.lock -r requirements-research.lock -r requirements-programs.lock
	@$(BIN)/python $(INSTALL) --no-deps -r requirements-charts.lock
	@touch $@

$(TESTS_READY): $(READY) requirements-dev.lock
	@echo "Installing what the tests and checks need into $(VENV): about half a minute, once" >&2
	@$(BIN)/python $(INSTALL) -r requirements-dev.lock
	@touch $@

$(DASHBOARD_READY): $(READY) requirements-dashboard.lock
	@$(BIN)/python $(INSTALL) -r requirements-dashboard.lock
	@touch $@

# An environment of its own: what keeps the dependencies has some itself, in other versions.
$(TOOLS_READY): requirements-tools.lock
	@test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python $(INSTALL) -r requirements-tools.lock
	@touch $@

venv: $(READY) ## create or refresh the environment that runs need; test and check add what they need

postgres: $(READY) ## add the driver for a run store on PostgreSQL
	@$(BIN)/python $(INSTALL) -r requirements-postgres.lock

backtest: $(READY) ## run the main job, offline, on the embedded practice market
	@$(BIN)/python -m backtests.config_backtest --config config/practice.yaml --start 2024-01-01 --end 2024-02-01 --report

live: $(READY) ## rehearse a week of paper trading, offline, in half a minute, and check its parity
	@mkdir -p logs/live && out=$$(mktemp -d logs/live/rehearsal-XXXXXX) && \
	$(BIN)/python run_live.py --config config/practice.yaml --practice-start 2024-01-01 --speed 20000 --for 7d --quiet --out $$out && \
	$(BIN)/python -m backtests.parity $$out/* --offline

parity: $(READY) ## check a session: make parity SESSION=logs/live/...
	@test -n "$(SESSION)" || { echo "make parity SESSION=logs/live/..." >&2; exit 2; }
	@$(BIN)/python -m backtests.parity "$(SESSION)"

cluster: $(READY) ## add what a search over several machines needs
	@$(BIN)/python $(INSTALL) -r requirements-cluster.lock

dashboard: $(DASHBOARD_READY) ## serve the dashboard on this machine and print its address
	@$(BIN)/python -m dashboard

alerts: $(READY) ## add what carries messages to Telegram, Discord, Slack and e-mail
	@$(BIN)/python $(INSTALL) -r requirements-alerts.lock

test: $(TESTS_READY) ## run every test, with XML reports in test-results/
	@rm -rf test-results
	@$(BIN)/python -W error -m tests.support.run_tests

test-long: $(TESTS_READY) ## run every test with the full counts, seeds printed
	@rm -rf test-results
	@HARNESS_TEST_SCALE=long $(BIN)/python -W error -m tests.support.run_tests

check: $(TESTS_READY) ## lint, formatting, types and import contracts; changes nothing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports

fix: $(TESTS_READY) ## let the linter mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Other programs, in an environment of their own: nothing here uses them.
$(PEERS_READY): requirements-peers.lock
	@test -x $(PEERS_BIN)/python || $(PYTHON) -m venv $(VENV)/peers
	@$(PEERS_BIN)/python $(INSTALL) -r requirements-peers.lock
	@touch $@

bench: $(TESTS_READY) $(if $(PEERS),$(PEERS_READY)) ## measure speed: a table, and a file in benchmarks/results/; PEERS=1: beside other programs
	@$(BIN)/python -m benchmarks.run $(if $(PEERS),--peers $(PEERS_BIN)/python)

lock: $(TOOLS_READY) ## write the locks from the requirements; what is locked stays while they allow it
	@bash .ci/locks $(TOOLS)/bin/uv

lock-check: $(TOOLS_READY) ## whether the locks are what the requirements and the registry give; changes nothing
	@bash .ci/locks $(TOOLS)/bin/uv --check

audit: $(TOOLS_READY) ## look for known weaknesses of the locked packages, where the database can be reached
	@$(TOOLS)/bin/python .ci/audit.py $(TOOLS)/bin/pip-audit requirements-dev.lock requirements-tools.lock

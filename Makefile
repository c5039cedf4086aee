# Every verb creates or refreshes .venv by itself from the pinned requirements.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help venv backtest live parity test test-long check fix bench

help: ## show the verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(READY): requirements.txt requirements-dev.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

venv: $(READY) ## create or refresh the environment

backtest: $(READY) ## run the main job, offline, on the embedded practice market
	@$(BIN)/python -m backtests.config_backtest --config config/practice.yaml --start 2024-01-01 --end 2024-02-01

live: $(READY) ## rehearse a week of paper trading, offline, in half a minute, and check its parity
	@mkdir -p logs/live && out=$$(mktemp -d logs/live/rehearsal-XXXXXX) && \
	$(BIN)/python run_live.py --config config/practice.yaml --practice-start 2024-01-01 --speed 20000 --for 7d --out $$out && \
	$(BIN)/python -m backtests.parity $$out/* --offline

parity: $(READY) ## check a session: make parity SESSION=logs/live/...
	@test -n "$(SESSION)" || { echo "make parity SESSION=logs/live/..." >&2; exit 2; }
	@$(BIN)/python -m backtests.parity "$(SESSION)"

test: $(READY) ## run every test, with XML reports in test-results/
	@rm -rf test-results
	@$(BIN)/python -W error -m tests.support.run_tests

test-long: $(READY) ## run every test with the full counts, seeds printed
	@rm -rf test-results
	@HARNESS_TEST_SCALE=long $(BIN)/python -W error -m tests.support.run_tests

check: $(READY) ## lint, formatting, types and import contracts; changes nothing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports

fix: $(READY) ## let the linter mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY) ## measure speed and memory; prints ratios taken in one run
	@$(BIN)/python -m benchmarks.run

# Every path is relative, so that the checkout may lie anywhere, spaces included; for the same reason tools are run
# as modules: a script's first line cannot name an interpreter with a space in its path.
# PYTHON=3.12, or a path, runs any target on that Python, in an environment of its own beside .venv.
environment := $(if $(PYTHON),$(shell PYTHON='$(PYTHON)' bash infra/local/environment.sh),.venv)
$(if $(environment),,$(error No environment))
python := $(environment)/bin/python
# Many tests wait for speech, or for other processes: so more of them run at once than there are cores.
side_by_side := --numprocesses 3 --dist worksteal
# What `make demo ENGINES=aws` puts before the command: the engines of AWS, and emulators of what they call.
emulated = $(if $(filter-out aws,$(ENGINES)),$(error ENGINES=$(ENGINES): expected aws, or nothing))$(if $(ENGINES),\
	env RECOGNISER=aws TRANSLATOR=aws SYNTHESIZER=polly $(python) -m cli emulate --)

.DEFAULT_GOAL := help
.PHONY: help install setup environment localstack-environment setup-kcl demo emulate localstack test test-aws test-kcl lint format typecheck bench bench-recognisers bench-idle bench-aws bench-kcl docs constraints clean
.PHONY: help install setup environment localstack-environment setup-kcl demo emulate localstack test test-aws test-kcl lint format typecheck bench bench-recognisers bench-idle bench-aws bench-kcl api constraints clean
.PHONY: help install setup environment localstack-environment setup-kcl demo emulate localstack test test-aws test-kcl image-steps lint format typecheck bench bench-recognisers bench-idle bench-aws bench-kcl constraints clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  make %-18s %s\n' "$$name" "$$text"; done

install: setup localstack-environment ## Install whatever is missing: virtual environments, pinned packages, Debian packages
	@echo "Everything is installed. Try: make demo"

setup:
	@bash infra/local/install.sh

environment:
	@bash infra/local/install.sh python

localstack-environment: environment
	@bash infra/local/localstack/install.sh

setup-kcl: environment ## Install what KCL workers need: Java, the Kinesis Client Library and its class-data archive
	@bash infra/local/kcl/install.sh

demo: setup ## Stream a recording through the pipeline (INPUT=my.wav TO=es,fr to choose; ENGINES=aws, on emulators)
	@exec $(emulated) $(python) -m cli demo $${INPUT:+--input "$$INPUT"} $${TO:+--to "$$TO"}

emulate: setup ## Run emulators of Transcribe, Translate and Polly on this machine, with offline engines behind them
	@exec $(python) -m cli emulate

localstack: localstack-environment ## Run LocalStack: Kinesis, DynamoDB and CloudWatch on this machine, without Docker
	@exec $(python) -m infra.local.localstack

test: setup localstack-environment ## Run the tests, with coverage; the long ones are those of test-aws and test-kcl
	@$(python) -m pytest $(side_by_side) -m "not kcl and not emulated and not alone and not image" --cov
	@$(python) -m pytest -m "alone and not kcl" --cov --cov-append

test-aws: setup localstack-environment ## Run the long tests of the AWS engines, on emulators, then bench-aws's measurements
	@$(python) -m pytest $(side_by_side) -m emulated
	@$(python) -m tests.benchmarks.transcribe_streams
	@$(python) -m tests.benchmarks.translate_parallel

test-kcl: setup localstack-environment setup-kcl ## Run the tests of KCL workers, on Java, then bench-kcl's measurements
	@$(python) -m pytest $(side_by_side) -m "kcl and not alone"
	@$(python) -m pytest -m "kcl and alone"
	@$(python) -m tests.benchmarks.kcl

image-steps: setup localstack-environment setup-kcl ## Run the Dockerfile's steps without Docker, and try what they made
	@$(python) -m pytest -m image

lint: environment ## Check style
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@.venv/bin/hadolint Dockerfile
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml

format: environment ## Format the code, and fix what can be fixed
	@$(python) -m ruff check --fix
	@$(python) -m ruff format

typecheck: environment ## Check types
	@$(python) -m mypy

bench: setup $(if $(if $(ONLY),$(filter hop,$(ONLY)),all),localstack-environment setup-kcl) ## Measure latency, quality and cost against baselines (ONLY=codec for one)
	@$(python) -m tests.benchmarks $(ONLY)

bench-recognisers: setup ## Measure the offline recognisers on real recordings
	@$(python) -m tests.benchmarks.recognisers

bench-idle: environment localstack-environment ## Measure what waiting for speech costs, on LocalStack
	@$(python) -m tests.benchmarks.idle

bench-aws: setup ## Measure the AWS engines on emulators: ten Transcribe streams, three languages of Translate
	@$(python) -m tests.benchmarks.transcribe_streams
	@$(python) -m tests.benchmarks.translate_parallel

bench-kcl: environment localstack-environment setup-kcl ## Measure KCL workers: starts, takeover, memory, the time of a hop
	@$(python) -m tests.benchmarks.kcl

docs: environment ## Write the generated parts of the documents anew: settings, commands, metrics
	@$(python) -m infra.docs
# The modules that a client imports. pdoc takes a package with all below it, which is left out again.
api_pages = producers sinks shared.aws shared.metrics shared.sessions shared.streams '!(producers|sinks|shared\.\w+)\.' \
	producers.sources sinks.files shared.streams.kinesis '!(producers\.sources|sinks\.files|shared\.streams\.kinesis)\.' \
	processors.backend processors.pipeline shared.clean shared.errors shared.models shared.sessions.dynamodb shared.settings

api: environment ## Write a page for each module of the SDK to out/api, from its docstrings
	@$(python) -W error -m pdoc --output-directory out/api $(api_pages)

constraints: ## Pin the newest versions that fit pyproject.toml anew
	@bash infra/local/constraints.sh

clean: ## Remove the virtual environments, caches and coverage (what is in out/ stays)
	@rm -rf .venv .venv-* build htmlcov .coverage .coverage.* coverage.xml .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

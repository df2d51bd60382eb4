# Viisi's commands; each calls one script.
.PHONY: help run train shell test check bench lock clean
PYTHON := .venv/bin/python

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

run: ## set up, train if need be, start the assistant on the demo shop, and show how to talk to it
	@scripts/environment
	@exec $(PYTHON) -m scripts.run

shell: ## talk to it in this terminal (rasa shell, with the action server running)
	@scripts/environment
	@exec $(PYTHON) -m scripts.run --shell

train: ## train a model for the present files, if there is none yet
	@scripts/environment
	@exec $(PYTHON) -m scripts.train

test: ## everything the tests need, then all tests
	@scripts/environment dev
	@exec $(PYTHON) -m scripts.test

check: ## style, types, spelling, layers and Rasa's own validation
	@scripts/environment dev
	@exec scripts/check

bench: ## all figures beside stock Rasa (hours; STOCK_EPOCHS=10 for less), and MASSIVE=folder PARTITION=dev; docs/benchmarks.md
	@scripts/environment dev
	@exec $(PYTHON) -m bench $(if $(STOCK_EPOCHS),--stock-epochs "$(STOCK_EPOCHS)") \
		$(if $(MASSIVE),--massive "$(MASSIVE)") $(if $(PARTITION),--partition "$(PARTITION)")

lock: ## pin the dependencies of pyproject.toml anew
	@scripts/lock

clean: ## remove the environment, models, caches and the demo shop
	rm -rf .venv .cache var models/*.tar.gz .rasa

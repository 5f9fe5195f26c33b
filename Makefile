# Everything runs in .venv, which is made on first use and made anew only when
# pyproject.toml or constraints.txt changes.
#
#   PYTHON=python3.12      another interpreter, 3.11 or newer
#   TORCH_INDEX=<url>      another index for torch, such as PyTorch's own for its CPU build
#   GENRE_LITE_DATA=<dir>  a folder with the data that is not in the package
#   CHROMIUM=<program>     the browser that prints the book and tests its pages, if it has an unusual name
#   OMP_NUM_THREADS=4      compute on more threads than one

PYTHON ?= python3
TORCH_INDEX ?=
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/ready

CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome chrome,$(shell command -v $(name) 2>/dev/null)))
PRINT := --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync \
  --disable-background-networking --disable-component-update --allow-file-access-from-files \
  --no-pdf-header-footer --generate-pdf-document-outline --virtual-time-budget=300000

# The networks are small: more threads mostly wait for each other, and round otherwise.
export OMP_NUM_THREADS ?= 1
export TORCH_INDEX

# Chapters run in their own folder, so a relative data folder must become absolute here.
ifdef GENRE_LITE_DATA
override GENRE_LITE_DATA := $(shell cd "$(GENRE_LITE_DATA)" && pwd)
$(if $(GENRE_LITE_DATA),,$(error GENRE_LITE_DATA does not name a folder))
export GENRE_LITE_DATA
endif

# `pdf` prints what `book` has built, so the two keep their order.
.NOTPARALLEL: pdf

.DEFAULT_GOAL := help
.PHONY: help book pages pdf print test slow check diff lab classroom bench peers models release address clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

$(READY): pyproject.toml constraints.txt
	@"$(PYTHON)" -m tasks environment

book: $(READY) ## Run every chapter and build the book, strictly; one alone: make book CHAPTER=7
	@$(PY) -m tasks book $(CHAPTER)

pages: $(READY) ## Test the pages that `make book` has built, in Chromium or Chrome
	@$(PY) -m tasks pages

pdf: book print ## Print the whole book as _build/book.pdf; needs Chromium or Chrome

# The single page is made of the pages that `make book` has built: no chapter runs twice. It has to
# lie at the root, where its pictures are; Sphinx puts it beside the first page.
print: $(READY)
	@test -n "$(CHROMIUM)" || { echo "Chromium or Chrome prints the book; install it, or name it: make pdf CHROMIUM=..."; exit 1; }
	rm -rf _build/singlehtml
	$(VENV)/bin/jupyter-book build . --builder singlehtml -W -n --keep-going
	cp _build/singlehtml/book/intro.html _build/singlehtml/whole.html
	@profile=$$(mktemp -d); "$(CHROMIUM)" $(PRINT) --user-data-dir="$$profile" \
	  --print-to-pdf="$(CURDIR)/_build/book.pdf" "file://$(CURDIR)/_build/singlehtml/whole.html"; \
	  status=$$?; rm -rf "$$profile"; exit $$status
	@test -s _build/book.pdf && echo "The book on paper is ready: $(CURDIR)/_build/book.pdf"

test: $(READY) ## Run the tests, the examples in the docstrings, and every cell of every chapter
	@$(PY) -m tasks test

slow: $(READY) ## Run the tests that take long, which `make test` leaves out
	@$(PY) -m tasks slow

check: $(READY) ## Check one module or chapter within a minute: make check WHAT=codec, WHAT=7
	@$(PY) -m tasks check $(WHAT)

diff: $(READY) ## What changed in the chapters since the last commit, cell by cell
	@$(PY) -m tasks diff

lab: $(READY) ## Open the chapters in JupyterLab
	@$(PY) -m tasks lab

classroom: $(READY) ## Write assignments for graders and what else a teacher needs into _classroom/
	@$(PY) -m tasks classroom

bench: $(READY) ## Make a small part of the measurements again, beside the record, in minutes
	$(PY) -m benchmarks

peers: $(READY) ## Build the environments of the packages we compare with
	@$(PY) -m tasks peers

models: $(READY) ## Train the models that come with the package again
	$(PY) -m benchmarks.ship_models

release: $(READY) ## Build what is published, unless a result is stale or the address not ours
	@$(PY) -m tasks release

# _config.yml holds the address (repository.url); the files beside it must agree, as a test checks.
address: ## Set the repository's public address: make address URL=https://github.com/OWNER/NAME
	@old=$$(sed -n 's|^  url: https://github.com/||p' _config.yml); \
	new="$(patsubst https://github.com/%,%,$(URL:/=))"; test -n "$$new" || { echo "Which URL=?"; exit 1; }; \
	site() { echo "$${1%/*}.github.io/$${1#*/}"; }; \
	for file in _config.yml README.md CITATION.cff pyproject.toml .github/conda/recipe.yaml notebooks/*.ipynb; do \
	  sed "s|$$old|$$new|g; s|$$(site "$$old")|$$(site "$$new")|g" $$file > $$file.new && mv $$file.new $$file; \
	done

clean: ## Remove the environment and everything built
	rm -rf $(VENV) _build _classroom build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis benchmarks/.peers

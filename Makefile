# Everything runs in .venv, which is made on first use and made anew only when
# pyproject.toml or constraints.txt changes.
#
#   PYTHON=python3.12      another interpreter, 3.11 or newer
#   TORCH_INDEX=<url>      another index for torch, such as PyTorch's own for its CPU build
#   GENRE_LITE_DATA=<dir>  a folder with the data that is not in the package
#   CHROMIUM=<program>     the browser that prints the book, if it has an unusual name
#   OMP_NUM_THREADS=4      compute on more threads than one

PYTHON ?= python3
TORCH_INDEX ?=
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/ready

# What each peer needs; they contradict each other and ours, so each has an environment of its own.
PEERS := benchmarks/.peers
dice-ml_NEEDS := dice-ml==0.12
nice_NEEDS := nicex==0.2.3 scipy scikit-learn
ellice_NEEDS := ellice==0.1.4

CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome chrome,$(shell command -v $(name) 2>/dev/null)))
PRINT := --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync \
  --disable-background-networking --disable-component-update --allow-file-access-from-files \
  --no-pdf-header-footer --generate-pdf-document-outline --virtual-time-budget=300000

# The networks are small: more threads mostly wait for each other, and round otherwise.
export OMP_NUM_THREADS ?= 1

# Chapters run in their own folder, so a relative data folder must become absolute here.
ifdef GENRE_LITE_DATA
override GENRE_LITE_DATA := $(shell cd "$(GENRE_LITE_DATA)" && pwd)
$(if $(GENRE_LITE_DATA),,$(error GENRE_LITE_DATA does not name a folder))
export GENRE_LITE_DATA
endif

# `pdf` prints what `book` has built, so the two keep their order.
.NOTPARALLEL: pdf

.DEFAULT_GOAL := help
.PHONY: help book pdf print test check lab classroom bench peers models release address clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

# Without ensurepip (Debian keeps it in a package of its own) the outer pip fills the environment.
define environment
	"$(PYTHON)" -m venv $(1) 2>/dev/null \
	  || { "$(PYTHON)" -m venv --clear --without-pip $(1) \
	       && "$(PYTHON)" -m pip --python $(1)/bin/python install --quiet pip; }
endef

$(READY): pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..."; exit 1; }
	rm -rf $(VENV)
	$(call environment,$(VENV))
	$(PY) -m pip install --quiet -c constraints.txt torch $(if $(TORCH_INDEX),--index-url "$(TORCH_INDEX)")
	$(PY) -m pip install --quiet -c constraints.txt -e '.[book,test]'
	touch $@

book: $(READY) ## Run every chapter and build the book, strictly; prints the path of its first page
	@$(PY) -m tasks book

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

check: $(READY) ## Check one module or chapter within a minute: make check WHAT=codec, WHAT=7
	@$(PY) -m tasks check $(WHAT)

lab: $(READY) ## Open the chapters in JupyterLab
	$(PY) -m jupyter lab notebooks

classroom: $(READY) ## Write assignments for graders and what else a teacher needs into _classroom/
	@$(PY) -m tasks classroom

bench: $(READY) ## Make a small part of the measurements again, beside the record, in minutes
	$(PY) -m benchmarks

# `make -k peers` goes on where one cannot be had: NICE needs Python 3.11, for its pandas < 2.
peers: $(PEERS)/dice-ml/ready $(PEERS)/nice/ready $(PEERS)/ellice/ready ## Build the environments of the packages we compare with

$(PEERS)/%/ready: constraints.txt
	rm -rf $(@D)
	$(call environment,$(@D))
	$(if $(filter ellice,$*),$(@D)/bin/python -m pip install --quiet -c constraints.txt torch $(if $(TORCH_INDEX),--index-url "$(TORCH_INDEX)"))
	$(@D)/bin/python -m pip install --quiet -c constraints.txt $($*_NEEDS)
	touch $@

models: $(READY) ## Train the models that come with the package again
	$(PY) -m benchmarks.ship_models

release: $(READY) ## Build the wheel, unless a result is older than the code that made it
	$(PY) -m benchmarks.provenance --strict
	$(PY) -m build --wheel --outdir dist .

# _config.yml holds the address (repository.url); the files beside it must agree, as a test checks.
address: ## Set the repository's public address: make address URL=https://github.com/OWNER/NAME
	@old=$$(sed -n 's|^  url: https://github.com/||p' _config.yml); \
	new="$(patsubst https://github.com/%,%,$(URL:/=))"; test -n "$$new" || { echo "Which URL=?"; exit 1; }; \
	site() { echo "$${1%/*}.github.io/$${1#*/}"; }; \
	for file in _config.yml README.md CITATION.cff pyproject.toml notebooks/*.ipynb; do \
	  sed "s|$$old|$$new|g; s|$$(site "$$old")|$$(site "$$new")|g" $$file > $$file.new && mv $$file.new $$file; \
	done

clean: ## Remove the environment and everything built
	rm -rf $(VENV) _build _classroom build dist .pytest_cache .ruff_cache .hypothesis $(PEERS)

# `make ask Q="…"` and `make test` need python3 (3.11 or later) with pip, and make. Everything they
# install goes to .venv, from the lock files; what set-up says goes to standard error.

PYTHON ?= python3
BIN := .venv/bin
MAKEFLAGS += --no-print-directory

# Q reaches the program through the environment, as it was typed: no shell and no make reads it.
unexport Q
export HINT_QUESTION := $(value Q)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_USER := 0

# A copied or moved tree, or a Python that is gone, makes an environment useless.
ifneq ($(shell test -x $(BIN)/python && cat .venv/.place 2>/dev/null),$(CURDIR))
.PHONY: .venv/.run .venv/.dev
endif

.PHONY: ask run test golden check messages pictures rival bench soak lock clean

ask: .venv/.run
	@test -n "$$HINT_QUESTION" || { echo 'Ask something: make ask Q="Why do we boil drinking water?"' >&2; exit 2; }
	@test -n "$$($(BIN)/hint models list 2>/dev/null)" || $(BIN)/hint models pull starter </dev/null >&2
	@$(BIN)/hint ask -- "$$HINT_QUESTION" </dev/null

run: .venv/.run
	@$(BIN)/hint

test: .venv/.dev
	@$(BIN)/python -m pytest -m "not soak" -n 3 --dist loadfile --no-loadscope-reorder

soak: .venv/.dev
	@$(BIN)/python -m pytest -m soak

golden: .venv/.dev
	@$(BIN)/python -m pytest -q tests/snapshots --golden
	@git status --short tests/snapshots

check: .venv/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/packaging/test_docs.py

# Takes the pictures of the documentation from the running chat.
pictures: .venv/.dev
	@$(BIN)/python -m tests.pictures

# Installs another chat from the package index, 400 MB, and needs some minutes.
rival: .venv/.dev
	@$(BIN)/python benchmarks/rival.py

# Brings the catalogues up to date and says what is not translated; NEW=pt begins another.
messages: .venv/.dev
	@$(BIN)/python -m tests.catalogues $(NEW)

bench: .venv/.dev
	@$(BIN)/hint models pull smollm2-135m
	@$(BIN)/hint models pull qwen2.5-coder-0.5b
	@test -e "$$($(BIN)/python -c 'from hinterland.engine import programs; from hinterland.paths import find; print(programs.built(find()))')" || $(BIN)/hint engine build
	@for each in $(filter-out benchmarks/endpoint.py benchmarks/figures.py benchmarks/homes.py benchmarks/messages.py benchmarks/rival.py,$(wildcard benchmarks/*.py)); do $(BIN)/python $$each || exit; done

# Resolves the ranges of pyproject.toml anew, for Linux and macOS and every Python we support.
LOCK := .venv/lock/bin/uv pip compile --no-config --quiet --universal --upgrade --python-version 3.11 \
	--generate-hashes --only-binary :all: --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock"
lock: .venv/.run
	$(PYTHON) -m venv --without-pip .venv/lock
	$(BIN)/python -m pip --python .venv/lock/bin/python install --quiet uv
	$(LOCK) pyproject.toml --group build --output-file requirements.lock
	$(LOCK) --group dev --constraints requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian's python3 cannot put pip into a new environment (that is its package python3-venv), but any
# pip can install into another environment. -qq leaves errors.
FAILED := { echo "Set-up did not finish; running make again goes on from here." >&2; exit 1; }
INSTALL := --python $(BIN)/python install -qq
LOCKED := --require-hashes --only-binary=:all: --no-deps

.venv/.run: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Hinterland needs python3, 3.11 or later; there is none here." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Hinterland needs Python 3.11 or later; this is $$($(PYTHON) --version). make PYTHON=python3.12 … takes another." >&2; exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || \
		{ echo "Hinterland is installed with pip, which $(PYTHON) does not have here." >&2; exit 1; }
	@for room in engine models plugins prompts tui; do \
		test -f src/hinterland/$$room/__init__.py || { echo "src/hinterland/$$room is not a link to ../../$$room. Where the file system has links," \
			"git config core.symlinks true && git checkout -- src/hinterland repairs it." >&2; exit 1; }; done
	@echo "Setting up .venv (the first time about 90 MB of Python packages) …" >&2
	@{ $(PYTHON) -m venv --without-pip .venv && \
		$(PYTHON) -m pip $(INSTALL) $(LOCKED) -r requirements.lock && \
		$(PYTHON) -m pip $(INSTALL) --no-index --no-build-isolation --no-deps --editable . ; } >&2 || $(FAILED)
	@$(BIN)/python -c "import xllamacpp" 2>.venv/.problem || \
		echo "The engine's library does not load here: $$(tail -n 1 .venv/.problem)." \
			"What is usually missing is libgomp: apt-get install libgomp1, or dnf install libgomp." >&2
	@echo "$(CURDIR)" >.venv/.place
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	@echo "Setting up the tools for tests and checks (the first time about 55 MB) …" >&2
	@$(PYTHON) -m pip $(INSTALL) $(LOCKED) -r requirements-dev.lock >&2 || $(FAILED)
	@touch $@

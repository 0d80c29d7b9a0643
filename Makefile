# Everything that needs an environment makes it first. `make demo` and `make test` are all one needs.
PYTHON ?= python3
OLDEST_PYTHON ?= $(shell command -v python3.10 || echo $(PYTHON))

# What is tested on each backend of Keras.
KERAS_TESTS := tests/backends tests/recorder/measure/test_by_hand.py tests/recorder/witness/test_keras_updates.py

# Two files at a time: more of them would only wait for each other's training threads.
IN_PAIRS := -n 2 --dist loadfile

.PHONY: help demo test test-pytorch test-clusters test-oldest lint clean

help:
	@echo "make demo          train the quickstart under the recorder and print its diagnosis"
	@echo "make test          run the tests"
	@echo "make test-pytorch  run those of PyTorch, and of Keras on PyTorch and JAX, without TensorFlow"
	@echo "make test-clusters run those of data on Spark (needs Java), Dask and Ray"
	@echo "make test-oldest   run them with the oldest supported versions (needs Python 3.10)"
	@echo "make lint          check style and types"
	@echo "make clean         remove the environments"

# Installed as a user would; a stamp remembers that it was done with this pyproject.toml.
.venv/.installed: pyproject.toml
	@echo "[1/2] Creating .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install -qq --upgrade "pip>=25.1"
	@echo "[2/2] Installing mlflow-plateau with TensorFlow; some minutes the first time"
	@.venv/bin/python -m pip install -qq --editable ".[tensorflow]"
	@touch $@

.venv/.tested: .venv/.installed
	@echo "Installing what the tests need"
	@.venv/bin/python -m pip install -qq --group dev
	@touch $@

.venv-pytorch/.tested: pyproject.toml
	@echo "[1/2] Creating .venv-pytorch with $(PYTHON)"
	@$(PYTHON) -m venv .venv-pytorch
	@.venv-pytorch/bin/python -m pip install -qq --upgrade "pip>=25.1"
	@echo "[2/2] Installing mlflow-plateau with PyTorch, Lightning, transformers, Keras and JAX; some minutes the first time"
	@.venv-pytorch/bin/python -m pip install -qq --editable . --group dev --group pytorch
	@touch $@

.venv-clusters/.tested: pyproject.toml
	@echo "[1/2] Creating .venv-clusters with $(PYTHON)"
	@$(PYTHON) -m venv .venv-clusters
	@.venv-clusters/bin/python -m pip install -qq --upgrade "pip>=25.1"
	@echo "[2/2] Installing mlflow-plateau with Spark, Dask and Ray; some minutes the first time"
	@.venv-clusters/bin/python -m pip install -qq --editable . --group dev --group clusters
	@touch $@

.venv-oldest/.tested: pyproject.toml tests/oldest-constraints.txt
	@echo "[1/2] Creating .venv-oldest with $(OLDEST_PYTHON)"
	@$(OLDEST_PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' \
		|| { echo "The oldest versions need Python 3.10: make test-oldest OLDEST_PYTHON=/path/to/python3.10"; exit 2; }
	@$(OLDEST_PYTHON) -m venv .venv-oldest
	@.venv-oldest/bin/python -m pip install -qq --upgrade "pip>=25.1"
	@echo "[2/2] Installing the oldest supported versions; some minutes the first time"
	@.venv-oldest/bin/python -m pip install -qq --constraint tests/oldest-constraints.txt \
		--editable ".[tensorflow]" --group dev
	@touch $@

demo: .venv/.installed
	@echo "Training examples/quickstart.py under the recorder, about half a minute"
	@TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python examples/quickstart.py
	@echo
	@echo "To see the run in MLflow's UI:  .venv/bin/mlflow ui --backend-store-uri sqlite:///mlflow.db"

test: .venv/.tested
	.venv/bin/python -m pytest $(IN_PAIRS)

test-pytorch: .venv-pytorch/.tested
	KERAS_BACKEND=torch .venv-pytorch/bin/python -m pytest $(IN_PAIRS) tests/pytorch tests/test_public_interface.py $(KERAS_TESTS)
	KERAS_BACKEND=jax .venv-pytorch/bin/python -m pytest $(IN_PAIRS) $(KERAS_TESTS)

test-clusters: .venv-clusters/.tested
	.venv-clusters/bin/python -m pytest tests/clusters tests/profiles/test_arrow.py

test-oldest: .venv-oldest/.tested
	.venv-oldest/bin/python -m pytest $(IN_PAIRS)

lint: .venv/.tested
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

clean:
	rm -rf .venv .venv-pytorch .venv-clusters .venv-oldest build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache

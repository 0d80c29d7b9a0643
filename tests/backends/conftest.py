"""The recorder switched off before and after each test, on whatever backend Keras runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

keras = pytest.importorskip("keras")

import mlflow_plateau  # noqa: E402


@pytest.fixture(autouse=True, scope="session")
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lets JAX keep what it compiled: each training is made twice."""
    if keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_compilation_cache_dir", str(tmp_path_factory.mktemp("compiled")))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


@pytest.fixture(autouse=True)
def off(tracking_uri: str) -> Iterator[None]:
    keras.utils.set_random_seed(0)
    yield
    mlflow_plateau.autolog(disable=True)

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

import mlflow_plateau
from mlflow_plateau import errors

FRAMEWORK_OF = {
    "autolog": "keras",
    "PlateauCallback": "keras",
    "LightningCallback": "lightning",
    "HuggingFaceCallback": "transformers",
}
"""What a name cannot be had without."""


def python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = ("mlflow", "numpy", "pandas", "scipy", "matplotlib", "keras", "tensorflow", "click")
    assert (
        python(f"import sys, mlflow_plateau; print(sorted(set({heavy!r}) & set(sys.modules)))")
        == "[]"
    )


@pytest.mark.parametrize("name", sorted(set(mlflow_plateau.__all__) - set(FRAMEWORK_OF)))
def test_every_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(mlflow_plateau, name) is not None
    assert name in dir(mlflow_plateau)


@pytest.mark.parametrize(("name", "framework"), FRAMEWORK_OF.items())
def test_recorders_are_there_or_say_what_to_install(name: str, framework: str) -> None:
    if importlib.util.find_spec(framework):
        assert callable(getattr(mlflow_plateau, name))
    else:
        with pytest.raises(mlflow_plateau.PlateauError, match=r"pip install 'mlflow-plateau\["):
            getattr(mlflow_plateau, name)()


@pytest.mark.parametrize(
    ("missing", "backend", "extra"),
    [
        ("keras", "", "tensorflow"),
        ("jax", "jax", "jax"),
        ("torch", "torch", "keras-torch"),
    ],
)
def test_without_keras_or_its_backend_it_is_said_what_to_install(
    missing: str, backend: str, extra: str
) -> None:
    if missing != "keras" and not importlib.util.find_spec("keras"):
        pytest.skip("Keras is not installed")
    program = f"""
import os, sys, mlflow_plateau
os.environ["KERAS_BACKEND"] = {backend!r} or os.environ.get("KERAS_BACKEND", "")
sys.modules[{missing!r}] = None
try:
    mlflow_plateau.PlateauCallback
except mlflow_plateau.PlateauError as error:
    print(error)
"""
    assert f"pip install 'mlflow-plateau[{extra}]'" in python(program)


@pytest.mark.parametrize(
    "first", ["import mlflow_plateau.diagnose", "import mlflow_plateau.cli.diagnose", "pass"]
)
def test_diagnose_is_the_function_whatever_was_imported_before(first: str) -> None:
    program = f"{first}\nimport mlflow_plateau\nprint(callable(mlflow_plateau.diagnose))"
    assert python(program) == "True"


@pytest.mark.parametrize("name", ["nope", "__wrapped__"])
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
        getattr(mlflow_plateau, name)


def test_every_error_has_one_base() -> None:
    for name in ("RunNotFoundError", "TrackingServerError", "NoLossError", "RunStillActiveError"):
        assert issubclass(getattr(mlflow_plateau, name), errors.PlateauError)
        assert getattr(mlflow_plateau, name) is getattr(errors, name)


WITHOUT_FRAMEWORKS = """
import sys

class Absent:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("keras", "tensorflow", "torch", "jax"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""


def test_works_without_any_training_framework() -> None:
    """Everything but the recorder: the frameworks are made unimportable first."""
    assert python(
        f"{WITHOUT_FRAMEWORKS}import mlflow_plateau.store.write, mlflow_plateau.store.search,"
        " mlflow_plateau.align, mlflow_plateau.weigh, mlflow_plateau.report.html,"
        " mlflow_plateau.report.curves, mlflow_plateau.evaluator, mlflow_plateau.cli.diagnose;"
        " print('fine')"
    ).endswith("fine")


def test_the_middle_imports_neither_mlflow_nor_keras() -> None:
    middle = "mlflow_plateau.align, mlflow_plateau.weigh, mlflow_plateau.causes"
    assert (
        python(f"import sys, {middle}; print(sorted({{'mlflow', 'keras'}} & set(sys.modules)))")
        == "[]"
    )

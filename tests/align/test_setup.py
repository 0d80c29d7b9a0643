from __future__ import annotations

from dataclasses import replace

import pytest

from mlflow_plateau.align.setup import counts_rounds, read_setup
from mlflow_plateau.history import Setup


def test_reads_what_the_recorder_wrote() -> None:
    params = {
        "plateau.optimizer": "adam",
        "plateau.learning_rate": "1e-05",
        "plateau.batch_size": "32",
        "plateau.from_logits": "false",
        "plateau.hidden_activations": "relu,tanh",
        "plateau.layers": "Dense(128, relu) > Dense(1, sigmoid)",
        "plateau.loss": "binary_crossentropy",
    }
    assert read_setup(params, {}) == Setup(
        optimizer="adam",
        learning_rate=1e-5,
        batch_size=32,
        from_logits=False,
        hidden_activations=("relu", "tanh"),
        layers="Dense(128, relu) > Dense(1, sigmoid)",
        loss="binary_crossentropy",
    )


def test_what_the_recorder_wrote_counts_more_than_other_names() -> None:
    setup = read_setup({"plateau.learning_rate": "0.01", "learning_rate": "0.5"}, {})
    assert setup.learning_rate == 0.01


def test_a_tag_is_that_of_the_last_training() -> None:
    """MLflow's parameters cannot change, so a second model's go into tags."""
    params = {"plateau.planned_epochs": "12", "plateau.optimizer": "adam"}
    setup = read_setup(params, {"plateau.planned_epochs": "7", "plateau.status": "stalled"})
    assert (setup.planned_epochs, setup.optimizer) == (7, "adam")


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("lr", "1e-3", "learning_rate", 1e-3),
        ("learning_rate", "0.001", "learning_rate", 1e-3),
        ("optimizer_learning_rate", "0.00100000004", "learning_rate", 0.00100000004),
        ("opt_learning_rate", "0.01", "learning_rate", 0.01),
        ("Learning Rate", "5e-05", "learning_rate", 5e-5),
        ("trainer.optimizer.lr", "0.1", "learning_rate", 0.1),
        ("lr", "[0.1, 0.1]", "learning_rate", 0.1),
        ("lr", "[0.1, 0.2]", "learning_rate", None),
        ("lr", "<Schedule object at 0x7f>", "learning_rate", None),
        ("lr", "None", "learning_rate", None),
        ("batch_size", "1" + 200 * "0", "batch_size", None),
        ("lr", "nan", "learning_rate", None),
        ("lr", "-1", "learning_rate", None),
        ("batch_size", "[32]", "batch_size", 32),
        ("batch_size", "32.0", "batch_size", 32),
        ("batch_size", "auto", "batch_size", None),
        ("batch_size", "0", "batch_size", None),
        ("per_device_train_batch_size", "8", "batch_size", 8),
        ("optimizer", "<keras.optimizers.Adam object at 0x7f12>", "optimizer", "adam"),
        ("optimizer", "<class 'torch.optim.adamw.AdamW'>", "optimizer", "adamw"),
        ("optimizer_name", "SGD", "optimizer", "sgd"),
        ("optimizer", "GradientDescentOptimizer", "optimizer", "sgd"),
        ("optimizer", "MomentumOptimizer", "optimizer", "sgd"),
        ("optimizer", "AdamOptimizer", "optimizer", "adam"),
        ("opt_name", "rmsprop", "optimizer", "rmsprop"),
        ("optim", "adamw_torch", "optimizer", "adamw"),
        ("optimizer", "None", "optimizer", None),
        ("optimizer", "", "optimizer", None),
        ("num_epochs", "150", "planned_epochs", 150),
        ("trainer/max_epochs", "20", "planned_epochs", 20),
        ("num_train_epochs", "3.0", "planned_epochs", 3),
        ("epochs", "ten", "planned_epochs", None),
        ("dropout", "0.5", "dropout", 0.5),
        ("dropout", "50", "dropout", None),
        ("weight_decay", "0.0001", "weight_decay", 1e-4),
        ("momentum", "0.9", "momentum", 0.9),
        ("steps_per_epoch", "100", "updates_per_epoch", 100),
        ("loss", "mse", "loss", "mean_squared_error"),
        ("criterion", "MSELoss()", "loss", "mean_squared_error"),
        ("loss", "<keras.losses.BinaryCrossentropy object at 0x7f>", "loss", "binary_crossentropy"),
        ("loss", "sparse_categorical_crossentropy", "loss", "sparse_categorical_crossentropy"),
    ],
)  # fmt: skip
def test_understands_common_names_and_values(
    name: str, value: str, field: str, expected: object
) -> None:
    setup = read_setup({name: value}, {})
    assert getattr(setup, field) == expected
    # Some names also tell who wrote them.
    assert replace(setup, framework=None) == Setup(**{field: expected})


def test_an_unreadable_value_gives_way_to_another_name() -> None:
    assert read_setup({"learning_rate": "schedule", "lr": "0.1"}, {}).learning_rate == 0.1


def test_a_name_in_full_counts_more_than_the_end_of_another() -> None:
    assert read_setup({"decoder.lr": "0.5", "lr": "0.1"}, {}).learning_rate == 0.1


def test_recognises_gradient_boosting() -> None:
    assert counts_rounds({"num_boost_round": "10"})
    assert not counts_rounds({"epochs": "10"})


@pytest.mark.parametrize(
    ("params", "tags", "expected"),
    [
        ({"plateau.framework": "lightning"}, {"mlflow.autologging": "tensorflow"}, "lightning"),
        ({}, {"mlflow.autologging": "tensorflow"}, "keras"),
        ({}, {"mlflow.autologging": "xgboost"}, "boosting"),
        ({"opt_name": "adam", "opt_jit_compile": "True"}, {}, "keras"),
        ({"optimizer_global_clipnorm": "None"}, {}, "keras"),
        ({"per_device_train_batch_size": "8"}, {}, "transformers"),
        ({"num_leaves": "31"}, {}, "boosting"),
        ({"optimizer_name": "Adam", "lr": "0.1", "epochs": "3"}, {}, None),
        ({}, {"mlflow.autologging": "sklearn"}, None),
    ],
)
def test_the_framework_is_read_off_what_only_its_loggers_write(
    params: dict[str, str], tags: dict[str, str], expected: str | None
) -> None:
    assert read_setup(params, tags).framework == expected

"""Heads that cannot work, one by one, and heads that can."""

import pytest

from mlflow_plateau.signals import View
from mlflow_plateau.signals.head import head_doubts, head_mismatch
from tests.generated import history, with_setup

LOSSES = [0.7, 0.6, 0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"output_activation": "softmax", "output_units": 1}, "softmax over one unit"),
        ({"output_activation": "linear"}, "expects probabilities"),
        ({"output_activation": "relu"}, "expects probabilities"),
        ({"target_minimum": -1.0}, "expects targets between 0 and 1"),
        ({"target_maximum": 2.0}, "expects targets between 0 and 1"),
        (
            {"loss": "mean_squared_error", "from_logits": None, "target_maximum": 50.0},
            "only reaches 0 to 1",
        ),
        (
            {
                "loss": "mean_squared_error",
                "output_activation": "relu",
                "target_minimum": -3.0,
                "target_maximum": 3.0,
            },
            "never falls below 0",
        ),
        (
            {
                "loss": "sparse_categorical_crossentropy",
                "output_activation": "softmax",
                "output_units": 9,
                "target_maximum": 9.0,
            },
            "largest class id is 9",
        ),
        (
            {
                "loss": "sparse_categorical_crossentropy",
                "output_activation": "softmax",
                "output_units": 10,
                "layers": "Dense(64, relu) > Dense(10, softmax) > Softmax",
            },
            "through a softmax and a softmax after that: no class can get a probability above 0.23",
        ),
        (
            {
                "framework": "pytorch",
                "loss": "sparse_categorical_crossentropy",
                "from_logits": True,
                "output_activation": "softmax",
                "output_units": 2,
            },
            "takes it for logits: no class can get a probability above 0.73",
        ),
        ({"framework": "lightning", "from_logits": True}, "no probability below a half"),
    ],
)
def test_what_cannot_work_is_said(changes: dict[str, object], why: str) -> None:
    found = head_mismatch.measure(View(history(LOSSES, LOSSES, **with_setup(**changes))))
    assert found.value >= 1
    assert why in head_mismatch.say(found)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        # Keras finds the logits behind a sigmoid by itself and only warns.
        {"from_logits": True},
        {"output_activation": "linear", "from_logits": True},
        {
            "loss": "mean_squared_error",
            "output_activation": "linear",
            "from_logits": None,
            "target_maximum": 50.0,
        },
        {
            "loss": "sparse_categorical_crossentropy",
            "output_activation": "softmax",
            "output_units": 10,
            "target_maximum": 9.0,
        },
        {"loss": "mean_squared_error", "from_logits": None},
        {"layers": "Dense(32, sigmoid) > Dense(1, sigmoid)"},
        {"layers": "Dense(32, relu) > Dense(1) > Activation(sigmoid)"},
    ],
)
def test_what_works_is_left_alone(changes: dict[str, object]) -> None:
    found = head_mismatch.measure(View(history(LOSSES, LOSSES, **with_setup(**changes))))
    assert found.value == 0


def test_without_the_loss_the_signal_cannot_say() -> None:
    found = head_mismatch.measure(View(history(LOSSES, LOSSES)))
    assert not found.known
    assert "loss" in found.reason


@pytest.mark.parametrize(
    ("changes", "mismatch", "doubt"),
    [
        ({}, "belong together", "belong together"),
        ({"output_activation": "linear"}, "expects probabilities", "apart from that"),
        (
            {"loss": "mean_squared_error", "from_logits": None, "target_kind": "binary"},
            "can work together",
            "classes are learned with mean_squared_error",
        ),
        (
            {"loss": "mean_squared_error", "from_logits": None, "target_maximum": None},
            "can work together",
            "which has a limited range",
        ),
        (
            {
                "loss": "mean_squared_error",
                "from_logits": None,
                "target_maximum": None,
                "output_units": 64,
            },
            "belong together",
            "belong together",
        ),
        (
            {
                "loss": "mean_squared_error",
                "from_logits": None,
                "target_kind": "shares",
                "target_classes": None,
            },
            "belong together",
            "belong together",
        ),
    ],
)
def test_what_is_usual_is_not_said_against_what_is_not(
    changes: dict[str, object], mismatch: str, doubt: str
) -> None:
    view = View(history(LOSSES, LOSSES, **with_setup(**changes)))
    assert mismatch in head_mismatch.say(head_mismatch.measure(view))
    assert doubt in head_doubts.say(head_doubts.measure(view))

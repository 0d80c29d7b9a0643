import math
from typing import Any

import pytest

from mlflow_plateau.siblings.facts import Candidate
from mlflow_plateau.siblings.levers import differences
from mlflow_plateau.siblings.sibling import Difference
from mlflow_plateau.tracked import TrackedRun


def between(
    ours: dict[str, str], theirs: dict[str, str], **more: Any
) -> tuple[Difference, ...] | None:
    a = Candidate(TrackedRun("a", params=ours, data=more.get("data", ({}, {}))[0]))
    b = Candidate(TrackedRun("b", params=theirs, data=more.get("data", ({}, {}))[1]))
    return differences(a.facts, b.facts)


def test_a_number_is_compared_on_a_log_scale() -> None:
    found = between({"lr": "1e-2"}, {"lr": "1e-3"})
    assert found is not None
    (difference,) = found
    assert (difference.lever, difference.ours, difference.theirs) == (
        "learning_rate",
        "0.01",
        "0.001",
    )
    assert difference.change == pytest.approx(math.log(0.1))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"seed": "1"}, {"seed": "2"}),
        ({"run_name": "a", "epochs": "10"}, {"run_name": "b", "epochs": "500"}),
        ({"output_dir": "/a"}, {"output_dir": "/b"}),
        ({"lr": "0.001"}, {"lr": "1e-3"}),
        ({"units": "64"}, {"units": "64.0"}),
        ({}, {"temperature": "3"}),
        ({}, {"dropout": "0.0"}),
    ],
)
def test_what_has_no_effect_is_no_difference(ours: dict[str, str], theirs: dict[str, str]) -> None:
    assert between(ours, theirs) == ()


@pytest.mark.parametrize(
    ("ours", "theirs", "lever", "sign"),
    [
        ({"batch_size": "32"}, {"batch_size": "512"}, "batch_size", 1),
        ({}, {"dropout": "0.5"}, "regularization", 1),
        ({"weight_decay": "0.1"}, {"weight_decay": "0"}, "regularization", -1),
        ({"hidden": "64"}, {"hidden": "16"}, "model", -1),
        ({"activation": "relu"}, {"activation": "tanh"}, "activation", 0),
        ({"model": "mlp"}, {"model": "cnn"}, "model", 0),
        ({"loss": "mse"}, {"loss": "mae"}, "loss", 0),
        ({"optimizer": "sgd"}, {"optimizer": "adam"}, "optimizer", 0),
        ({"scaler": "none"}, {"scaler": "standard"}, "preprocessing", 0),
        ({"dataset": "v1"}, {"dataset": "v2"}, "data", 0),
        ({"lr": "0.0"}, {"lr": "0.1"}, "other", 0),
        ({"{0}": "a"}, {"{0}": "b"}, "other", 0),
    ],
)
def test_each_lever_is_recognised_with_its_direction(
    ours: dict[str, str], theirs: dict[str, str], lever: str, sign: int
) -> None:
    found = between(ours, theirs)
    assert found is not None
    assert [difference.lever for difference in found] == [lever]
    assert math.copysign(1, found[0].change or 0) == (sign or 1)
    assert bool(found[0].change) == bool(sign)


def test_adamw_is_adam_with_a_weight_decay() -> None:
    found = between(
        {"optimizer": "adam"}, {"optimizer": "torch.optim.AdamW", "weight_decay": "0.01"}
    )
    assert found is not None
    assert [difference.lever for difference in found] == ["regularization"]


def test_the_layers_that_only_regularise_are_no_other_model() -> None:
    found = between(
        {"plateau.layers": "Dense(8, relu) > Dense(1)", "plateau.dropout": "0.0"},
        {"plateau.layers": "Dense(8, relu) > Dropout(0.5) > Dense(1)", "plateau.dropout": "0.5"},
    )
    assert found is not None
    assert [difference.lever for difference in found] == ["regularization"]


def test_other_activations_are_no_larger_model() -> None:
    found = between(
        {"plateau.layers": "Dense(8, relu) > Dense(1)", "plateau.hidden_activations": "relu"},
        {"plateau.layers": "Dense(8, tanh) > Dense(1)", "plateau.hidden_activations": "tanh"},
    )
    assert found is not None
    assert [difference.lever for difference in found] == ["activation"]


def test_digests_tell_training_from_validation_data() -> None:
    same, other = {"training": "a", "eval": "b"}, {"training": "a", "eval": "c"}
    found = between({}, {}, data=(same, other))
    assert found is not None
    assert [difference.lever for difference in found] == ["validation_data"]
    found = between({}, {}, data=({"training": "a"}, {"training": "c"}))
    assert found is not None
    assert [difference.lever for difference in found] == ["data"]


def test_no_repetition_where_only_one_says_what_it_was_trained_with() -> None:
    logged = {"lr": "0.1", "batch_size": "32"}
    assert between(logged, logged, data=({}, {"training": "c"})) is None
    assert between(logged, {}) is None
    assert between({}, logged) is None
    assert between({}, {}) == between(logged, logged) == ()
    found = between(logged, {"lr": "0.2", "batch_size": "32"}, data=({}, {"training": "c"}))
    assert found is not None
    assert [difference.lever for difference in found] == ["learning_rate"]


def test_runs_that_differ_in_three_things_are_no_siblings() -> None:
    theirs = {"lr": "1", "batch_size": "2", "dropout": "0.5"}
    assert between({"lr": "0.1", "batch_size": "1"}, theirs) is None
    assert between({"lr": "0.1", "batch_size": "2"}, theirs) is not None


def test_losses_of_other_rows_say_nothing_about_anything_else() -> None:
    other = ({"training": "a", "eval": "b"}, {"training": "c", "eval": "d"})
    assert between({"lr": "0.1"}, {"lr": "0.2"}, data=other) is None
    found = between({"scaler": "none"}, {"scaler": "standard"}, data=other)
    assert found is not None
    assert [item.lever for item in found] == ["preprocessing"]


@pytest.mark.parametrize(
    ("ours", "theirs", "sign"),
    [
        ("Dense(16) > Dense(1)", "Dense(64) > Dense(1)", 1),
        ("Dense(64) > Dense(1)", "Dense(64) > Dense(16) > Dense(1)", 1),
        ("Dense(64) > Dense(64) > Dense(1)", "Dense(16) > Dense(1)", -1),
        ("Dense(16) > Dense(16) > Dense(16) > Dense(1)", "Dense(64) > Dense(64) > Dense(1)", 0),
        ("LSTM(8) > Dense(1)", "Dense(64) > Dense(1)", 0),
    ],
)
def test_a_larger_model_has_all_that_the_other_has(ours: str, theirs: str, sign: int) -> None:
    weights = {-1: ("9000", "300"), 0: ("900", "3000"), 1: ("300", "9000")}[sign]
    a, b = (
        {"plateau.layers": layers, "plateau.parameter_count": count}
        for layers, count in zip((ours, theirs), weights, strict=True)
    )
    found = between(a, b)
    assert found is not None
    (difference,) = found
    assert difference.lever == "model"
    assert (difference.change > 0) - (difference.change < 0) == sign


SUMMARY = """\
 Layer (type)                Output Shape              Param #
=================================================================
 dense (Dense)               (None, 8)                 40
 {between}
 dense_1 (Dense)             (None, 1)                 9
=================================================================
Total params: 49
Trainable params: 49
Non-trainable params: 0
"""
DROPOUT = "\n dropout (Dropout)           (None, 8)                 0\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (DROPOUT, "", [("some", "0", -1)]),
        ("", DROPOUT, [("0", "some", 1)]),
        (DROPOUT, DROPOUT, []),
        ("", "", []),
    ],
)
def test_layers_tell_dropout_where_no_parameter_does(
    ours: str, theirs: str, expected: list[tuple[str, str, int]]
) -> None:
    a, b = (
        Candidate(
            TrackedRun(
                name, params={"lr": "0.1"}, model_summary=SUMMARY.replace("{between}", between)
            )
        )
        for name, between in (("a", ours), ("b", theirs))
    )
    found = differences(a.facts, b.facts)
    assert found is not None
    assert [(d.ours, d.theirs, math.copysign(1, d.change)) for d in found] == expected
    assert {d.lever for d in found} <= {"regularization"}

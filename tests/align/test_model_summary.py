from __future__ import annotations

import pytest

from mlflow_plateau.align.model_summary import read_model_summary
from mlflow_plateau.align.setup import setup_of
from mlflow_plateau.history import Setup
from mlflow_plateau.tracked import TrackedRun

CHAIN = """\
Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ dense_3 (Dense)                 │ (None, 64)             │         1,984 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ batch_normalization             │ (None, 64)             │           256 │
│ (BatchNormalization)            │                        │               │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_4 (Dense)                 │ (None, 2)              │           130 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 6,856 (26.79 KB)
 Trainable params: 2,242 (8.76 KB)
 Non-trainable params: 128 (512.00 B)
 Optimizer params: 4,486 (17.53 KB)
"""

OF_KERAS_2 = """\
Model: "model"
________________________________________________________________________________________________
 Layer (type)                Output Shape                 Param #   Connected to
================================================================================================
 input_1 (InputLayer)        [(None, 32, 32, 3)]          0         []

 conv2d (Conv2D)             (None, 32, 32, 8)            224       ['input_1[0][0]']

 global_average_pooling2d (  (None, 8)                    0         ['conv2d[0][0]']
 GlobalAveragePooling2D)

 dropout (Dropout)           (None, 8)                    0         ['global_average_pooling2d[0]
                                                                    [0]']

 dense (Dense)               (None, 10)                   90        ['dropout[0][0]']

================================================================================================
Total params: 314 (1.23 KB)
Trainable params: 314 (1.23 KB)
Non-trainable params: 0 (0.00 Byte)
________________________________________________________________________________________________
"""

OF_KERAS_2_2 = """\
Model: "sequential"
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
lstm (LSTM)                  (None, 64)                640
_________________________________________________________________
dense_1 (Dense)              (None, 1)                 65
=================================================================
Total params: 705
Trainable params: 705
Non-trainable params: 0
"""

OF_LIGHTNING = """\
  | Name | Type   | Params | Mode
----------------------------------------
0 | l1   | Linear | 4.7 K  | train
1 | l2   | Linear | 65     | train
----------------------------------------
4.7 K     Trainable params
1.2 M     Non-trainable params
1.2 M     Total params
0.019     Total estimated model params size (MB)
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            CHAIN,
            Setup(
                framework="keras",
                layers="Dense(64) > BatchNormalization > Dense(2)",
                parameter_count=2370,
                trainable_parameter_count=2242,
                output_units=2,
                dropout=0.0,
            ),
        ),
        (
            OF_KERAS_2,
            Setup(
                framework="keras",
                layers="Conv2D(8) > GlobalAveragePooling2D > Dropout > Dense(10)",
                parameter_count=314,
                trainable_parameter_count=314,
            ),
        ),
        (
            OF_KERAS_2_2,
            Setup(
                framework="keras",
                layers="LSTM(64) > Dense(1)",
                parameter_count=705,
                trainable_parameter_count=705,
                output_units=1,
            ),
        ),
        (OF_LIGHTNING, Setup(parameter_count=1_200_000, trainable_parameter_count=4700)),
    ],
    ids=["Keras 3", "Keras 2", "Keras 2.2", "Lightning"],
)
def test_reads_the_summaries_of(text: str, expected: Setup) -> None:
    assert read_model_summary(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a text about Trainable params: many",
        CHAIN.replace("(None, 64)", "?").replace("1,984", "0 (unbuilt)"),
        CHAIN.replace("dense_3 (Dense)", "dense_3        "),
        "Trainable params: 3\nNon-trainable params: 4\n",
        "\n" * 30_000 + CHAIN,
        "1.2.3 K Total params\n",
        5000 * "9" + " K Total params\n",
        "1" + 400_000 * " " + "x\n" + 19_000 * "\n",
        "Layer (type) Output Shape\n===\n│\n===\nTrainable params: 1\nNon-trainable params: 0\n",
    ],
    ids=[
        *("nothing", "words", "not built", "no type", "no table", "too long", "no number"),
        *("no such number", "blanks", "no columns"),
    ],
)
def test_what_is_no_summary_says_nothing(text: str) -> None:
    assert read_model_summary(text) == Setup()


def test_parameters_count_more_than_the_summary() -> None:
    run = TrackedRun("r", params={"n_params": "7", "dropout": "0.5"}, model_summary=CHAIN)
    setup = setup_of(run)
    assert (setup.parameter_count, setup.dropout) == (7, 0.5)
    assert setup.layers == "Dense(64) > BatchNormalization > Dense(2)"


@pytest.mark.parametrize(
    ("rows", "split", "expected"),
    [
        ({"train": 100, "eval": 20}, "0.0", (100, 20)),
        ({"train": 100, "eval": 20}, "0.2", (100, 20)),
        ({"train": 100}, "0.2", (80, 20)),
        ({"train": 100}, "None", (100, None)),
        ({"train": 100, "more": 50}, "0.0", (None, None)),
        ({"eval": 20}, "0.0", (None, None)),
        ({}, "0.0", (None, None)),
    ],
)
def test_rows_are_those_of_the_logged_data_sets(
    rows: dict[str, int], split: str, expected: tuple[int | None, int | None]
) -> None:
    setup = setup_of(TrackedRun("r", params={"validation_split": split}, rows=rows))
    assert (setup.training_rows, setup.validation_rows) == expected


def test_a_model_within_a_model_hides_its_layers() -> None:
    text = CHAIN.replace("dense_3 (Dense)     ", "backbone (Functional)")
    setup = read_model_summary(text)
    assert (setup.layers, setup.parameter_count) == (None, 2370)

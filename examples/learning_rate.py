"""A learning rate that is far too small, or too large.

By default the labels are random, as in the article that this program comes from: then no learning
rate brings the validation loss down. With `--data learnable` the labels follow from the inputs, and
a rate of 1e-3 does.

python examples/learning_rate.py --learning_rate 0.1
"""

import argparse

import keras
import numpy as np

import mlflow_plateau

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--learning_rate", type=float, default=1e-5, help="the article's: 1e-5 and 0.1")
parser.add_argument("--data", choices=["random", "learnable"], default="random")
parser.add_argument("--epochs", type=int, default=500)
parser.add_argument("--seed", type=int, default=42)
options = parser.parse_args()

mlflow_plateau.autolog()

keras.utils.set_random_seed(options.seed)


def rows(count):
    """Returns inputs and labels."""
    x = np.random.rand(count, 10)
    if options.data == "random":
        return x, np.random.randint(0, 2, count)
    return x, ((x[:, 0] > 0.5) != (x[:, 1] > 0.5)).astype(int)


x_train, y_train = rows(1000)
x_validation, y_validation = rows(500)

model = keras.Sequential(
    [
        keras.Input(shape=(10,)),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(options.learning_rate),
    loss="binary_crossentropy",
    metrics=["accuracy"],
)
model.fit(
    x_train,
    y_train,
    epochs=options.epochs,
    validation_data=(x_validation, y_validation),
    verbose=0,
)

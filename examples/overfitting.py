"""A model that memorises its training rows.

By default the labels are random, as in the article that this program comes from: then there is
nothing to learn, and no remedy will bring the validation loss down. With `--data learnable` most
labels follow from the inputs, and fewer units, dropout or more rows do help.

python examples/overfitting.py --data learnable
"""

import argparse

import keras
import numpy as np

import mlflow_plateau

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", choices=["random", "learnable"], default="random")
parser.add_argument("--rows", type=int, default=100, help="training rows")
parser.add_argument("--units", type=int, default=128, help="in each of two hidden layers")
parser.add_argument("--dropout", type=float, default=0.0)
parser.add_argument("--learning_rate", type=float, default=1e-3)
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
    return x, (x[:, 0] + x[:, 1] > np.random.normal(1.0, 0.3, count)).astype(int)


x_train, y_train = rows(options.rows)
x_validation, y_validation = rows(50 if options.data == "random" else 500)

model = keras.Sequential([keras.Input(shape=(10,))])
for _ in range(2):
    model.add(keras.layers.Dense(options.units, activation="relu"))
    if options.dropout:
        model.add(keras.layers.Dropout(options.dropout))
model.add(keras.layers.Dense(1, activation="sigmoid"))
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

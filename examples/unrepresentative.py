"""Validation rows from another part of the population: all training rows are from one town.

In the second town the same house costs more, which a model that saw only the first cannot know.

python examples/unrepresentative.py --split random
"""

import argparse

import keras
import numpy as np

import mlflow_plateau

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--split", choices=["by_town", "random"], default="by_town")
parser.add_argument("--units", type=int, default=32, help="in the one hidden layer")
parser.add_argument("--learning_rate", type=float, default=3e-3)
parser.add_argument("--epochs", type=int, default=60)
parser.add_argument("--seed", type=int, default=42)
options = parser.parse_args()

mlflow_plateau.autolog()

keras.utils.set_random_seed(options.seed)
towns = np.repeat([0, 1], [1000, 500])
size, age, distance = np.random.rand(3, 1500)
factor = np.where(towns == 0, 1.0, 1.6)
price = factor * (1 + size) * (1.5 - age) + np.sin(6 * distance) + np.random.normal(0, 0.2, 1500)
houses = np.column_stack([size, age, distance])

if options.split == "random":
    order = np.random.permutation(1500)
    houses, price = houses[order], price[order]
x_train, x_validation = houses[:1000], houses[1000:]
y_train, y_validation = price[:1000], price[1000:]

model = keras.Sequential(
    [
        keras.Input(shape=(3,)),
        keras.layers.Dense(options.units, activation="relu"),
        keras.layers.Dense(1),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(options.learning_rate), loss="mse")
model.fit(
    x_train,
    y_train,
    epochs=options.epochs,
    validation_data=(x_validation, y_validation),
    verbose=0,
)

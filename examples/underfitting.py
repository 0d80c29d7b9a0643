"""A model with too few units for what it has to learn.

The sine of a sum is a bump in ten dimensions. Ten units find it late and only roughly: for some
hundred epochs the loss stands on a plateau; the same training with 64 units goes far lower.

python examples/underfitting.py --epochs 150
python examples/underfitting.py --units 64
"""

import argparse

import keras
import numpy as np

import mlflow_plateau

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--units", type=int, default=10, help="in the one hidden layer")
parser.add_argument("--learning_rate", type=float, default=1e-3)
parser.add_argument("--epochs", type=int, default=500)
parser.add_argument("--seed", type=int, default=42)
options = parser.parse_args()

mlflow_plateau.autolog()

keras.utils.set_random_seed(options.seed)
x_train = np.random.rand(1000, 10)
y_train = np.sin(np.sum(x_train, axis=1))
x_validation = np.random.rand(500, 10)
y_validation = np.sin(np.sum(x_validation, axis=1))

model = keras.Sequential(
    [
        keras.Input(shape=(10,)),
        keras.layers.Dense(options.units, activation="relu"),
        keras.layers.Dense(1),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(options.learning_rate), loss="mse", metrics=["mae"])
model.fit(
    x_train,
    y_train,
    epochs=options.epochs,
    validation_data=(x_validation, y_validation),
    verbose=0,
)

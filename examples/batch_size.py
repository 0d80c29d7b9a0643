"""A batch so large that an epoch is a single update, or so small that the gradient is noise.

python examples/batch_size.py --batch_size 32
python examples/batch_size.py --batch_size 1 --learning_rate 0.01 --optimizer sgd
"""

import argparse

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import mlflow_plateau

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--batch_size", type=int, default=1347, help="of 1347 training rows")
parser.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
parser.add_argument("--learning_rate", type=float, default=1e-3)
parser.add_argument("--units", type=int, default=32, help="in the one hidden layer")
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--seed", type=int, default=42)
options = parser.parse_args()

mlflow_plateau.autolog()

keras.utils.set_random_seed(options.seed)
x, y = load_digits(return_X_y=True)
x_train, x_validation, y_train, y_validation = train_test_split(
    x / 16, y, random_state=options.seed
)

model = keras.Sequential(
    [
        keras.Input(shape=(64,)),
        keras.layers.Dense(options.units, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
optimizer = keras.optimizers.get(options.optimizer)
optimizer.learning_rate = options.learning_rate
model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(
    x_train,
    y_train,
    batch_size=options.batch_size,
    epochs=options.epochs,
    validation_data=(x_validation, y_validation),
    verbose=0,
)

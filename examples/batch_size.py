"""A batch so large that an epoch is a single update, or so small that the gradient is noise.

python examples/batch_size.py --batch_size 32
python examples/batch_size.py --data diabetes --batch_size 1 --optimizer sgd --learning_rate 0.05
"""

import argparse

import keras
from sklearn.datasets import load_diabetes, load_digits
from sklearn.model_selection import train_test_split

import mlflow_plateau

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", choices=["digits", "diabetes"], default="digits")
parser.add_argument("--batch_size", type=int, default=1347, help="of 1347 training rows (digits)")
parser.add_argument("--optimizer", choices=["adam", "sgd"], default="adam")
parser.add_argument("--learning_rate", type=float, default=1e-3)
parser.add_argument("--units", type=int, default=32, help="in the one hidden layer")
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--seed", type=int, default=42)
options = parser.parse_args()

mlflow_plateau.autolog()

keras.utils.set_random_seed(options.seed)
if options.data == "digits":
    x, y = load_digits(return_X_y=True)
    x = x / 16
    head, loss = keras.layers.Dense(10, activation="softmax"), "sparse_categorical_crossentropy"
else:
    x, y = load_diabetes(return_X_y=True)
    x, y = x / x.std(axis=0), (y - y.mean()) / y.std()
    head, loss = keras.layers.Dense(1), "mean_squared_error"
x_train, x_validation, y_train, y_validation = train_test_split(x, y, random_state=options.seed)

model = keras.Sequential(
    [
        keras.Input(shape=x.shape[1:]),
        keras.layers.Dense(options.units, activation="relu"),
        head,
    ]
)
optimizer = keras.optimizers.get(options.optimizer)
optimizer.learning_rate = options.learning_rate
metrics = ["accuracy"] if options.data == "digits" else ["mean_absolute_error"]
model.compile(optimizer=optimizer, loss=loss, metrics=metrics)
model.fit(
    x_train,
    y_train,
    batch_size=options.batch_size,
    epochs=options.epochs,
    validation_data=(x_validation, y_validation),
    verbose=0,
)

"""Validation rows that were not scaled like the training rows.

python examples/preprocessing.py --validation_scaling same
"""

import argparse

import keras
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import mlflow_plateau

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument(
    "--validation_scaling",
    choices=["none", "divided", "same"],
    default="none",
    help="none: the rows are left as they are; divided: by their largest value; same: right",
)
parser.add_argument("--learning_rate", type=float, default=1e-3)
parser.add_argument("--epochs", type=int, default=60)
parser.add_argument("--seed", type=int, default=42)
options = parser.parse_args()

mlflow_plateau.autolog()

keras.utils.set_random_seed(options.seed)
x, y = load_breast_cancer(return_X_y=True)
x_train, x_validation, y_train, y_validation = train_test_split(x, y, random_state=options.seed)

scaler = StandardScaler().fit(x_train)
x_train = scaler.transform(x_train)
if options.validation_scaling == "same":
    x_validation = scaler.transform(x_validation)
elif options.validation_scaling == "divided":
    x_validation = x_validation / x_validation.max(axis=0)

model = keras.Sequential(
    [
        keras.Input(shape=(x_train.shape[1],)),
        keras.layers.Dense(16, activation="relu"),
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

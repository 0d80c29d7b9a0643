"""A network that starts where the gradient says nothing: all weights are zero.

Every hidden unit puts out zero, so no weight has a gradient; only the last bias learns, and the
loss stands at what a constant prediction reaches.

python examples/saddle_point.py --initializer he_normal
"""

import argparse

import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import mlflow_plateau

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--initializer", default="zeros", help="any that Keras knows: he_normal, ...")
parser.add_argument("--activation", default="relu", help="of the two hidden layers")
parser.add_argument("--learning_rate", type=float, default=1e-3)
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
        *(
            keras.layers.Dense(
                32, activation=options.activation, kernel_initializer=options.initializer
            )
            for _ in range(2)
        ),
        keras.layers.Dense(10, activation="softmax", kernel_initializer=options.initializer),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(options.learning_rate),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(
    x_train,
    y_train,
    epochs=options.epochs,
    validation_data=(x_validation, y_validation),
    verbose=0,
)

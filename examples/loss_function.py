"""A loss that does not belong to the output layer.

A softmax over one unit is always 1, whatever the weights are; a binary cross-entropy that is told
to expect logits squashes the probabilities of a sigmoid a second time.

python examples/loss_function.py --head softmax
python examples/loss_function.py --head sigmoid
"""

import argparse

import keras
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import mlflow_plateau

HEADS = {
    "softmax": ("softmax", keras.losses.BinaryCrossentropy()),
    "logits": (None, keras.losses.BinaryCrossentropy()),
    "twice": ("sigmoid", keras.losses.BinaryCrossentropy(from_logits=True)),
    "sigmoid": ("sigmoid", keras.losses.BinaryCrossentropy()),
}

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--head", choices=HEADS, default="softmax", help="only sigmoid is right")
parser.add_argument("--learning_rate", type=float, default=1e-3)
parser.add_argument("--epochs", type=int, default=60)
parser.add_argument("--seed", type=int, default=42)
options = parser.parse_args()

mlflow_plateau.autolog()

keras.utils.set_random_seed(options.seed)
x, y = load_breast_cancer(return_X_y=True)
x_train, x_validation, y_train, y_validation = train_test_split(x, y, random_state=options.seed)
scaler = StandardScaler().fit(x_train)

activation, loss = HEADS[options.head]
model = keras.Sequential(
    [
        keras.Input(shape=(30,)),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(1, activation=activation),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(options.learning_rate), loss=loss, metrics=["accuracy"]
)
model.fit(
    scaler.transform(x_train),
    y_train,
    epochs=options.epochs,
    validation_data=(scaler.transform(x_validation), y_validation),
    verbose=0,
)

"""The two lines: a program that somebody might have, under the recorder.

python examples/quickstart.py
"""

import keras
import numpy as np

import mlflow_plateau  # <- the first line

mlflow_plateau.autolog()  # <- the second line; the rest is the program as it was

# 100 rows, and labels that have nothing to do with them
np.random.seed(42)
x_train = np.random.rand(100, 10)
y_train = np.random.randint(0, 2, 100)
x_validation = np.random.rand(50, 10)
y_validation = np.random.randint(0, 2, 50)

# A model with 18,000 weights
model = keras.Sequential(
    [
        keras.Input(shape=(10,)),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=500, validation_data=(x_validation, y_validation), verbose=0)

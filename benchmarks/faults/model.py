"""From a recipe to a compiled Keras model."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from benchmarks.faults.recipe import BINARY, CATEGORICAL, MAE, MSE, Recipe


def compiled(recipe: Recipe) -> Any:
    """Returns the recipe's model, compiled."""
    inputs = keras.Input(recipe.shape, dtype="int32" if recipe.vocabulary else "float32")
    body = _BODIES[recipe.kind](inputs, recipe)
    if recipe.dropout:
        body = layers.Dropout(recipe.dropout)(body)
    head = layers.Dense(
        recipe.output_units,
        activation=recipe.output_activation,
        kernel_regularizer=_penalty(recipe),
        # Zero kernels in front of a zero head would be two faults.
        kernel_initializer=_kernel(recipe) if _is_constant(recipe) else "glorot_uniform",
    )(body)
    if recipe.disconnected:
        # A rounding, an argmax or a detour through NumPy does the same: a gradient of zero.
        head = layers.Lambda(lambda z: tf.stop_gradient(z) + 0.0 * z, name="detached")(head)
    model = keras.Model(inputs, head)
    if recipe.frozen:
        model.trainable = False
    metrics = ["accuracy"] if recipe.classifies and recipe.loss in (BINARY, CATEGORICAL) else []
    model.compile(optimizer=_optimizer(recipe), loss=_loss(recipe), metrics=metrics)
    return model


def _penalty(recipe: Recipe) -> Any:
    return keras.regularizers.L2(recipe.l2) if recipe.l2 else None


def _is_constant(recipe: Recipe) -> bool:
    return recipe.initial_kernel is not None and recipe.initial_kernel[0] == "constant"


def _kernel(recipe: Recipe) -> Any:
    if recipe.initial_kernel is None:
        return "glorot_uniform"
    kind, value = recipe.initial_kernel
    if kind == "constant":
        return keras.initializers.Constant(value)
    return keras.initializers.RandomNormal(stddev=value, seed=1)


def _common(recipe: Recipe) -> dict[str, Any]:
    return {
        "kernel_regularizer": _penalty(recipe),
        "kernel_initializer": _kernel(recipe),
        "bias_initializer": keras.initializers.Constant(recipe.initial_bias or 0.0),
    }


def _dense(inputs: Any, recipe: Recipe) -> Any:
    hidden = inputs
    for width in recipe.widths:
        hidden = layers.Dense(width, activation=recipe.activation, **_common(recipe))(hidden)
    return hidden


def _convolution(inputs: Any, recipe: Recipe) -> Any:
    hidden = inputs
    for width in recipe.widths:
        hidden = layers.Conv2D(
            width, 3, padding="same", activation=recipe.activation, **_common(recipe)
        )(hidden)
        hidden = layers.MaxPooling2D()(hidden)
    return layers.Flatten()(hidden)


def _recurrent(inputs: Any, recipe: Recipe) -> Any:
    # Unrolled, the short sequences train several times faster.
    return layers.GRU(recipe.widths[0], unroll=True, **_common(recipe))(inputs)


def _attention(inputs: Any, recipe: Recipe) -> Any:
    width = recipe.widths[0]
    options = {} if recipe.initial_kernel is None else {"embeddings_initializer": _kernel(recipe)}
    hidden = layers.Embedding(
        recipe.vocabulary, width, embeddings_regularizer=_penalty(recipe), **options
    )(inputs)
    hidden = layers.Add()([hidden, layers.MultiHeadAttention(1, width)(hidden, hidden)])
    return layers.GlobalAveragePooling1D()(hidden)


_BODIES = {
    "dense": _dense,
    "convolution": _convolution,
    "recurrent": _recurrent,
    "attention": _attention,
}


def _optimizer(recipe: Recipe) -> Any:
    rate = recipe.learning_rate
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=recipe.momentum)
    if recipe.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(rate)
    if recipe.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    return keras.optimizers.Adam(rate)


def _loss(recipe: Recipe) -> Any:
    if recipe.half_precision_log:
        return _binary_log if recipe.binary else _categorical_log
    return {
        MSE: keras.losses.MeanSquaredError,
        MAE: keras.losses.MeanAbsoluteError,
        BINARY: lambda: keras.losses.BinaryCrossentropy(from_logits=recipe.from_logits),
        CATEGORICAL: lambda: keras.losses.SparseCategoricalCrossentropy(
            from_logits=recipe.from_logits
        ),
    }[recipe.loss]()


def _half_log(probability: Any) -> Any:
    """The logarithm of a probability that went through half precision: of 0 below 6e-8."""
    return tf.math.log(tf.cast(tf.cast(probability, tf.float16), tf.float32))


def _binary_log(y: Any, p: Any) -> Any:
    y = tf.cast(y, tf.float32)
    return -tf.reduce_mean(y * _half_log(p) + (1 - y) * _half_log(1 - p), axis=-1)


def _categorical_log(y: Any, p: Any) -> Any:
    chosen = tf.one_hot(tf.cast(tf.reshape(y, [-1]), tf.int32), p.shape[-1])
    return -tf.reduce_sum(chosen * _half_log(p), axis=-1)

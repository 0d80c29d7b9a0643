"""Monotone functions that people apply to skewed columns and to pixels, and what undoes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mlflow_plateau.profiles.patterns import Float64

Function = Callable[[Float64], Float64]


@dataclass(frozen=True)
class MonotoneFunction:
    """A function that is monotone wherever it is defined, and NaN elsewhere.

    Attributes:
        name: What it is called, with ``{}`` for its argument.
        function: Applies it.
        inverse: Undoes it.
        code: Applies it, as code with ``{}`` for its argument.
        inverse_code: Undoes it, as code.
    """

    name: str
    function: Function
    inverse: Function
    code: str
    inverse_code: str


@dataclass(frozen=True)
class Treatment:
    """A function that was applied to one split only.

    Attributes:
        split: The split that it was applied to.
        function: What the function is called, with ``{}`` for its argument.
    """

    split: str
    function: str

    @property
    def other(self) -> str:
        """The split that was left as it is."""
        return "validation" if self.split == "train" else "train"

    @property
    def formula(self) -> str:
        """The treatment as a formula: ``validation = log1p(train)``."""
        return f"{self.split} = {self.function.format(self.other)}"


def _positive(x: Float64) -> Float64:
    return np.where(x > 0, x, np.nan)


def _not_negative(x: Float64) -> Float64:
    return np.where(x >= 0, x, np.nan)


def _bounded(x: Float64) -> Float64:
    """Returns what has an exponential that float64 can hold, with all its digits."""
    return np.where(x < 80, x, np.nan)


OF_COLUMNS = (
    MonotoneFunction("log1p({})", np.log1p, np.expm1, "np.log1p({})", "np.expm1({})"),
    MonotoneFunction("log({})", lambda x: np.log(_positive(x)), np.exp, "np.log({})", "np.exp({})"),
    MonotoneFunction(
        "log2({})", lambda x: np.log2(_positive(x)), np.exp2, "np.log2({})", "np.exp2({})"
    ),
    MonotoneFunction(
        "log10({})",
        lambda x: np.log10(_positive(x)),
        lambda x: np.power(10.0, x),
        "np.log10({})",
        "10.0 ** {}",
    ),
    MonotoneFunction(
        "10 · log10({})",
        lambda x: 10 * np.log10(_positive(x)),
        lambda x: np.power(10.0, x / 10),
        "10 * np.log10({})",
        "10.0 ** ({} / 10)",
    ),
    MonotoneFunction(
        "log10(1 + {})",
        lambda x: np.log10(_positive(1 + x)),
        lambda x: np.power(10.0, x) - 1,
        "np.log10(1 + {})",
        "10.0 ** {} - 1",
    ),
    MonotoneFunction(
        "sqrt({})", lambda x: np.sqrt(_not_negative(x)), np.square, "np.sqrt({})", "{} ** 2"
    ),
    MonotoneFunction("cbrt({})", np.cbrt, lambda x: x**3, "np.cbrt({})", "{} ** 3"),
    MonotoneFunction(
        "{}²",
        lambda x: _not_negative(x) ** 2,
        lambda x: np.sqrt(np.maximum(x, 0.0)),
        "{} ** 2",
        "np.sqrt({})",
    ),
    MonotoneFunction("{}³", lambda x: x**3, np.cbrt, "{} ** 3", "np.cbrt({})"),
    MonotoneFunction(
        "exp({})",
        lambda x: np.exp(_bounded(x)),
        lambda x: np.log(_positive(x)),
        "np.exp({})",
        "np.log({})",
    ),
    MonotoneFunction(
        "expm1({})",
        lambda x: np.expm1(_bounded(x)),
        lambda x: np.log1p(np.where(x > -1, x, np.nan)),
        "np.expm1({})",
        "np.log1p({})",
    ),
    MonotoneFunction("arcsinh({})", np.arcsinh, np.sinh, "np.arcsinh({})", "np.sinh({})"),
    MonotoneFunction(
        "tanh({})",
        np.tanh,
        lambda x: np.arctanh(np.clip(x, -1 + 1e-7, 1 - 1e-7)),
        "np.tanh({})",
        "np.arctanh({})",
    ),
    MonotoneFunction(
        "sigmoid({})",
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: np.log(np.clip(x, 1e-7, 1.0) / np.clip(1 - x, 1e-7, 1.0)),
        "1 / (1 + np.exp(-{}))",
        "np.log({0} / (1 - {0}))",
    ),
    MonotoneFunction(
        "1 / {}", lambda x: 1 / _positive(x), lambda x: 1 / _positive(x), "1 / {}", "1 / {}"
    ),
    MonotoneFunction(
        "sign({0})·log1p(|{0}|)",
        lambda x: np.sign(x) * np.log1p(np.abs(x)),
        lambda x: np.sign(x) * np.expm1(np.abs(x)),
        "np.sign({0}) * np.log1p(np.abs({0}))",
        "np.sign({0}) * np.expm1(np.abs({0}))",
    ),
)
"""What people apply to skewed columns."""

GAMMA = 2.2
"""Exponent between the brightness of light and what a pixel holds, roughly (IEC 61966-2-1)."""

OF_PIXELS = (
    MonotoneFunction(
        "{}^(1 / 2.2)",
        lambda x: _not_negative(x) ** (1 / GAMMA),
        lambda x: _not_negative(x) ** GAMMA,
        "{} ** (1 / 2.2)",
        "{} ** 2.2",
    ),
    MonotoneFunction(
        "{}^2.2",
        lambda x: _not_negative(x) ** GAMMA,
        lambda x: _not_negative(x) ** (1 / GAMMA),
        "{} ** 2.2",
        "{} ** (1 / 2.2)",
    ),
)
"""What else is applied to pixels between 0 and 1, and to nothing else."""

BRIGHTEST = 255
"""What a pixel of eight bits holds at most."""


def _of_bytes(exponent: float, said: str, inverse: str) -> MonotoneFunction:
    def power(x: Float64, exponent: float) -> Float64:
        return BRIGHTEST * (_not_negative(x) / BRIGHTEST) ** exponent

    return MonotoneFunction(
        f"255 · ({{}} / 255)^{said}",
        lambda x: power(x, exponent),
        lambda x: power(x, 1 / exponent),
        f"255 * ({{}} / 255) ** {said}",
        f"255 * ({{}} / 255) ** {inverse}",
    )


OF_BYTES = (_of_bytes(1 / GAMMA, "(1 / 2.2)", "2.2"), _of_bytes(GAMMA, "2.2", "(1 / 2.2)"))
"""The same applied to pixels between 0 and 255, before they are rounded."""

FUNCTIONS = {one.name: one for one in (*OF_COLUMNS, *OF_PIXELS, *OF_BYTES)}
"""All of them, by name."""

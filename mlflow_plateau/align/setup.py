"""How a model was trained, and what was seen of it, read from the parameters of its run."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints

from mlflow_plateau.align.model_summary import read_model_summary
from mlflow_plateau.history import Setup, Witnessed
from mlflow_plateau.tracked import TrackedRun

OURS = "plateau."
"""Prefix of the parameters that the recorder writes."""

LONGEST_WORD = 60
"""Longer names of an optimiser or a loss are not names."""

PARAMETERS: Mapping[str, str] = {
    "optimizer": "optimizer optimizer_name opt_name optimizer_type optimizer_class optimiser opt"
    " optim solver opt_func",
    "learning_rate": "learning_rate lr init_lr initial_lr base_lr lr0 learning_rate_init"
    " optimizer_learning_rate optimizer_lr opt_learning_rate opt_lr max_lr lr_max eta eta0"
    " lr_init",
    "momentum": "momentum optimizer_momentum opt_momentum sgd_momentum",
    "weight_decay": "weight_decay weigth_decay wd optimizer_weight_decay opt_weight_decay",
    "batch_size": "batch_size batchsize bs train_batch_size training_batch_size"
    " per_device_train_batch_size batch",
    "updates_per_epoch": "updates_per_epoch steps_per_epoch batches_per_epoch"
    " iterations_per_epoch num_batches_per_epoch",
    "training_rows": "training_rows train_size n_train num_train train_samples num_train_samples"
    " n_train_samples training_samples num_training_samples train_rows",
    "validation_rows": "validation_rows val_size n_val num_val val_samples num_val_samples"
    " n_val_samples validation_samples num_validation_samples val_rows",
    "parameter_count": "parameter_count n_params num_params num_parameters n_parameters"
    " total_params total_parameters model_parameters",
    "trainable_parameter_count": "trainable_parameter_count trainable_params trainable_parameters"
    " num_trainable_params n_trainable_params",
    "loss": "loss loss_function loss_fn loss_fun loss_name loss_type criterion",
    "dropout": "dropout dropout_rate drop_rate dropout_prob dropout_p p_dropout",
    "l2": "l2 l2_reg l2_regularization l2_penalty l2_factor l2_lambda",
    "planned_epochs": "planned_epochs epochs num_epochs max_epochs n_epochs nb_epochs"
    " num_train_epochs total_epochs training_epochs epoch",
}
"""Names under which people and autologging write what a ``Setup`` holds, the surest first."""

LARGEST_COUNT = 10**15
"""No data set has more rows and no model more weights."""

OPTIMIZERS = (
    *("adamw", "adamax", "adam", "nadam", "radam", "sgd", "rmsprop", "adagrad", "adadelta"),
    *("adafactor", "ftrl", "lion", "lamb", "lars", "muon", "lbfgs"),
)
"""Optimisers by the beginning of their names, longer ones first."""

OTHER_OPTIMIZERS: Mapping[str, str] = {
    "gradientdescent": "sgd",
    "gradient_descent": "sgd",
    "momentum": "sgd",
    "nesterov": "sgd",
}
"""Other names of optimisers, such as TensorFlow 1's ``GradientDescentOptimizer``."""

LOSSES: Mapping[str, str] = {
    "mse": "mean_squared_error",
    "mseloss": "mean_squared_error",
    "mse_loss": "mean_squared_error",
    "mae": "mean_absolute_error",
    "l1loss": "mean_absolute_error",
    "l1_loss": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "bceloss": "binary_crossentropy",
    "binary_cross_entropy": "binary_crossentropy",
    "cross_entropy": "categorical_crossentropy",
    "crossentropy": "categorical_crossentropy",
    "crossentropyloss": "categorical_crossentropy",
}
"""Other names of the losses that Keras has."""

ROUNDS = frozenset(
    (
        *("num_boost_round", "n_estimators", "num_iterations", "num_rounds", "num_trees"),
        *("nrounds", "tree_method", "num_leaves"),
    )
)
"""Parameters that only gradient boosting has: steps are rounds there, not epochs."""

AUTOLOGGING = "mlflow.autologging"
"""MLflow's tag for which of its integrations began the run."""

AUTOLOGGED: Mapping[str, str] = {
    "keras": "keras",
    "tensorflow": "keras",
    "pytorch": "lightning",
    "transformers": "transformers",
    **dict.fromkeys(("xgboost", "lightgbm", "catboost"), "boosting"),
}
"""The framework behind each integration; that for PyTorch only knows Lightning's ``Trainer``."""

TELLING: Mapping[str, str] = {
    **dict.fromkeys(("opt_global_clipnorm", "optimizer_global_clipnorm"), "keras"),
    **dict.fromkeys(("opt_jit_compile", "optimizer_jit_compile"), "keras"),
    "per_device_train_batch_size": "transformers",
    **dict.fromkeys(ROUNDS, "boosting"),
}
"""Parameters that only the loggers of one framework write."""

VALIDATION_SPLIT = "validation_split"
"""MLflow's parameter for the share of the training data set that Keras validates with."""

_NAMES = {field: tuple(names.split()) for field, names in PARAMETERS.items()}

_TYPES: Mapping[type[Any], Mapping[str, Any]] = {
    kind: get_type_hints(kind) for kind in (Setup, Witnessed)
}
"""The type of each field."""

Facts = TypeVar("Facts", Setup, Witnessed)


def setup_of(run: TrackedRun) -> Setup:
    """Returns what a run says about its training.

    What its parameters and tags say counts most; the rest is filled in from the sizes of its data
    sets and the summary of its model, which MLflow's autologging leaves.

    Args:
        run: The run; its metrics are not looked at.
    """
    said = read_setup(run.params, run.tags)
    shown = read_model_summary(run.model_summary) if run.model_summary else Setup()
    training_rows, validation_rows = _rows(run)
    shown = replace(shown, training_rows=training_rows, validation_rows=validation_rows)
    missing = {
        field.name: getattr(shown, field.name)
        for field in fields(Setup)
        if getattr(said, field.name) is None
    }
    return replace(said, **missing)


def _rows(run: TrackedRun) -> tuple[int | None, int | None]:
    """Returns the rows that were trained on and validated with, by the logged data sets."""
    training = [rows for use, rows in run.rows.items() if is_training(use)]
    validation = [rows for use, rows in run.rows.items() if not is_training(use)]
    if len(training) != 1 or len(validation) > 1:
        return None, None
    share = _share(run.params.get(VALIDATION_SPLIT, "0"))
    if validation:
        return training[0], validation[0]
    if not share:
        return training[0], None
    # Keras cuts the split off the end of the data set that was logged.
    kept = max(int(training[0] * (1 - share)), 1)
    return kept, training[0] - kept or None


def is_training(use: str) -> bool:
    """Returns whether what a data set was logged to be used for is training."""
    return not any(word in use.lower() for word in ("eval", "val", "test"))


def read_setup(params: Mapping[str, str], tags: Mapping[str, str]) -> Setup:
    """Returns what a run's parameters and tags say about its training.

    What the recorder wrote counts most, as a tag where the run holds several trainings, since
    MLflow's parameters cannot change; then the names in ``PARAMETERS``, in any spelling and under
    any prefix (``trainer.max_epochs``, ``optimizer/lr``). A value that cannot be understood is as
    good as none.

    Args:
        params: The run's parameters, untrusted text.
        tags: The run's tags, untrusted text.
    """
    plain = _by_plain_name(params)
    setup = _read(Setup, {**params, **tags}, plain)
    return replace(setup, framework=setup.framework or _framework(plain, tags))


def read_witnessed(params: Mapping[str, str], tags: Mapping[str, str]) -> Witnessed:
    """Returns what only the recorder can have written into a run's parameters and tags.

    Args:
        params: The run's parameters, untrusted text.
        tags: The run's tags, untrusted text.
    """
    return _read(Witnessed, {**params, **tags}, {})


def _read(kind: type[Facts], ours: Mapping[str, str], plain: Mapping[str, str]) -> Facts:
    """Returns facts from what the recorder wrote and, where it did not, from what others did."""
    found: dict[str, Any] = {}
    for field, of_field in _TYPES[kind].items():
        text = ours.get(OURS + field)
        value = None if text is None else _parse(field, text, of_field)
        for name in _NAMES.get(field, ()) if value is None else ():
            if name in plain:
                value = _parse(field, plain[name], of_field)
            if value is not None:
                break
        found[field] = value
    return kind(**found)


def _framework(plain: Mapping[str, str], tags: Mapping[str, str]) -> str | None:
    """Returns what trained a run, by the integration that logged it or by its parameters."""
    by_tag = AUTOLOGGED.get(tags.get(AUTOLOGGING, ""))
    return by_tag or next((TELLING[name] for name in TELLING if name in plain), None)


def is_setup_parameter(name: str) -> bool:
    """Returns whether a parameter's name is one under which a ``Setup`` is looked for."""
    return _plain(name) in _KNOWN or _last_part(name) in _KNOWN


_KNOWN = frozenset(name for names in PARAMETERS.values() for name in names.split())


def counts_rounds(params: Mapping[str, str]) -> bool:
    """Returns whether the parameters are those of gradient boosting."""
    return not ROUNDS.isdisjoint(_by_plain_name(params))


def _by_plain_name(params: Mapping[str, str]) -> dict[str, str]:
    """Returns the parameters by lower-case name; also by the last part of a name with parts."""
    plain: dict[str, str] = {}
    for name, value in params.items():
        if not name.startswith(OURS):
            plain.setdefault(_last_part(name), value)
    plain.update((_plain(n), value) for n, value in params.items() if not n.startswith(OURS))
    return plain


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.strip().lower()).strip("_")


@lru_cache(maxsize=4096)
def _last_part(name: str) -> str:
    return _plain(re.split(r"[./:]", name)[-1])


def _parse(field: str, text: str, kind: Any) -> Any:
    parse = _READERS.get(field) or _PARSERS[kind]
    return parse(text.strip())


def _number(text: str) -> float | None:
    """Returns the number in ``1e-3``, ``[32]``, ``0.1,`` or ``[0.001, 0.001]``."""
    parts = {part.strip() for part in text.strip("[](){} ,").split(",") if part.strip()}
    if len(parts) != 1:
        return None
    try:
        value = float(parts.pop())
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _whole(text: str) -> int | None:
    value = _number(text)
    if value is None or not value.is_integer() or abs(value) > LARGEST_COUNT:
        return None
    return int(value)


def _truth(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())


def _words(text: str) -> tuple[str, ...] | None:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _text(text: str) -> str | None:
    return text if text and text.lower() != "none" else None


_PARSERS: Mapping[Any, Callable[[str], Any]] = {
    float | None: _number,
    int | None: _whole,
    bool | None: _truth,
    str | None: _text,
    tuple[str, ...] | None: _words,
}


def _class_name(text: str) -> str | None:
    """Returns ``Adam`` of ``<keras.optimizers.Adam object at 0x7f…>`` or ``torch.optim.Adam``."""
    match = re.match(r"[<'\"\s]*(?:class\s+'?|function\s+)?([A-Za-z_][\w.]*)", text)
    name = match.group(1).rsplit(".", 1)[-1] if match else ""
    return name if 0 < len(name) <= LONGEST_WORD and name.lower() not in ("none", "auto") else None


def _optimizer(text: str) -> str | None:
    name = (_class_name(text) or "").lower()
    for other, known in OTHER_OPTIMIZERS.items():
        if name.startswith(other):
            return known
    return next((known for known in OPTIMIZERS if name.startswith(known)), name or None)


def _loss(text: str) -> str | None:
    name = _class_name(text)
    if name is None:
        return None
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return LOSSES.get(name.lower()) or LOSSES.get(snake) or snake


def _positive(text: str) -> float | None:
    value = _number(text)
    return value if value is not None and value >= 0 else None


def _count(text: str) -> int | None:
    value = _whole(text)
    return value if value is not None and value > 0 else None


def _share(text: str) -> float | None:
    value = _number(text)
    return value if value is not None and 0 <= value < 1 else None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "optimizer": _optimizer,
    "loss": _loss,
    "learning_rate": _positive,
    "weight_decay": _positive,
    "l2": _positive,
    "dropout": _share,
    "batch_size": _count,
    "updates_per_epoch": _count,
    "training_rows": _count,
    "validation_rows": _count,
    "parameter_count": _count,
    "planned_epochs": _count,
}
"""Fields whose values have to be more than of the right type."""

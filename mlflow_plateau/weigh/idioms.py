"""What a remedy is called in the framework that trained the run, where that is known."""

from __future__ import annotations

from collections.abc import Mapping

IDIOMS: Mapping[str, Mapping[str, str]] = {
    "keras": {
        "early_stopping": "EarlyStopping(monitor={monitor!r}, patience={patience},"
        " restore_best_weights=True)",
        "clipping": "clipnorm=1.0",
        "normalisation": "BatchNormalization or LayerNormalization",
        "unfreezing": "layer.trainable = True, then compile again",
        "numerics": "tf.debugging.enable_check_numerics(), where Keras runs on TensorFlow,",
    },
    "pytorch": {
        "clipping": "torch.nn.utils.clip_grad_norm_ with max_norm=1.0",
        "normalisation": "BatchNorm or LayerNorm",
        "unfreezing": "requires_grad_(True), and pass them to the optimizer",
        "numerics": "torch.autograd.set_detect_anomaly(True)",
    },
    "lightning": {
        "early_stopping": "EarlyStopping(monitor={monitor!r}, patience={patience}) beside a"
        " ModelCheckpoint(monitor={monitor!r})",
        "clipping": "gradient_clip_val=1.0",
        "normalisation": "BatchNorm or LayerNorm",
        "unfreezing": "requires_grad_(True), and pass them to the optimizer",
        "numerics": "Trainer(detect_anomaly=True)",
    },
    "transformers": {
        "early_stopping": "EarlyStoppingCallback(early_stopping_patience={patience}) with"
        " load_best_model_at_end=True",
        "clipping": "max_grad_norm=1.0",
        "normalisation": "LayerNorm",
        "unfreezing": "requires_grad_(True)",
        "numerics": "torch.autograd.set_detect_anomaly(True)",
    },
    "boosting": {"early_stopping": "early_stopping_rounds={patience}"},
}
"""By framework, as ``Setup.framework`` has it, and what it is that has to be done; format strings
over the metric to watch and how long to wait."""

NAMES = frozenset(name for known in IDIOMS.values() for name in known)


def idioms(framework: str | None, monitor: str, patience: int) -> dict[str, str | None]:
    """Returns what each thing is called there, ``None`` where the framework is not known.

    Args:
        framework: The framework, ``None`` where the run does not say.
        monitor: The validation metric.
        patience: Epochs without a gain to wait for before stopping.
    """
    known = IDIOMS.get(framework or "", {})
    return {
        name: known[name].format(monitor=monitor, patience=patience) if name in known else None
        for name in NAMES
    }

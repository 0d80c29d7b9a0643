"""Whether any weight is NaN or infinite, and in which layers that was first seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlflow_plateau.recorder.describe.names import layer_in, name_in, named
from mlflow_plateau.recorder.measure.variables import variables


class LostWeights:
    """Measures ``lost_weights``, the share of the model's variables that are not finite.

    All weights are looked at, also those that are not trained, such as the statistics of a batch
    normalisation: one NaN among millions is enough, and a sample would not see it.

    Attributes:
        layers: The layers in which they were first seen, by name.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.layers: tuple[str, ...] = ()

    def begin_epoch(self) -> None:
        """Nothing is to be forgotten."""

    def before_first_execution(self) -> None:
        """Nothing is to be done before."""

    def after_execution(self, index: int, logs: Any) -> bool:
        """Is not needed: what is lost stays lost."""
        return False

    def end_training_part(self) -> Mapping[str, float]:
        """Returns the share; nothing for a model without weights."""
        weights = [v for v in self._model.weights if "float" in str(v.dtype)]
        if not weights:
            return {}
        read = variables()
        lost = [variable for variable in weights if not read.all_finite(variable)]
        if lost and not self.layers:
            names = (layer_in(name_in(self._model, variable)) for variable in lost)
            self.layers = named(dict.fromkeys(names))
        return {"lost_weights": len(lost) / len(weights)}

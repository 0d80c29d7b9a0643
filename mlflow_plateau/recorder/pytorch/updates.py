"""How far the weights move in one update and in an epoch, and under which gradient."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from mlflow_plateau.recorder.measure.by_layer import Layers, is_due
from mlflow_plateau.recorder.measure.pace import Pace
from mlflow_plateau.recorder.measure.weight_sample import WeightSample
from mlflow_plateau.recorder.pytorch.describe import largest_group, learning_rate_in
from mlflow_plateau.recorder.pytorch.training import TorchTraining
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.tracked import FloatArray


class UpdateWatch:
    """Measures ``update_ratio``, ``epoch_displacement`` and ``gradient_norm``, counts updates.

    - ``update_ratio``: ‖Δw‖ / ‖w‖ of the epoch's first update.
    - ``epoch_displacement``: ‖w(end of epoch) − w(start)‖ / ‖w(start)‖.
    - ``gradient_norm``: ‖g‖ of the gradient in that update, as the optimiser was given it.

    All over a fixed sample of the trained weights. After 1, 2, 3, 4, 6, 8, 11, … epochs the ratio
    and the norm of each layer as well, as ``layer_update_ratio/layer``.

    It stands between the updates by way of the hooks that PyTorch's optimisers have; these are no
    part of what an optimiser saves.

    Args:
        training: The training.
        silent: Whether to keep failures to oneself.
    """

    def __init__(self, training: TorchTraining, *, silent: bool = False) -> None:
        self._training = training
        self._optimizer = training.optimizer
        self._silent = silent
        self._sample: WeightSample | None = None
        self._layers: Layers | None = None
        self._pace = Pace(training.planned_epochs - 1 if training.planned_epochs else None)
        self._failed = False
        self._handles: list[Any] = []
        self._next(0)
        if self._optimizer is not None:
            self._handles = [
                self._optimizer.register_step_pre_hook(self._before),
                self._optimizer.register_step_post_hook(self._after),
            ]

    def end_epoch(self, epoch: int, seconds: float) -> Mapping[str, float]:
        """Returns what was measured since the last time, and goes on to the next epoch.

        Args:
            epoch: The epoch that has ended.
            seconds: How long it took in all.
        """
        found = dict(self._found)
        try:
            if not self._failed and self.is_due and self._start is not None:
                begin = time.perf_counter()
                with np.errstate(all="ignore"):  # NaN and infinity are findings here.
                    found.update(self._displacement(self._start))
                self._pace.note(self.seconds + time.perf_counter() - begin, seconds)
        except Exception as error:
            self._give_up(error)
        self._next(epoch + 1)
        return found

    def remove(self) -> None:
        """Takes the hooks off the optimiser."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _next(self, epoch: int) -> None:
        self._epoch = epoch
        self.is_due = self._pace.is_due(epoch)
        """Whether this epoch is measured."""
        self._start: FloatArray | None = None
        self._found: dict[str, float] = {}
        self.updates = 0
        """Updates since the epoch began."""
        self.rate: float | None = None
        """Learning rate of the last of them."""
        self.seconds = 0.0
        """Time that measuring took since the epoch began."""

    def _before(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self._failed or self._start is not None or not self.is_due:
            return
        begin = time.perf_counter()
        try:
            parameters = self._training.parameters
            if parameters:
                if self._sample is None or not self._sample.is_of(parameters):
                    self._sample = WeightSample(parameters, every_nth)
                    self._layers = Layers(self._training.layers_of(parameters))
                self._start = self._sample.read()
        except Exception as error:
            # Inside the user's update: an exception here would be one of the training.
            self._give_up(error)
        self.seconds += time.perf_counter() - begin

    def _after(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.updates += 1
        if self._failed:
            return
        try:
            # A schedule may change it before the epoch is reported.
            self.rate = learning_rate_in(largest_group(optimizer)) if self._reads_rate() else None
            if self.updates == 1 and self._start is not None and self._sample is not None:
                begin = time.perf_counter()
                with np.errstate(all="ignore"):  # NaN and infinity are findings here.
                    self._take(self._sample, self._start)
                self.seconds += time.perf_counter() - begin
        except Exception as error:
            self._give_up(error)

    def _reads_rate(self) -> bool:
        # One that lies on a GPU would be waited for.
        rate = self._optimizer.param_groups[0]["lr"]
        return not hasattr(rate, "device") or rate.device.type == "cpu"

    def _take(self, sample: WeightSample, before: FloatArray) -> None:
        size = sample.norm(before)
        moved = sample.read() - before
        if size != 0:
            self._found["update_ratio"] = sample.norm(moved) / size
        layers = self._layers if is_due(self._epoch) else None
        if layers is not None:
            self._found.update(
                layers.ratios("update_ratio", sample.norms(moved), sample.norms(before))
            )
        gradients = [parameter.grad for parameter in sample.variables]
        scaled = getattr(self._optimizer, "grad_scale", None) is not None
        if scaled or any(g is not None and g.is_sparse for g in gradients):
            return
        given = [
            parameter.new_zeros(()).expand(parameter.shape) if g is None else g
            for g, parameter in zip(gradients, sample.variables, strict=True)
        ]
        if any(g is not None for g in gradients):
            gradient = sample.read(given)
            self._found["gradient_norm"] = sample.norm(gradient)
            if layers is not None:
                self._found.update(layers.norms("gradient_norm", sample.norms(gradient)))

    def _displacement(self, before: FloatArray) -> Mapping[str, float]:
        if self._sample is None:
            return {}
        size = self._sample.norm(before)
        if size == 0:
            return {}
        return {"epoch_displacement": self._sample.norm(self._sample.read() - before) / size}

    def _give_up(self, error: Exception) -> None:
        self._failed = True
        notice("updates are not measured", error, silent=self._silent)


def every_nth(tensor: Any, stride: int) -> FloatArray:
    """Returns every n-th value of a tensor."""
    # On another device gathered there: a copy of all would take longer than the step.
    array: FloatArray = tensor.detach().reshape(-1)[::stride].double().cpu().numpy()
    return array

"""The recorder for training loops that somebody wrote: a context around the loop."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import torch

from mlflow_plateau.errors import PlateauError
from mlflow_plateau.recorder.pytorch.objective import GivenLoss, signature_of
from mlflow_plateau.recorder.pytorch.recording import TorchRecording
from mlflow_plateau.recorder.pytorch.rows import GivenRows
from mlflow_plateau.recorder.pytorch.splits import (
    Split,
    UnreadableDataError,
    first_tensor,
    split_of,
)
from mlflow_plateau.recorder.pytorch.training import TorchTraining, is_chief
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.settings import Settings
from mlflow_plateau.recorder.witness.rows import TRAINING_ROWS, VALIDATION_ROWS, arrays_in


class Recorder:
    """Records one training loop; made by ``mlflow_plateau.record``.

    Args:
        settings: What the user asked for.
        model: The model.
        optimizer: Its optimiser.
        loss_fn: Its loss.
        data: Training and validation data, as the user gave them.
        epochs: Planned epochs.
        batch_size: Rows of a batch.

    Raises:
        PlateauError: If the model or the optimiser is not one of PyTorch's.
    """

    def __init__(
        self,
        settings: Settings,
        model: Any,
        optimizer: Any,
        loss_fn: Any,
        data: tuple[Any, Any],
        epochs: int | None,
        batch_size: int | None,
    ) -> None:
        if not isinstance(model, torch.nn.Module):
            raise PlateauError(
                f"mlflow_plateau.record takes a torch.nn.Module, not {type(model).__name__}."
            )
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise PlateauError(
                "mlflow_plateau.record takes a torch.optim.Optimizer, not"
                f" {type(optimizer).__name__}."
            )
        self._settings = settings
        self._training = TorchTraining(
            given=model,
            optimizer=optimizer,
            objective=None,
            planned_epochs=epochs,
            batch_size=batch_size,
        )
        if loss_fn is None:
            self._training.declined = "the loss was not given to the recorder"
        else:
            self._training.objective = GivenLoss(loss_fn, signature_of(self._training.model))
        self._data = data
        self._recording: TorchRecording | None = None
        self._passes: _FirstPasses | None = None
        self._failed = False

    def __enter__(self) -> Recorder:
        try:
            if is_chief():
                self._begin()
        except Exception as error:
            # The user's training is worth more than its record.
            self._give_up(error)
        return self

    def _begin(self) -> None:
        training = self._split(self._data[0], TRAINING_ROWS)
        validation = self._split(self._data[1], VALIDATION_ROWS)
        known = self._training
        if self._data[1] is not None:
            known.has_validation = True
        for name, split in (("training", training), ("validation", validation)):
            if split is not None and split.y is not None:
                known.targets[name] = split.y
        if validation is not None:
            known.observed["validation_rows"] = validation.count
        if training is None:
            known.declined = known.declined or "the training data was not given to the recorder"
        else:
            known.batch_size = known.batch_size or training.batch_size
            known.given_rows = training.count
            if not training.whole:
                known.observed["training_rows"] = training.count
        self._recording = TorchRecording(
            self._settings,
            known,
            GivenRows(training, validation),
            lambda: RunScope.open(self._settings.extra_tags),
        )
        self._recording.begin()
        if known.batch_size is None and training is not None:
            self._passes = _FirstPasses(known)

    def _split(self, data: Any, most: int) -> Split | None:
        if data is None:
            return None
        try:
            return split_of(data, most)
        except UnreadableDataError as reason:
            self._training.declined = self._training.declined or str(reason)
        except Exception as error:
            # An extra: data may be of kinds that nobody foresaw.
            self._training.declined = "the data given to the recorder could not be read"
            notice("the data cannot be read", error, silent=self._settings.silent)
        return None

    def batch(self, loss: Any) -> None:
        """Takes the loss of a training batch; optional, tells how much single batches scatter.

        Args:
            loss: A number or a tensor with one value, which is not waited for; never changed.
        """
        try:
            if self._recording is not None and not self._failed:
                self._recording.take_batch_loss(loss)
        except Exception as error:
            # The user's training is worth more than its record.
            self._give_up(error)

    def epoch(self, epoch: int, metrics: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """Takes what an epoch gave; to be called once at the end of each, after its validation.

        Args:
            epoch: Its number, counted from 0 or 1 upwards.
            metrics: Its metrics by name, such as ``{"val/loss": 0.3}``: numbers, or tensors and
                arrays with one value.
            more: Further metrics, such as ``loss=0.2, val_loss=0.3``.
        """
        if self._recording is None or self._failed:
            return
        try:
            if self._passes is not None:
                self._passes.remove()
                self._passes = None
            self._recording.end_epoch(int(epoch), {**(metrics or {}), **more})
        except Exception as error:
            # The user's training is worth more than its record.
            self._give_up(error)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._passes is not None:
            self._passes.remove()
            self._passes = None
        recording, self._recording = self._recording, None
        if recording is None:
            return
        planned = self._training.planned_epochs
        last = recording.last_epoch
        early = planned is not None and (last is None or last + 1 < planned)
        try:
            if not self._failed:
                recording.end_training()
            recording.end(error, stopped=early)
        except Exception as own_error:
            # Also what goes wrong at the end is not the user's.
            notice("the recording could not be finished", own_error, silent=self._settings.silent)

    def _give_up(self, error: Exception) -> None:
        self._failed = True
        notice("recording stopped, the training goes on", error, silent=self._settings.silent)
        if self._recording is not None:
            self._recording.stop_measuring()


class _FirstPasses:
    """Counts the rows that go through the model before its first update.

    It listens where PyTorch tells of every module, not at the model: the model may be copied and
    saved meanwhile.

    Args:
        training: The training; its ``observed`` is filled.
    """

    def __init__(self, training: TorchTraining) -> None:
        self._training = training
        self._rows = 0
        self._handles: list[Any] = []
        sample = training.sample
        first = None if sample is None else next(arrays_in(sample.training.x), None)
        self._shape = None if first is None else tuple(first.shape[1:])
        if training.given is not training.model:
            return  # What wraps a model, such as a compiler, may look at the hooks.
        self._handles = [
            torch.nn.modules.module.register_module_forward_hook(self._passed, with_kwargs=True),
            training.optimizer.register_step_post_hook(self._updated),
        ]

    def remove(self) -> None:
        """Listens no more."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _passed(self, module: Any, args: Any, kwargs: Any, outputs: Any) -> None:
        if module is self._training.model and module.training and torch.is_grad_enabled():
            found = first_tensor((args, kwargs))
            if found is not None and tuple(found.shape[1:]) == self._shape:
                self._rows += int(found.shape[0])

    def _updated(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self._rows and "batch_size" not in self._training.observed:
            self._training.observed["batch_size"] = self._rows
            # The other hook is left to ``remove``: PyTorch is going through its hooks just now.
            self._handles[0].remove()

"""The recorder as PyTorch Lightning sees it: a callback that only passes on what happens."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch

from mlflow_plateau.align.names import Split, read_name
from mlflow_plateau.recorder.curves import PREFIX, prefix_beside
from mlflow_plateau.recorder.pytorch.objective import GivenLoss, signature_of
from mlflow_plateau.recorder.pytorch.recording import TorchRecording
from mlflow_plateau.recorder.pytorch.rows import PassingRows
from mlflow_plateau.recorder.pytorch.splits import first_tensor
from mlflow_plateau.recorder.pytorch.training import TorchTraining
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.settings import Settings
from mlflow_plateau.recorder.witness.budget import PROBE_BUDGET

NO_LOSS = (
    "a LightningModule keeps its loss to itself; give it to the recorder:"
    " LightningCallback(loss_fn=...)"
)

LOCAL_STRATEGIES = frozenset(("SingleDeviceStrategy", "DDPStrategy"))
"""Strategies under which each process holds all weights."""

Method = TypeVar("Method", bound=Callable[..., None])


def _callback_classes() -> tuple[type[Any], ...]:
    """Returns Lightning's class of callbacks, under each name that it is in use by.

    Raises:
        ModuleNotFoundError: If Lightning is not installed.
    """
    found = [
        module.Callback
        for name in ("lightning.pytorch", "pytorch_lightning")
        if (module := sys.modules.get(name)) is not None and hasattr(module, "Callback")
    ]
    if found:
        return tuple(dict.fromkeys(found))
    try:
        from lightning.pytorch import Callback
    except ImportError:
        from pytorch_lightning import Callback
    return (Callback,)


def _never_raises(method: Method) -> Method:
    """Lets the training go on, unrecorded from there, when the recorder fails."""

    @functools.wraps(method)
    def guarded(self: LightningCallback, *args: Any, **kwargs: Any) -> None:
        if self._failed:
            return
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            # The user's training is worth more than its record.
            self._give_up(error)

    return guarded  # type: ignore[return-value]  # the same signature, which wraps cannot say


class LightningCallback(*_callback_classes()):  # type: ignore[misc]  # Lightning is optional
    """Records trainings of a Lightning ``Trainer``, and diagnoses each run when ``fit`` ends.

    It is one of the trainer's callbacks::

        trainer = Trainer(callbacks=[mlflow_plateau.LightningCallback(nn.CrossEntropyLoss())])

    It records into the run of the trainer's ``MLFlowLogger``; without one into the active MLflow
    run, or into a run of its own. What modules log with ``self.log`` is logged once an epoch; under
    ``plateau/`` where somebody else logs it to MLflow, so that nobody's metric is doubled. It works
    with ``lightning`` and ``pytorch_lightning``, never raises, and changes nothing about the
    training.

    Args:
        loss_fn: Is called with ``module(x)`` and ``y`` of a batch ``(x, y)`` and returns their mean
            loss. Experiments are made with it, since a module keeps its own loss to itself; without
            it the report says that there were none.
        diagnose: Whether to diagnose the run when ``fit`` ends.
        monitor: The validation metric that the diagnosis is about; recognised by its name if left
            out.
        log_datasets: Whether to compare some rows of training and validation data.
        silent: Whether to print nothing.
        extra_tags: Tags for the run if the recorder starts it.
        probe_budget: Share of the training time that experiments on a sample of the rows may take,
            besides one second; 0 for none.
    """

    def __init__(
        self,
        loss_fn: Any = None,
        diagnose: bool = True,
        monitor: str | None = None,
        log_datasets: bool = True,
        silent: bool = False,
        extra_tags: Mapping[str, str] | None = None,
        probe_budget: float = PROBE_BUDGET,
    ) -> None:
        super().__init__()
        self._settings = Settings(diagnose, monitor, log_datasets, silent, extra_tags, probe_budget)
        self._loss_fn = loss_fn
        self._recording: TorchRecording | None = None
        self._training: TorchTraining | None = None
        self._rows = PassingRows()
        self._pending: tuple[int, dict[str, Any], bool] | None = None
        self._validated = False
        self._failed = False

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Begins anew with each ``fit``."""
        if stage == "fit":
            self._failed = False
            self._pending = None

    @_never_raises
    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Takes the run, describes the setup and begins to measure."""
        if not trainer.is_global_zero:
            return
        if type(trainer.strategy).__name__ not in LOCAL_STRATEGIES:
            raise TypeError(f"{type(trainer.strategy).__name__} spreads the weights")
        optimizers = trainer.optimizers
        self._rows = PassingRows()
        self._training = TorchTraining(
            given=pl_module,
            optimizer=optimizers[0] if len(optimizers) == 1 else None,
            objective=None,
            framework="lightning",
            planned_epochs=trainer.max_epochs if (trainer.max_epochs or -1) > 0 else None,
            has_validation=bool(trainer.enable_validation),
        )
        if self._loss_fn is None:
            self._training.declined = NO_LOSS
        else:
            self._training.objective = GivenLoss(self._loss_fn, signature_of(pl_module))
        logger = _mlflow_logger(trainer)
        others = [item for item in trainer.callbacks if item is not self]
        beside = PREFIX if logger is not None else prefix_beside(others)
        self._recording = TorchRecording(
            self._settings,
            self._training,
            self._rows,
            lambda: self._scope(logger),
            beside,
        )
        self._recording.begin()

    def _scope(self, logger: Any) -> RunScope:
        if logger is None:
            return RunScope.open(self._settings.extra_tags)
        return RunScope.of(str(logger.run_id), str(logger._tracking_uri))

    @_never_raises
    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keeps a few rows of a batch, and its loss."""
        if self._recording is None:
            return
        loss: Any = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        if isinstance(loss, torch.Tensor) and loss.numel() == 1:
            # Lightning divides by it.
            self._recording.take_batch_loss(loss * trainer.accumulate_grad_batches)
        self._keep("train", batch)

    @_never_raises
    def on_validation_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keeps a few rows of a batch."""
        if self._recording is not None and not trainer.sanity_checking and not dataloader_idx:
            self._keep("validation", batch)

    def _keep(self, split: str, batch: Any) -> None:
        first = first_tensor(batch)
        if first is None or self._training is None or not self._rows.is_open(split):
            return
        rows = int(first.shape[0])
        if split == "train":
            self._training.observed.setdefault("batch_size", rows)
        if isinstance(batch, (tuple, list)) and len(batch) == 2:
            self._rows.offer(split, batch[0], batch[1], rows)
        else:
            self._rows.count(split, rows)
            if not self._training.declined:
                self._training.declined = "the batches are no pairs of inputs and targets"

    @_never_raises
    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Has seen the validation data."""
        if self._recording is not None and not trainer.sanity_checking:
            self._validated = True
            self._close("validation")

    def _close(self, split: str) -> None:
        if self._training is not None and self._rows.is_open(split) and self._rows.counts[split]:
            self._rows.close(split)
            name = "training_rows" if split == "train" else "validation_rows"
            self._training.observed[name] = self._rows.counts[split]

    @_never_raises
    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Takes what the epoch gave, as far as it is known by now."""
        if self._recording is not None:
            self._close("train")
            metrics = dict(trainer.callback_metrics)
            self._pending = (int(trainer.current_epoch), metrics, self._validated)
            self._validated = False

    @_never_raises
    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Records the last epoch, now that the module has logged as well."""
        self._record_pending(trainer)

    def _record_pending(self, trainer: Any) -> None:
        pending, self._pending = self._pending, None
        if pending is None or self._recording is None:
            return
        epoch, metrics, validated = pending
        known = {**metrics, **trainer.logged_metrics}
        # Lightning keeps what the last validation gave, also in epochs without one.
        self._recording.end_epoch(
            epoch,
            {
                name: value
                for name, value in known.items()
                if name != "epoch" and (validated or read_name(name).split is not Split.VALIDATION)
            },
        )

    @_never_raises
    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Makes the last experiments, before other weights may be loaded."""
        self._record_pending(trainer)
        if self._recording is not None:
            self._recording.end_training()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Ends the recording with the training."""
        self._finish(exception, trainer)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Ends the recording with ``fit``."""
        if stage == "fit":
            self._finish(None, trainer)

    def _finish(self, error: BaseException | None, trainer: Any) -> None:
        recording, training = self._recording, self._training
        if recording is None or training is None:
            return
        try:
            if not self._failed:
                self._record_pending(trainer)
        except Exception as own_error:
            # Also what goes wrong at the end is not the user's.
            self._give_up(own_error)
        self._recording = self._training = None
        planned, last = training.planned_epochs, recording.last_epoch
        early = planned is not None and (last is None or last + 1 < planned)
        try:
            recording.end(error, stopped=early)
        except Exception as own_error:
            # Likewise.
            notice("the recording could not be finished", own_error, silent=self._settings.silent)

    def _give_up(self, error: Exception) -> None:
        self._failed = True
        notice("recording stopped, the training goes on", error, silent=self._settings.silent)
        if self._recording is not None:
            self._recording.stop_measuring()


def _mlflow_logger(trainer: Any) -> Any:
    """Returns the trainer's logger that logs to MLflow, or ``None``."""
    names = [(type(logger).__name__, logger) for logger in trainer.loggers]
    return next((logger for name, logger in names if name == "MLFlowLogger"), None)

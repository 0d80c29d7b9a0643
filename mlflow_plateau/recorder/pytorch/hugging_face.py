"""The recorder as Hugging Face's ``Trainer`` sees it: a callback that only passes on."""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from transformers import TrainerCallback

from mlflow_plateau.recorder.curves import PREFIX
from mlflow_plateau.recorder.pytorch.objective import OwnLoss
from mlflow_plateau.recorder.pytorch.recording import TorchRecording
from mlflow_plateau.recorder.pytorch.rows import PassingRows
from mlflow_plateau.recorder.pytorch.traceless import all_random_state_kept
from mlflow_plateau.recorder.pytorch.training import TorchTraining
from mlflow_plateau.recorder.run_scope import RunScope
from mlflow_plateau.recorder.safety import notice
from mlflow_plateau.recorder.settings import Settings
from mlflow_plateau.recorder.witness.budget import PROBE_BUDGET

BOOKKEEPING = ("_runtime", "_per_second", "_compilation_time", "total_flos")
"""How the names of logged numbers end that are no metrics."""

NOT_LOGGED = frozenset(("epoch", "step", "grad_norm", "learning_rate", "train_loss"))
"""Logged numbers that the recorder has better ones of, or that are not an epoch's."""

NO_LABEL = -100
"""Label of tokens that no loss is taken of."""

Method = TypeVar("Method", bound=Callable[..., None])


def _never_raises(method: Method) -> Method:
    """Lets the training go on, unrecorded from there, when the recorder fails."""

    @functools.wraps(method)
    def guarded(self: HuggingFaceCallback, *args: Any, **kwargs: Any) -> None:
        if self._failed:
            return
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            # The user's training is worth more than its record.
            self._give_up(error)

    return guarded  # type: ignore[return-value]  # the same signature, which wraps cannot say


class HuggingFaceCallback(TrainerCallback):  # type: ignore[misc]  # transformers has no types here
    """Records trainings of Hugging Face's ``Trainer``, and diagnoses each run when they end.

    It is one of the trainer's callbacks::

        trainer = Trainer(..., callbacks=[mlflow_plateau.HuggingFaceCallback()])

    It records into the active MLflow run, such as that of transformers' own ``MLflowCallback``, or
    into a run of its own; into others' runs under ``plateau/``, so that nobody's metric is doubled.
    One point is recorded for each epoch, so evaluate once an epoch (``eval_strategy="epoch"``) and
    log the loss as often (``logging_strategy="epoch"``). Experiments are made with models that
    return a loss. It never raises, and changes nothing about the training.

    A ``Trainer`` does not tell its callbacks of exceptions: a run of the recorder's own that one
    ended is closed as failed when the trainer is gone, or with the next training.

    Args:
        diagnose: Whether to diagnose the run when the training ends.
        monitor: The validation metric that the diagnosis is about, such as ``eval_loss``;
            recognised by its name if left out.
        log_datasets: Whether to compare some rows of training and validation data.
        silent: Whether to print nothing.
        extra_tags: Tags for the run if the recorder starts it.
        probe_budget: Share of the training time that experiments on a sample of the rows may take,
            besides one second; 0 for none.
    """

    def __init__(
        self,
        diagnose: bool = True,
        monitor: str | None = None,
        log_datasets: bool = True,
        silent: bool = False,
        extra_tags: Mapping[str, str] | None = None,
        probe_budget: float = PROBE_BUDGET,
    ) -> None:
        super().__init__()
        self._settings = Settings(diagnose, monitor, log_datasets, silent, extra_tags, probe_budget)
        self._recording: TorchRecording | None = None
        self._training: TorchTraining | None = None
        self._batches: _Batches | None = None
        self._losses: list[float] = []
        self._metrics: dict[str, Any] = {}
        self._pending: int | None = None
        self._failed = False
        self._closing: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ends what an exception left behind; the run is taken when all others have begun."""
        self._close_what_was_left()
        self._failed = False
        self._losses, self._metrics, self._pending = [], {}, None

    @_never_raises
    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Takes the run in the first epoch; records the last one in all others."""
        if not state.is_world_process_zero:
            return
        if self._recording is None:
            self._begin(args, state, kwargs["model"], kwargs["optimizer"], kwargs)
        self._record_pending()
        if self._batches is not None and self._batches.done:
            self._batches.remove()

    def _begin(
        self, args: Any, state: Any, model: Any, optimizer: Any, rest: Mapping[str, Any]
    ) -> None:
        inner = getattr(optimizer, "optimizer", optimizer)
        known = isinstance(inner, torch.optim.Optimizer)
        data: Any = getattr(rest.get("train_dataloader"), "dataset", None)
        self._training = TorchTraining(
            given=model,
            optimizer=inner if known else None,
            objective=OwnLoss(model),
            framework="transformers",
            planned_epochs=int(state.num_train_epochs) or None,
            batch_size=args.train_batch_size * args.gradient_accumulation_steps * args.world_size,
            has_validation=str(getattr(args.eval_strategy, "value", args.eval_strategy)) != "no",
        )
        if hasattr(data, "__len__"):
            self._training.observed["training_rows"] = len(data)
        padding = _Padding(model)
        rows = PassingRows(padding.join)
        if self._settings.probe_budget > 0 or self._settings.log_datasets:
            self._batches = _Batches(self._training, rows, padding)
        # Last of what may fail: a run that was started has to be ended.
        with all_random_state_kept():
            scope = RunScope.open(self._settings.extra_tags)
        beside = not scope.owned or "mlflow" in (args.report_to or ())
        self._recording = TorchRecording(
            self._settings, self._training, rows, lambda: scope, PREFIX if beside else ""
        )
        self._closing = weakref.finalize(
            self, _close, self._recording, self._batches, _Earlier(), self._settings.silent
        )
        self._recording.begin()

    @_never_raises
    def on_log(
        self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        """Keeps what is logged until the epoch is over."""
        if self._recording is None:
            return
        for name, value in (logs or {}).items():
            if name == "loss":
                self._losses.append(float(value))
            elif name not in NOT_LOGGED and not name.endswith(BOOKKEEPING):
                self._metrics[name] = value

    @_never_raises
    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Has seen the validation data."""
        if self._batches is not None:
            self._batches.end("validation")

    @_never_raises
    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Notes the epoch; its last logs and its evaluation are still to come."""
        if self._recording is not None:
            self._pending = max(0, round(float(state.epoch or 0)) - 1)
            if self._batches is not None:
                self._batches.end("train")

    def _record_pending(self) -> None:
        epoch, self._pending = self._pending, None
        if epoch is None or self._recording is None:
            return
        metrics, losses = self._metrics, self._losses
        self._metrics, self._losses = {}, []
        if losses:
            metrics["loss"] = float(np.mean(losses))
        self._recording.end_epoch(epoch, metrics)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ends the recording with the training."""
        recording, training = self._recording, self._training
        if recording is None or training is None:
            return
        try:
            if not self._failed:
                self._record_pending()
                recording.end_training()
        except Exception as error:
            # The user's training is worth more than its record.
            self._give_up(error)
        self._forget()
        planned, last = training.planned_epochs, recording.last_epoch
        early = planned is not None and (last is None or last + 1 < planned)
        try:
            recording.end(None, stopped=early)
        except Exception as error:
            # Also what goes wrong at the end is not the user's.
            notice("the recording could not be finished", error, silent=self._settings.silent)

    def _close_what_was_left(self) -> None:
        closing = self._closing
        self._forget(detach=False)
        if closing is not None:
            closing()

    def _forget(self, *, detach: bool = True) -> None:
        if detach and self._closing is not None:
            self._closing.detach()
        if self._batches is not None:
            self._batches.remove()
        self._closing = self._batches = self._recording = self._training = None

    def _give_up(self, error: Exception) -> None:
        self._failed = True
        notice("recording stopped, the training goes on", error, silent=self._settings.silent)
        if self._batches is not None:
            self._batches.remove()
        if self._recording is not None:
            self._recording.stop_measuring()


class _Padding:
    """Fills rows up to one length: batches of text are as long as their longest row.

    Args:
        model: The model, whose configuration knows what texts are filled up with.

    Attributes:
        names: Of the inputs, in their order.
    """

    def __init__(self, model: Any) -> None:
        self.names: tuple[str, ...] = ()
        self._token = getattr(getattr(model, "config", None), "pad_token_id", None) or 0

    def join(self, place: int, arrays: Sequence[Any]) -> Any:
        """Returns arrays of several batches as one.

        Raises:
            ValueError: If their rows differ in length, and nothing says where each one ends.
        """
        length = max(array.shape[1] if array.ndim > 1 else 0 for array in arrays)
        if all(array.ndim < 2 or array.shape[1] == length for array in arrays):
            return np.concatenate(arrays)
        if "attention_mask" not in self.names:
            raise ValueError("the rows differ in length, and there is no attention mask")
        fill = {"labels": NO_LABEL, "input_ids": self._token}.get(self.names[place], 0)
        return np.concatenate(
            [
                np.pad(
                    array,
                    [(0, 0), (0, length - array.shape[1]), *[(0, 0)] * (array.ndim - 2)],
                    constant_values=fill,
                )
                for array in arrays
            ]
        )


class _Batches:
    """Keeps some rows of the batches that go through a model.

    It listens where PyTorch tells of every module, not at the model: the model may be copied and
    saved meanwhile.

    Args:
        training: The training.
        rows: Keeps the rows.
        padding: Is told the names of the inputs.
    """

    def __init__(self, training: TorchTraining, rows: PassingRows, padding: _Padding) -> None:
        self._training = training
        self._padding = padding
        self._rows = rows
        self._handle = torch.nn.modules.module.register_module_forward_hook(
            self._passed, with_kwargs=True
        )

    @property
    def done(self) -> bool:
        """Whether rows of both splits have been kept, as far as there are any."""
        waits = self._training.has_validation and self._rows.is_open("validation")
        return not waits and not self._rows.is_open("train")

    def end(self, split: str) -> None:
        """Keeps no more rows of a split of which there are some."""
        count = self._rows.counts[split]
        if count and self._rows.is_open(split):
            self._rows.close(split)
            name = "training_rows" if split == "train" else "validation_rows"
            self._training.observed.setdefault(name, count)

    def remove(self) -> None:
        """Listens no more."""
        self._handle.remove()

    def _passed(self, module: Any, args: Any, kwargs: Mapping[str, Any], outputs: Any) -> None:
        if module is not self._training.model:
            return
        split = "train" if module.training and torch.is_grad_enabled() else "validation"
        if (module.training and split == "validation") or not self._rows.is_open(split):
            return
        labels = kwargs.get("labels")
        if not isinstance(labels, torch.Tensor) or not labels.ndim:
            if not self._training.declined and split == "train":
                self._training.declined = "the model is not called with labels by their name"
            return
        rows = int(labels.shape[0])
        inputs = {
            name: value
            for name, value in kwargs.items()
            if isinstance(value, torch.Tensor) and value.ndim and value.shape[0] == rows
        }
        y = inputs.pop("labels")
        self._padding.names = (*inputs, "labels")
        self._rows.offer(split, inputs, y, rows)


class _Earlier:
    """Remembers which exception ended something before, without keeping it and its frames."""

    def __init__(self) -> None:
        self._number = id(_last_error())

    def is_last(self) -> bool:
        """Whether none has come since."""
        return id(_last_error()) == self._number


def _last_error() -> BaseException | None:
    """Returns what ended the program, or the last cell of a notebook that failed."""
    found: BaseException | None = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return found


def _close(
    recording: TorchRecording, batches: _Batches | None, earlier: _Earlier, silent: bool
) -> None:
    """Ends a recording whose training did not come to its end."""
    if batches is not None:
        batches.remove()
    error = None if earlier.is_last() else _last_error()
    recording.end(error or RuntimeError("the training did not end"), diagnose=False)
    notice(
        f"the training of run {recording.run_id} did not come to its end; diagnose it with:"
        f" mlflow-plateau diagnose {recording.run_id}",
        silent=silent,
    )

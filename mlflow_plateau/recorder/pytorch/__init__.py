"""The recorder for PyTorch: plain loops, Lightning and Hugging Face's Trainer.

    record ────────────────┐
    LightningCallback ─────┼──> TorchRecording ──> UpdateWatch, Witness, Writer
    HuggingFaceCallback ───┘

``torch_model`` and ``torch_updates`` are what experiments need to know of a model and its
optimiser. Nothing here is attached to the user's model, which may be copied and saved at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlflow_plateau.recorder.witness.budget import PROBE_BUDGET

if TYPE_CHECKING:
    from mlflow_plateau.recorder.pytorch.loop import Recorder


def record(
    model: Any,
    optimizer: Any,
    loss_fn: Any = None,
    train_sample: Any = None,
    validation_sample: Any = None,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    diagnose: bool = True,
    monitor: str | None = None,
    log_datasets: bool = True,
    silent: bool = False,
    extra_tags: Mapping[str, str] | None = None,
    probe_budget: float = PROBE_BUDGET,
) -> Recorder:
    """Records a training loop of PyTorch's, and diagnoses its run when the loop ends.

    Put it around the loop, and tell it what each epoch gave::

        with mlflow_plateau.record(model, optimizer, loss_fn, train, validation) as recorder:
            for epoch in range(epochs):
                ...  # train and validate as ever
                recorder.epoch(epoch, loss=loss, val_loss=val_loss)

    It records into the active MLflow run, or into a run of its own, which it ends. It never raises
    inside the loop and changes nothing about the training: the weights are bit-identical with and
    without it. A loop that ends by an exception or Ctrl-C is diagnosed as well.

    Args:
        model: The model, a ``torch.nn.Module``.
        optimizer: Its optimiser.
        loss_fn: Is called with the model's outputs and the targets and returns their mean loss,
            such as ``torch.nn.CrossEntropyLoss()``. Experiments are made with it; without it, or
            where it takes anything else, the report says that there were none.
        train_sample: Training rows as the model takes them: ``(x, y)``, arrays or tensors, of all
            rows or of some; a ``Dataset`` with an index, or a ``DataLoader`` of one. No loader is
            iterated: up to 1,000 rows are read by index, in two seconds at most, and all random
            states are as before. ``x`` may be a tuple of positional or a dict of named inputs.
        validation_sample: Validation rows, likewise.
        epochs: How many epochs are planned.
        batch_size: Rows of a batch; counted in the first update if left out.
        diagnose: Whether to diagnose the run at the end, write the diagnosis into the run and print
            it to standard error.
        monitor: The validation metric that the diagnosis is about; recognised by its name if left
            out.
        log_datasets: Whether to note the data as the run's inputs, and compare training with
            validation data: type, shape, digest and profiles, never a row.
        silent: Whether to print nothing, neither the diagnosis nor warnings of the recorder.
        extra_tags: Tags for the run if the recorder starts it.
        probe_budget: Share of the training time that experiments on a sample of the rows may take,
            besides one second; 0 for none.

    Returns:
        The recorder, to be entered by ``with``.

    Raises:
        PlateauError: If PyTorch is not installed, or model or optimiser are not of its kind.
    """
    from mlflow_plateau.errors import PlateauError

    try:
        import torch  # noqa: F401
    except ImportError:
        raise PlateauError(
            "mlflow_plateau.record records trainings with PyTorch, which is not installed. Install"
            " it with: pip install 'mlflow-plateau[torch]'"
        ) from None
    from mlflow_plateau.recorder.pytorch.loop import Recorder
    from mlflow_plateau.recorder.settings import Settings

    settings = Settings(diagnose, monitor, log_datasets, silent, extra_tags, probe_budget)
    data = (train_sample, validation_sample)
    return Recorder(settings, model, optimizer, loss_fn, data, epochs, batch_size)

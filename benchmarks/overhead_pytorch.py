"""What recording costs a training loop of PyTorch's: ``python -m benchmarks.overhead_pytorch``.

As ``benchmarks.overhead``, with ``mlflow_plateau.record`` beside the loop alone and beside one that
logs its losses to MLflow by hand.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from benchmarks.overhead import Size, Variants, main

Epoch = Callable[[int, float, float], None]
"""Takes an epoch, its training and its validation loss."""

Watch = Callable[..., Any]
"""Takes what the loop trains with, and is a context that gives an ``Epoch``."""


def train(size: Size, watch: Watch) -> float:
    """Trains once and returns the seconds that the loop took."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    x = torch.randn(size.rows, 20)
    y = (x[:, :10].sum(dim=1, keepdim=True) > 0).float()
    first = int(0.8 * size.rows)
    training = torch.utils.data.TensorDataset(x[:first], y[:first])
    loader = torch.utils.data.DataLoader(training, size.batch_size, shuffle=True)
    held_out = (x[first:].to(device), y[first:].to(device))
    model = nn.Sequential(
        *(nn.Linear(20, size.units), nn.ReLU(), nn.Linear(size.units, size.units), nn.ReLU()),
        nn.Linear(size.units, 1),
    ).to(device)
    optimizer = torch.optim.Adam(model.parameters())
    loss_fn = nn.BCEWithLogitsLoss()
    begin = time.perf_counter()
    with watch(model, optimizer, loss_fn, loader, held_out) as epoch_ends:
        for epoch in range(size.epochs):
            total = 0.0
            for inputs, targets in loader:
                optimizer.zero_grad()
                loss = loss_fn(model(inputs.to(device)), targets.to(device))
                loss.backward()
                optimizer.step()
                total += loss.item()
            with torch.no_grad():
                held_out_loss = loss_fn(model(held_out[0]), held_out[1]).item()
            epoch_ends(epoch, total / len(loader), held_out_loss)
    return time.perf_counter() - begin


@contextmanager
def alone(*_: Any) -> Iterator[Epoch]:
    """The loop and nothing else."""
    yield lambda epoch, loss, held_out_loss: None


@contextmanager
def by_hand(*_: Any) -> Iterator[Epoch]:
    """The losses of each epoch logged to MLflow."""
    import mlflow

    with mlflow.start_run():
        yield lambda epoch, loss, held_out_loss: mlflow.log_metrics(
            {"loss": loss, "val_loss": held_out_loss}, step=epoch
        )


@contextmanager
def recorded(*training: Any, diagnose: bool = False) -> Iterator[Epoch]:
    """``mlflow_plateau.record``."""
    import mlflow_plateau

    with mlflow_plateau.record(*training, diagnose=diagnose, silent=True) as recorder:
        yield lambda epoch, loss, held_out_loss: recorder.epoch(
            epoch, loss=loss, val_loss=held_out_loss
        )


@contextmanager
def diagnosed(*training: Any) -> Iterator[Epoch]:
    """``mlflow_plateau.record`` with the diagnosis and its artifacts."""
    with recorded(*training, diagnose=True) as epoch_ends:
        yield epoch_ends


@contextmanager
def _given(watch: Watch) -> Iterator[Watch]:
    yield watch


VARIANTS: Variants = {
    "loop alone": lambda: _given(alone),
    "mlflow.log_metrics": lambda: _given(by_hand),
    "mlflow_plateau, recording": lambda: _given(recorded),
    "mlflow_plateau, with diagnosis": lambda: _given(diagnosed),
}

if __name__ == "__main__":
    main(VARIANTS, train)

"""Lightning's Trainer under the recorder."""

from __future__ import annotations

from typing import Any

import mlflow
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning")

from lightning.pytorch import LightningModule, Trainer, seed_everything  # noqa: E402
from lightning.pytorch.callbacks import EarlyStopping  # noqa: E402
from lightning.pytorch.loggers import MLFlowLogger  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

import mlflow_plateau  # noqa: E402
from tests.pytorch.loops import (  # noqa: E402
    BATCH,
    HELD_OUT,
    ROWS,
    curve,
    data,
    drawn,
    network,
    only_run,
)

pytestmark = pytest.mark.usefixtures("tracking_uri")


class Module(LightningModule):
    """A classifier as Lightning's tutorial has it."""

    def __init__(self, rate: float = 1e-2, breaks: bool = False) -> None:
        super().__init__()
        self.net = network()
        self.rate = rate
        self.breaks = breaks

    def forward(self, x: Any) -> Any:
        return self.net(x)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        x, y = batch
        loss = nn.functional.cross_entropy(self(x), y)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        if self.breaks and self.current_epoch == 1:
            raise KeyError("the user's own")
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        x, y = batch
        self.log("val_loss", nn.functional.cross_entropy(self(x), y))

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=self.rate)


def fit(
    *callbacks: Any, module: Module | None = None, epochs: int = 3, **options: Any
) -> tuple[Module, Trainer]:
    """Fits a module, a new one if none is given."""
    seed_everything(0, verbose=False)
    module = module or Module()
    train, held_out = data()
    options = {"logger": False, **options}
    trainer = Trainer(
        max_epochs=epochs,
        callbacks=list(callbacks),
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )
    trainer.fit(
        module,
        DataLoader(train, batch_size=BATCH, shuffle=True),
        DataLoader(held_out, batch_size=BATCH),
    )
    return module, trainer


def recorder(loss: Any = None, **options: Any) -> Any:
    options = {"silent": True, "diagnose": False, "probe_budget": 1.0, **options}
    return mlflow_plateau.LightningCallback(loss or nn.CrossEntropyLoss(), **options)


def test_weights_and_random_numbers_are_the_same_bits() -> None:
    plain, _ = fit()
    after = drawn()
    recorded, _ = fit(recorder())
    assert drawn() == after
    assert all(map(torch.equal, plain.state_dict().values(), recorded.state_dict().values()))
    assert only_run().data.metrics["plateau/clean_fit"] > 0


def test_each_epoch_is_recorded_once_without_the_sanity_check() -> None:
    fit(recorder(), epochs=5)
    run = only_run()
    for name in ("train_loss", "val_loss", "learning_rate"):
        assert [step for step, _ in curve(run, name)] == [0, 1, 2, 3, 4], name
    assert [step for step, _ in curve(run, "plateau/clean_held_out")] == [0, 3, 4]
    params = run.data.params
    expected = {
        "training_rows": str(ROWS),
        "validation_rows": str(HELD_OUT),
        "batch_size": str(BATCH),
        "planned_epochs": "5",
        "optimizer": "adam",
        "loss": "sparse_categorical_crossentropy",
        "outcome": "completed",
    }
    assert {name: params.get(f"plateau.{name}") for name in expected} == expected


def test_it_records_into_the_run_of_lightnings_logger(tracking_uri: str) -> None:
    logger = MLFlowLogger("here", tracking_uri=tracking_uri)
    fit(recorder(), logger=logger)
    run = only_run()
    assert run.info.run_id == logger.run_id
    # Lightning's own metric is not doubled.
    assert len(curve(run, "val_loss")) == 3
    assert [step for step, _ in curve(run, "plateau/val_loss")] == [0, 1, 2]


def test_a_rate_that_is_too_small_is_diagnosed() -> None:
    fit(recorder(diagnose=True), module=Module(rate=1e-6), epochs=30)
    assert only_run().data.tags["plateau.cause"] == "learning_rate_too_small"


def test_each_fit_has_a_run_of_its_own() -> None:
    callback = recorder()
    fit(callback)
    fit(callback)
    assert len(mlflow.search_runs(output_format="list")) == 2


def test_how_it_ended_is_recorded() -> None:
    stops = EarlyStopping("val_loss", patience=0, min_delta=1e9)
    fit(recorder(), stops, epochs=50)
    assert only_run().data.params["plateau.outcome"] == "stopped"
    assert only_run().data.params["plateau.framework"] == "lightning"


def test_an_exception_ends_the_run_and_goes_on() -> None:
    with pytest.raises(KeyError, match="the user's own"):
        fit(recorder(), module=Module(breaks=True))
    assert only_run().info.status == "FAILED"
    assert only_run().data.params["plateau.outcome"] == "failed"


def test_without_a_loss_it_says_what_is_missing() -> None:
    fit(mlflow_plateau.LightningCallback(silent=True, diagnose=False))
    run = only_run()
    assert "LightningCallback(loss_fn=...)" in run.data.params["plateau.experiments_declined"]
    assert len(curve(run, "val_loss")) == 3

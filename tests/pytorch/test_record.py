"""A training loop with PyTorch: nothing changes, and all that a diagnosis needs is recorded."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import mlflow
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset  # noqa: E402

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
    train,
)

pytestmark = pytest.mark.usefixtures("tracking_uri")

OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "Adam": lambda p: torch.optim.Adam(p, lr=1e-2, amsgrad=True),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=1e-2, weight_decay=0.1),
    "RMSprop": lambda p: torch.optim.RMSprop(p, lr=1e-3, momentum=0.5, centered=True),
    "Adagrad": lambda p: torch.optim.Adagrad(p, lr=1e-2),
    "Adadelta": lambda p: torch.optim.Adadelta(p),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_weights_and_random_numbers_are_the_same_bits(name: str) -> None:
    def trained(recorded: bool) -> tuple[dict[str, Any], Any, tuple[float, ...]]:
        model, optimizer = train(recorded=recorded, optimizer=OPTIMIZERS[name])
        return model.state_dict(), optimizer.state_dict()["state"], drawn()

    (plain, its_state, next_plain), (recorded, own_state, next_recorded) = trained(0), trained(1)

    assert "plateau/clean_fit" in only_run().data.metrics
    assert plain.keys() == recorded.keys()
    assert all(torch.equal(plain[key], recorded[key]) for key in plain)
    for key, held in its_state.items():
        assert all(
            torch.equal(torch.as_tensor(v), torch.as_tensor(own_state[key][k]))
            for k, v in held.items()
            if v is not None
        )
    assert next_plain == next_recorded


def test_curves_and_measurements_of_each_epoch_are_recorded() -> None:
    train(epochs=5)

    run = only_run()
    assert run.info.status == "FINISHED"
    for name in ("loss", "val_loss", "learning_rate", "plateau/epoch_seconds"):
        assert [step for step, _ in curve(run, name)] == [0, 1, 2, 3, 4], name
    assert {value for _, value in curve(run, "learning_rate")} == {1e-2}
    # After 1 and 4 epochs, and at the end.
    for name in ("clean_fit", "clean_held_out", "best_multiple", "gradient_noise_scale"):
        assert [step for step, _ in curve(run, f"plateau/{name}")] == [0, 3, 4], name


def test_the_setup_is_described() -> None:
    train(epochs=2)

    params = only_run().data.params
    expected = {
        "optimizer": "adam",
        "learning_rate": "0.01",
        "loss": "sparse_categorical_crossentropy",
        "from_logits": "true",
        "batch_size": str(BATCH),
        "training_rows": str(ROWS),
        "validation_rows": str(HELD_OUT),
        "updates_per_epoch": str(ROWS // BATCH),
        "planned_epochs": "2",
        "target_classes": "2",
        "dropout": "0.2",
        "outcome": "completed",
    }
    assert {name: params.get(f"plateau.{name}") for name in expected} == expected


def test_a_rate_that_is_too_small_is_told_apart_by_a_step() -> None:
    slow = lambda p: torch.optim.Adam(p, lr=1e-6)  # noqa: E731
    train(optimizer=slow, epochs=30, diagnose=True)

    run = only_run()
    assert run.data.tags["plateau.cause"] == "learning_rate_too_small"
    assert run.data.metrics["plateau/best_multiple"] >= 2


def test_validation_rows_in_another_unit_are_repaired() -> None:
    train_set, held_out = data()
    scaled = TensorDataset(held_out.tensors[0] * 1000, held_out.tensors[1])
    train(splits=(train_set, scaled), epochs=20, diagnose=True)

    run = only_run()
    assert run.data.tags["plateau.cause"] == "inconsistent_preprocessing"
    losses = run.data.metrics
    assert losses["plateau/repaired_held_out"] < losses["plateau/final_held_out"] / 10


class Indexed(Dataset):
    """Rows by index, made with the user's generators."""

    def __init__(self, rows: TensorDataset) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        x, y = self.rows[index]
        return x + 1e-6 * torch.randn(x.shape), int(y)


GIVEN = {
    "arrays": lambda rows: tuple(part.numpy() for part in rows.tensors),
    "tensors": lambda rows: rows.tensors,
    "data set": lambda rows: rows,
    "data set by index": Indexed,
    "loader": lambda rows: DataLoader(Indexed(rows), batch_size=BATCH, shuffle=True),
}


@pytest.mark.parametrize("kind", GIVEN)
def test_data_is_taken_as_it_is_at_hand(kind: str) -> None:
    given = tuple(GIVEN[kind](rows) for rows in data())
    plain, _ = train(recorded=False)
    model, _ = train(given=given)

    run = only_run()
    assert run.data.params["plateau.training_rows"] == str(ROWS)
    assert run.data.params["plateau.batch_size"] == str(BATCH)
    assert run.data.metrics["plateau/clean_held_out"] > 0
    assert run.data.tags["plateau.profiles"] == "true"
    assert all(map(torch.equal, plain.state_dict().values(), model.state_dict().values()))


def test_a_loader_is_never_iterated() -> None:
    class Counted(torch.utils.data.RandomSampler):
        passes = 0

        def __iter__(self) -> Any:
            Counted.passes += 1
            return super().__iter__()

    rows = data()[0]
    train(given=(DataLoader(rows, batch_size=BATCH, sampler=Counted(rows)), None))
    assert Counted.passes == 0


class Two(nn.Module):
    """Takes its inputs by name."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(3, 2), nn.Linear(5, 2)

    def forward(self, a: Any, b: Any) -> Any:
        return self.left(a) + self.right(b)


@pytest.mark.parametrize("kind", ["tuple", "dict"])
def test_several_inputs_are_passed_as_forward_takes_them(kind: str) -> None:
    generator = np.random.default_rng(0)
    a, b = (generator.standard_normal((100, n)).astype("float32") for n in (3, 5))
    y = generator.standard_normal((100, 2)).astype("float32")
    x = (a, b) if kind == "tuple" else {"b": b, "a": a}
    model = Two()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with mlflow_plateau.record(
        model, optimizer, nn.MSELoss(), (x, y), None, diagnose=False
    ) as recorder:
        recorder.epoch(0, loss=1.0)
    with torch.no_grad():
        expected = nn.MSELoss()(model(torch.tensor(a), torch.tensor(b)), torch.tensor(y))
    run = only_run()
    assert run.data.metrics["plateau/clean_fit"] == pytest.approx(float(expected), rel=1e-5)
    assert run.data.params["plateau.loss"] == "mean_squared_error"


def test_it_records_into_the_active_run_and_leaves_it_open() -> None:
    with mlflow.start_run() as run:
        train(epochs=1)
        mlflow.log_metric("mine", 1)
        assert mlflow.active_run().info.run_id == run.info.run_id
    assert only_run().info.run_id == run.info.run_id
    assert {"mine", "val_loss"} <= only_run().data.metrics.keys()


def test_an_exception_ends_the_run_and_goes_on() -> None:
    def fail(epoch: int) -> None:
        if epoch == 1:
            raise KeyError("the user's own")

    with pytest.raises(KeyError, match="the user's own"):
        train(epochs=5, after_epoch=fail)
    run = only_run()
    assert run.info.status == "FAILED"
    assert run.data.params["plateau.outcome"] == "failed"
    assert run.data.params["plateau.framework"] == "pytorch"
    assert len(curve(run, "val_loss")) == 2


def test_the_model_can_be_copied_and_saved_meanwhile() -> None:
    model = network()

    def keep(epoch: int) -> None:
        copied = pickle.loads(pickle.dumps(copy.deepcopy(model)))
        assert copied.state_dict().keys() == model.state_dict().keys()

    train(model=lambda: model, after_epoch=keep)
    assert not any(module._forward_hooks for module in model.modules())
    assert not torch.nn.modules.module._global_forward_hooks


class Unread(IterableDataset):
    def __iter__(self) -> Any:
        raise AssertionError("it is the user's to iterate")


DECLINED = {
    "the loss was not given": lambda m, o, rows: (m, o, None, rows),
    "training data was not given": lambda m, o, rows: (m, o, nn.CrossEntropyLoss(), None),
    "has no index": lambda m, o, rows: (m, o, nn.CrossEntropyLoss(), Unread()),
    "no mean over the rows": lambda m, o, rows: (
        m, o, nn.CrossEntropyLoss(reduction="sum"), rows
    ),
    "cannot be called with": lambda m, o, rows: (m, o, lambda a, b, c: a, rows),
    "holds none of the model's weights": lambda m, o, rows: (
        network(), o, nn.CrossEntropyLoss(), rows
    ),
}  # fmt: skip


@pytest.mark.parametrize("reason", DECLINED)
def test_what_cannot_be_tried_is_said(reason: str) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    arguments = DECLINED[reason](model, optimizer, data()[0])
    with mlflow_plateau.record(*arguments, silent=True, diagnose=False) as recorder:
        recorder.epoch(0, loss=1.0, val_loss=1.0)
    run = only_run()
    assert reason in run.data.params["plateau.experiments_declined"]
    assert run.data.metrics["val_loss"] == 1.0


def test_a_hook_of_the_users_is_not_called_by_experiments() -> None:
    model, seen = network(), []
    model.register_forward_hook(lambda module, args, output: seen.append(len(args[0])))
    train(model=lambda: model, epochs=1)
    assert seen == [BATCH] * (ROWS // BATCH) + [HELD_OUT]
    assert "hook" in only_run().data.params["plateau.experiments_declined"]


def test_odd_values_do_not_end_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with mlflow_plateau.record(
        model, optimizer, nn.CrossEntropyLoss(), *data(), diagnose=False
    ) as recorder:
        recorder.batch(object())
        recorder.epoch(0, {"val/loss": torch.tensor([2.0]), "text": "words", "many": np.ones(3)})
        recorder.epoch("one", loss=1.0)
        recorder.epoch(2, loss=1.0)
    assert "recording stopped, the training goes on" in caplog.text
    assert only_run().data.metrics["val/loss"] == 2.0


def test_what_is_not_pytorchs_is_refused_at_once() -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(mlflow_plateau.PlateauError, match=r"takes a torch.nn.Module, not list"):
        mlflow_plateau.record([], optimizer)
    with pytest.raises(mlflow_plateau.PlateauError, match=r"torch.optim.Optimizer, not float"):
        mlflow_plateau.record(model, 0.1)

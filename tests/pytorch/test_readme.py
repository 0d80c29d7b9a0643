"""The README's programs for PyTorch run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

import mlflow_plateau  # noqa: E402
from tests.pytorch.loops import BATCH, curve, data, network, only_run  # noqa: E402

pytestmark = pytest.mark.usefixtures("tracking_uri")

README = Path(__file__).parents[2] / "README.md"
EPOCHS = 2


def program(word: str) -> str:
    """Returns the one program of the section that has a word in it."""
    section = README.read_text(encoding="utf-8").split("### With PyTorch")[1].split("\n### ")[0]
    (found,) = [p for p in re.findall(r"```python\n(.*?)```", section, re.S) if word in p]
    return found


def run(word: str, **names: Any) -> None:
    """Runs it and asserts that it was recorded."""
    exec(program(word), {"mlflow_plateau": mlflow_plateau, "epochs": EPOCHS, **names})
    run = only_run()
    assert "plateau.status" in run.data.tags
    assert len(curve(run, "plateau/update_ratio")) == EPOCHS
    assert "plateau/clean_fit" in run.data.metrics


def test_a_loop() -> None:
    train_data, validation_data = data()
    model, loss_fn = network(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters())

    def train_one_epoch() -> float:
        for x, y in DataLoader(train_data, BATCH):
            optimizer.zero_grad()
            loss = loss_fn(model.train()(x), y)
            loss.backward()
            optimizer.step()
        return float(loss.detach())

    def validate() -> float:
        x, y = validation_data.tensors
        with torch.no_grad():
            return float(loss_fn(model.eval()(x), y))

    run("record(", **locals())


@pytest.mark.filterwarnings("ignore:.*does not have many workers")
def test_lightning() -> None:
    lightning = pytest.importorskip("lightning")
    from tests.pytorch.test_lightning import Module

    train, validation = data()
    run(
        "LightningCallback",
        lightning=lightning,
        module=Module(),
        loss_fn=nn.CrossEntropyLoss(),
        train_loader=DataLoader(train, BATCH),
        validation_loader=DataLoader(validation, BATCH),
    )


def test_hugging_face(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")

    class Rows(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return 64

        def __getitem__(self, index: int) -> dict[str, Any]:
            ids = torch.randint(2, 50, (8,), generator=torch.Generator().manual_seed(index))
            return {"input_ids": ids, "labels": int(ids[0] > 25)}

    config = transformers.BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    run(
        "HuggingFaceCallback",
        transformers=transformers,
        output_dir=str(tmp_path),
        model=transformers.BertForSequenceClassification(config),
        train_data=Rows(),
        validation_data=Rows(),
    )

"""Hugging Face's Trainer under the recorder, with a small model from scratch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

import mlflow_plateau  # noqa: E402
from tests.pytorch.loops import curve, drawn, only_run  # noqa: E402

pytestmark = pytest.mark.usefixtures("tracking_uri")

TRAIN, HELD_OUT, BATCH = 64, 32, 16


class Texts(torch.utils.data.Dataset):
    """Texts of several lengths; the first token says which class they are of."""

    def __init__(self, rows: int, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.texts = [generator.integers(2, 50, generator.integers(4, 12)) for _ in range(rows)]

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, index: int) -> dict[str, Any]:
        ids = self.texts[index].tolist()
        return {"input_ids": ids, "labels": int(ids[0] > 25)}


def padded(items: list[dict[str, Any]]) -> dict[str, Any]:
    """Fills a batch up to its longest text, as a tokenizer's collator does."""
    longest = max(len(item["input_ids"]) for item in items)
    ids = [item["input_ids"] + [0] * (longest - len(item["input_ids"])) for item in items]
    return {
        "input_ids": torch.tensor(ids),
        "attention_mask": (torch.tensor(ids) != 0).long(),
        "labels": torch.tensor([item["labels"] for item in items]),
    }


def train(folder: Path, *callbacks: Any, epochs: int = 3, **options: Any) -> Any:
    """Trains a small model, and returns it."""
    transformers.set_seed(0)
    config = transformers.BertConfig(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
        num_labels=2,
    )
    model = transformers.BertForSequenceClassification(config)
    arguments = transformers.TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=epochs,
        per_device_train_batch_size=BATCH,
        learning_rate=options.pop("learning_rate", 1e-3),
        eval_strategy="epoch",
        logging_strategy="epoch",
        save_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
        **{"report_to": "none", **options},
    )
    trainer = transformers.Trainer(
        model,
        arguments,
        data_collator=padded,
        train_dataset=Texts(TRAIN, 1),
        eval_dataset=Texts(HELD_OUT, 2),
        callbacks=list(callbacks),
    )
    trainer.train()
    return model


def recorder(**options: Any) -> Any:
    return mlflow_plateau.HuggingFaceCallback(
        **{"silent": True, "diagnose": False, "probe_budget": 1.0, **options}
    )


def test_weights_and_random_numbers_are_the_same_bits(tmp_path: Path) -> None:
    plain = train(tmp_path)
    after = drawn()
    recorded = train(tmp_path, recorder())
    assert drawn() == after
    assert all(map(torch.equal, plain.state_dict().values(), recorded.state_dict().values()))
    assert only_run().data.metrics["plateau/clean_fit"] > 0
    assert only_run().data.params["plateau.framework"] == "transformers"


def test_each_epoch_is_recorded(tmp_path: Path) -> None:
    train(tmp_path, recorder(), epochs=5)
    run = only_run()
    assert run.info.status == "FINISHED"
    for name in ("loss", "eval_loss", "learning_rate"):
        assert [step for step, _ in curve(run, name)] == [0, 1, 2, 3, 4], name
    assert [step for step, _ in curve(run, "plateau/clean_held_out")] == [0, 3, 4]
    # The rate goes down, as the Trainer's schedule has it.
    rates = [value for _, value in curve(run, "learning_rate")]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < rates[0] / 2
    params = run.data.params
    expected = {
        "training_rows": str(TRAIN),
        "batch_size": str(BATCH),
        "planned_epochs": "5",
        "optimizer": "adamw",
        "loss": "sparse_categorical_crossentropy",
        "outcome": "completed",
    }
    assert {name: params.get(f"plateau.{name}") for name in expected} == expected


def test_a_rate_that_is_too_small_is_diagnosed(tmp_path: Path) -> None:
    callback = recorder(diagnose=True)
    train(tmp_path, callback, epochs=20, learning_rate=1e-8, lr_scheduler_type="constant")
    assert only_run().data.tags["plateau.cause"] == "learning_rate_too_small"


def test_it_records_beside_transformers_own_logging_to_mlflow(tmp_path: Path) -> None:
    train(tmp_path, recorder(), report_to="mlflow")
    while mlflow.active_run():
        mlflow.end_run()
    run = only_run()
    assert len(curve(run, "eval_loss")) == 3
    assert [step for step, _ in curve(run, "plateau/eval_loss")] == [0, 1, 2]
    assert "plateau/clean_fit" in run.data.metrics

from __future__ import annotations

import pytest

from mlflow_plateau.align.names import Kind, Split, read_name

TRAINING, VALIDATION = Split.TRAINING, Split.VALIDATION
TEST, UNSAID = Split.TEST, Split.UNSAID

QUALITY = [
    # Keras, and MLflow's autologging for it
    ("loss", UNSAID, Kind.LOSS, "loss"),
    ("val_loss", VALIDATION, Kind.LOSS, "loss"),
    ("validation_loss", VALIDATION, Kind.LOSS, "loss"),
    ("sparse_categorical_accuracy", UNSAID, Kind.SCORE, "accuracy"),
    ("val_acc", VALIDATION, Kind.SCORE, "accuracy"),
    ("val_root_mean_squared_error", VALIDATION, Kind.ERROR, "rmse"),
    # the recorder
    ("plateau/loss", UNSAID, Kind.LOSS, "loss"),
    ("plateau/val_loss", VALIDATION, Kind.LOSS, "loss"),
    # Lightning
    ("train_loss_epoch", TRAINING, Kind.LOSS, "loss"),
    ("train_loss_step", TRAINING, Kind.LOSS, "loss"),
    ("valid_loss", VALIDATION, Kind.LOSS, "loss"),
    ("val_loss/dataloader_idx_0", VALIDATION, Kind.LOSS, "loss"),
    # Hugging Face
    ("eval_loss", VALIDATION, Kind.LOSS, "loss"),
    ("train/loss", TRAINING, Kind.LOSS, "loss"),
    ("eval/loss", VALIDATION, Kind.LOSS, "loss"),
    ("eval_squad_loss", VALIDATION, Kind.PART_OF_LOSS, "squad_loss"),
    # XGBoost, LightGBM, CatBoost
    ("train-logloss", TRAINING, Kind.ERROR, "logloss"),
    ("validation-rmse", VALIDATION, Kind.ERROR, "rmse"),
    ("eval-mlogloss", VALIDATION, Kind.ERROR, "logloss"),
    ("validation_0-rmse", VALIDATION, Kind.ERROR, "rmse"),
    ("train-binary_logloss", TRAINING, Kind.ERROR, "logloss"),
    ("training-l2", TRAINING, Kind.ERROR, "mse"),
    ("valid_1-l2", VALIDATION, Kind.ERROR, "mse"),
    ("valid_0-ndcg_at_5", VALIDATION, Kind.SCORE, "ndcg_at_5"),
    ("learn:Logloss", TRAINING, Kind.ERROR, "logloss"),
    ("learn_RMSE", TRAINING, Kind.ERROR, "rmse"),
    ("validation:MultiClass", VALIDATION, Kind.ERROR, "logloss"),
    # YOLO
    ("val/box_loss", VALIDATION, Kind.PART_OF_LOSS, "box_loss"),
    ("metrics/mAP50B", UNSAID, Kind.SCORE, "map"),
    # written by hand
    ("nll/fit", TRAINING, Kind.ERROR, "nll"),
    ("nll/held_out", VALIDATION, Kind.ERROR, "nll"),
    ("held_out_loss", VALIDATION, Kind.LOSS, "loss"),
    ("Train Loss", TRAINING, Kind.LOSS, "loss"),
    ("training/loss", TRAINING, Kind.LOSS, "loss"),
    ("Loss/train", TRAINING, Kind.LOSS, "loss"),
    ("train.loss", TRAINING, Kind.LOSS, "loss"),
    ("loss_train", TRAINING, Kind.LOSS, "loss"),
    ("trainLoss", TRAINING, Kind.LOSS, "loss"),
    ("trainloss", TRAINING, Kind.LOSS, "loss"),
    ("TRAIN_LOSS", TRAINING, Kind.LOSS, "loss"),
    ("epoch_loss", UNSAID, Kind.LOSS, "loss"),
    ("running_loss", UNSAID, Kind.LOSS, "loss"),
    ("total loss", UNSAID, Kind.LOSS, "loss"),
    ("val loss", VALIDATION, Kind.LOSS, "loss"),
    ("avg_val_loss", VALIDATION, Kind.LOSS, "loss"),
    ("dev_loss", VALIDATION, Kind.LOSS, "loss"),
    ("<val>/<loss>", VALIDATION, Kind.LOSS, "loss"),
    ("train/val_loss", VALIDATION, Kind.LOSS, "loss"),
    ("eval/train_loss", TRAINING, Kind.LOSS, "loss"),
    ("test_loss", TEST, Kind.LOSS, "loss"),
    ("train_mse", TRAINING, Kind.ERROR, "mse"),
    ("val_mean_squared_error", VALIDATION, Kind.ERROR, "mse"),
    ("train_error_rate", TRAINING, Kind.ERROR, "error"),
    ("val_cross_entropy", VALIDATION, Kind.ERROR, "crossentropy"),
    ("val_ppl", VALIDATION, Kind.ERROR, "perplexity"),
    ("train_score", TRAINING, Kind.SCORE, "score"),
    ("val_score", VALIDATION, Kind.SCORE, "score"),
    ("validation_bacc", VALIDATION, Kind.SCORE, "balanced_accuracy"),
    ("val_f1_macro", VALIDATION, Kind.SCORE, "f1_macro"),
    ("valAuc", VALIDATION, Kind.SCORE, "auc"),
]


@pytest.mark.parametrize(("name", "split", "kind", "quantity"), QUALITY)
def test_reads_the_names_that_frameworks_and_people_use(
    name: str, split: Split, kind: Kind, quantity: str
) -> None:
    reading = read_name(name)
    assert (reading.split, reading.kind, reading.quantity) == (split, kind, quantity)


@pytest.mark.parametrize(
    "name",
    ["lr", "learning_rate", "lr-Adam", "lr-AdamW/pg1", "train/learning_rate", "optimizer/lr",
     "plateau/learning_rate", "LearningRate"],
)  # fmt: skip
def test_recognises_the_learning_rate(name: str) -> None:
    assert read_name(name).kind is Kind.LEARNING_RATE


@pytest.mark.parametrize("name", ["epoch", "train/epoch", "Epoch", "current_epoch"])
def test_recognises_a_metric_that_counts_epochs(name: str) -> None:
    assert read_name(name).kind is Kind.EPOCH


@pytest.mark.parametrize(
    "name",
    ["grad_norm", "best_val_loss", "min_loss", "loss_scale", "eval_runtime", "train_runtime",
     "time_this_iter_s", "training_iteration", "global_step/sec", "stopped_epoch",
     "restored_epoch", "plateau/batch_loss_spread", "plateau/batch_loss_growth",
     "plateau/update_ratio", "fit_time",
     "score_time", "gpu_memory", "train", "", "<>", "损失"],
)  # fmt: skip
def test_takes_nothing_else_for_a_loss_or_a_score(name: str) -> None:
    assert read_name(name).kind is Kind.OTHER


def test_tells_scores_from_losses() -> None:
    assert read_name("val_accuracy").higher_is_better
    assert not read_name("val_loss").higher_is_better


def test_prefers_the_loss_to_what_only_regularises() -> None:
    assert read_name("val_kl_loss").auxiliary
    assert not read_name("val_box_loss").auxiliary


@pytest.mark.parametrize("name", ["plateau/final_held_out", "plateau/clean_fit"])
def test_what_the_recorder_measures_itself_is_no_curve_of_a_split(name: str) -> None:
    assert read_name(name).split is UNSAID
    assert read_name(name).kind is Kind.OTHER

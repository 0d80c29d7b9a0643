import pytest

from mlflow_plateau.siblings.words import LEVERS, TABLE, lever_of


@pytest.mark.parametrize(
    ("name", "lever"),
    [
        ("model/hidden_units", "model"),
        ("numLayers", "model"),
        ("label_smoothing", "regularization"),
        ("attention-dropout", "regularization"),
        ("scaler", "preprocessing"),
        ("warmup_ratio", "schedule"),
        ("lr_decay_epochs", "schedule"),
        ("step_size", "schedule"),
        ("decay", "regularization"),
        ("opt_beta_1", "optimizer"),
        ("dataset_name", "data"),
        ("train_path", "data"),
        ("test_size", "data"),
        ("temperature", "other"),
        ("random_seed", None),
        ("output_dim", "model"),
        ("log_interval", None),
        ("run_name", None),
        ("fold", None),
        ("output_dir", None),
        ("early_stopping_patience", None),
        ("validation_batch_size", None),
        ("num_workers", None),
        ("", None),
        ("\x00{}%s<b>", "other"),
    ],
)
def test_the_words_of_a_name_say_which_lever_it_moves(name: str, lever: str | None) -> None:
    assert lever_of(name) == lever


def test_every_lever_of_the_table_is_one() -> None:
    assert set(TABLE) <= set(LEVERS)

"""The same trainings in PyTorch, logged as people log there: a check on another framework.

No weight is fitted on these runs, and only the tasks of the test part are trained.
"""

NAMES = {
    "loss": "train_loss",
    "val_loss": "val_loss",
    "accuracy": "train_acc",
    "val_accuracy": "val_acc",
    "lr": "lr",
}
"""How the curves are called in the run, by what the benchmark calls them."""

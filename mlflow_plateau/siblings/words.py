"""Which lever a parameter belongs to that no ``Setup`` knows, told by the words of its name."""

from __future__ import annotations

from collections.abc import Mapping

from mlflow_plateau.align.names import words_of

LEARNING_RATE = "learning_rate"
BATCH_SIZE = "batch_size"
MODEL = "model"
ACTIVATION = "activation"
REGULARIZATION = "regularization"
LOSS = "loss"
OPTIMIZER = "optimizer"
SCHEDULE = "schedule"
PREPROCESSING = "preprocessing"
DATA = "data"
VALIDATION_DATA = "validation_data"
OTHER = "other"

LEVERS = (
    *(LEARNING_RATE, BATCH_SIZE, MODEL, ACTIVATION, REGULARIZATION, LOSS, OPTIMIZER, SCHEDULE),
    *(PREPROCESSING, DATA, VALIDATION_DATA, OTHER),
)
"""What two runs can differ in."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NO_EFFECT = _words(
    "seed seeds random fold folds cv repeat repetition replica replicate epochs epoch patience"
    " stopping stopper device devices gpu gpus cuda cpu accelerator workers jobs threads prefetch"
    " pin verbose verbosity logs logger logging print progress tensorboard wandb profiler debug"
    " checkpoint checkpoints ckpt save saved saving note notes comment description user host"
    " hostname port uri url date timestamp trial id uuid tag tags experiment project job freq"
    " frequency interval every eval evaluation resume cache"
)
"""Words of parameters that change nothing about what a run can reach, its length apart."""

PLACES = _words("path dir directory folder file filename root location")
"""Words of parameters that say where something lies: a data set's place may be what differs."""

DATA_WORDS = _words(
    "data dataset datasets corpus split subset fraction sample samples digest csv"
    " parquet train training val validation test holdout rows label labels target targets"
)

TABLE: Mapping[str, frozenset[str]] = {
    SCHEDULE: _words(
        "scheduler schedule warmup warm gamma cosine anneal annealing milestones plateau cooldown"
    ),
    REGULARIZATION: _words(
        "dropout drop l1 l2 decay reg regularization regularisation regularizer penalty augment"
        " augmentation augmentations mixup cutmix smoothing"
    ),
    PREPROCESSING: _words(
        "scaler scaling scale normalize normalise normalization normaliser normalizer standardize"
        " standardise preprocess preprocessing preprocessor transform transforms transformation"
        " impute imputer imputation encoder encoding encode tokenizer tokenize vocabulary vocab"
        " mean std resize"
    ),
    LOSS: _words("loss losses criterion objective"),
    OPTIMIZER: _words(
        "optimizer optimiser optim opt momentum beta beta1 beta2 betas epsilon eps nesterov clip"
        " clipnorm clipvalue gradient grad amsgrad rho ema"
    ),
    DATA: DATA_WORDS,
    ACTIVATION: _words("activation activations act nonlinearity initializer initialiser init"),
    MODEL: _words(
        "model net network arch architecture backbone layer layers hidden unit units"
        " neuron neurons width depth dim dims dimension dimensions embedding embed filter filters"
        " channel channels kernel heads head blocks block rnn lstm gru cnn mlp"
        " transformer size leaves"
    ),
}
"""Words by lever; the first lever with one of the name's words is taken."""


RATE_FALLS = tuple(
    map(_words, ("decay rate", "decay lr", "decay steps", "decay epochs", "step size"))
)
"""Words that together mean that the learning rate falls; a decay alone is one of the weights."""


def lever_of(name: str) -> str | None:
    """Returns the lever that a parameter belongs to, ``None`` where it has no effect.

    Args:
        name: The parameter's name, untrusted text.
    """
    words = frozenset(words_of(name))
    if any(together <= words for together in RATE_FALLS):
        return SCHEDULE
    if words & PLACES:
        return DATA if words & DATA_WORDS else None
    if words & NO_EFFECT or {"batch", "size"} <= words:
        return None  # That of the training is read by `Setup`; others only take time.
    for lever, known in TABLE.items():
        if words & known:
            return lever
    return None if words & {"name", "run", "version"} or not words else OTHER

"""What a metric is, read from its name: which split, which quantity, how often it was taken.

Names are taken apart into lower-case words (``train/Loss_epoch`` is *train*, *loss*, *epoch*), and
the words are looked up in the tables below. To teach this module another spelling, add it there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import lru_cache


class Split(Enum):
    """Which data a metric was measured on."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"
    UNSAID = "unsaid"


class Kind(IntEnum):
    """What a metric says about a training, in the order in which curves are preferred."""

    LOSS = 0
    PART_OF_LOSS = 1
    ERROR = 2
    SCORE = 3
    LEARNING_RATE = 4
    EPOCH = 5
    OTHER = 6


OURS = "plateau/"
"""Prefix of what the recorder writes."""

SPLITS: Mapping[str, Split] = {
    "train": Split.TRAINING,
    "training": Split.TRAINING,
    "trn": Split.TRAINING,
    "tr": Split.TRAINING,
    "learn": Split.TRAINING,  # CatBoost
    "fit": Split.TRAINING,
    "val": Split.VALIDATION,
    "vali": Split.VALIDATION,
    "valid": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "vl": Split.VALIDATION,
    "eval": Split.VALIDATION,  # Hugging Face, XGBoost
    "evaluation": Split.VALIDATION,
    "dev": Split.VALIDATION,
    "development": Split.VALIDATION,
    "holdout": Split.VALIDATION,
    "heldout": Split.VALIDATION,
    "held": Split.VALIDATION,  # held_out
    "test": Split.TEST,
    "testing": Split.TEST,
    "tst": Split.TEST,
    "ts": Split.TEST,
    "te": Split.TEST,
}
"""Words that say which data was used; where a name has several, the last one counts."""

LONGEST_SPLIT = max(map(len, SPLITS))
"""Characters of the longest of them."""

MOST_DIGITS = 9
"""Longer numbers count no data sets."""

OWN_WORDS = frozenset(("fit", "held"))
"""Words of what the recorder measures itself, which is no curve of a split (``final_held_out``)."""

CADENCES: Mapping[str, str] = {
    "epoch": "epoch",
    "epochs": "epoch",
    "step": "step",
    "steps": "step",
    "batch": "step",
    "minibatch": "step",
    "iter": "step",
    "iteration": "step",
    "iterations": "step",
}
"""Words that say how often a metric was taken (Lightning's ``train_loss_epoch``)."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FILLERS = _words(
    "avg average mean running smoothed total overall set split data dataset metric metrics curve"
    " value values per on out the of history log logs logged current"
)
"""Words that change nothing about what a metric is."""


LOSS_WORDS = _words("loss losses cost objective criterion")

DERIVED_WORDS = _words(
    "best lowest highest min max minimum maximum std stddev var variance spread growth scale scaler"
    " weight weights ratio gap diff difference delta change improvement improved norm grad gradient"
    " count counts num time times timestamp seconds sec ms runtime patience threshold target"
    " baseline early stopped restored samples lr"
)
"""Words of figures that are taken from a loss or a score without being one."""

AUXILIARY_WORDS = _words(
    "reg regularization regularisation regularizer penalty aux auxiliary kl kld l1 l2 commitment"
    " adv adversarial"
)
"""Words of those parts of a loss that say least about the fit."""

ERRORS: Mapping[str, str] = {
    "crossentropy": "crossentropy cross_entropy binary_crossentropy categorical_crossentropy"
    " sparse_categorical_crossentropy bce ce xent",
    "logloss": "logloss log_loss binary_logloss multi_logloss mlogloss multi_class multiclass",
    "nll": "nll negative_log_likelihood nloglik",
    "perplexity": "perplexity ppl bpc bpb bits_per_byte bits_per_character",
    "mse": "mse mean_squared_error squared_error l2 meansquarederror",
    "rmse": "rmse root_mean_squared_error",
    "mae": "mae mean_absolute_error absolute_error l1 meanabsoluteerror",
    "huber": "huber smooth_l1",
    "msle": "msle mean_squared_logarithmic_error",
    "rmsle": "rmsle",
    "mape": "mape mean_absolute_percentage_error",
    "smape": "smape",
    "quantile": "quantile pinball",
    "deviance": "deviance poisson poisson_nloglik gamma_nloglik gamma_deviance tweedie",
    "hinge": "hinge squared_hinge",
    "brier": "brier brier_score",
    "crps": "crps",
    "error": "error err error_rate merror misclassification misclassification_rate"
    " classification_error binary_error multi_error",
    "wer": "wer word_error_rate",
    "cer": "cer character_error_rate",
    "fid": "fid",
}
"""Figures that fall while a model learns, other than the loss; most telling first."""

SCORES: Mapping[str, str] = {
    "accuracy": "accuracy acc binary_accuracy categorical_accuracy sparse_categorical_accuracy"
    " accuracy_score",
    "balanced_accuracy": "balanced_accuracy bacc bal_acc balanced_acc",
    "f1": "f1 f1_score fscore f_score f1score",
    "auc": "auc roc_auc auroc roc_auc_score rocauc auc_roc",
    "pr_auc": "pr_auc auprc aucpr average_precision ap prc",
    "r2": "r2 r2_score r2score r_squared rsquared coefficient_of_determination",
    "explained_variance": "explained_variance",
    "log_likelihood": "log_likelihood loglikelihood loglik elbo",
    "iou": "iou miou jaccard mean_iou",
    "dice": "dice dice_score dice_coef dice_coefficient",
    "map": "map map50 map50_95 map50b map50_95b mean_average_precision map_at_50",
    "ndcg": "ndcg",
    "mrr": "mrr",
    "bleu": "bleu sacrebleu",
    "rouge": "rouge rougel rouge1 rouge2 rougelsum",
    "mcc": "mcc matthews_corrcoef matthews_correlation",
    "kappa": "kappa cohen_kappa",
    "correlation": "correlation pearson spearman pearsonr spearmanr corr",
    "psnr": "psnr",
    "ssim": "ssim",
    "score": "score",
    "precision": "precision",
    "recall": "recall sensitivity tpr",
    "specificity": "specificity",
}
"""Figures that rise while a model learns; most telling first."""


def _spellings() -> dict[str, tuple[Kind, str]]:
    """Turns the tables round: from each spelling to what it is."""
    found = dict.fromkeys(LOSS_WORDS, (Kind.LOSS, "loss"))
    for kind, table in ((Kind.ERROR, ERRORS), (Kind.SCORE, SCORES)):
        for quantity, spellings in table.items():
            found.update(dict.fromkeys(spellings.split(), (kind, quantity)))
    return found


SPELLINGS = _spellings()

RANK = {quantity: rank for rank, quantity in enumerate(("loss", *ERRORS, *SCORES))}
"""Order of preference among the quantities of one kind."""


@dataclass(frozen=True)
class Reading:
    """What a metric's name says.

    Attributes:
        name: The name in the store.
        kind: What sort of figure it is.
        quantity: What it measures, in one spelling for all: ``loss``, ``mse``, ``accuracy``, ….
        split: The data that it was measured on.
        cadence: ``epoch`` or ``step`` where the name says so, otherwise empty.
        dataset: The number of the data set, as in ``validation_0-rmse``; -1 where there is none.
        ours: Whether the recorder wrote it.
        auxiliary: Whether it is a part of the loss that says little about the fit.
    """

    name: str
    kind: Kind
    quantity: str
    split: Split
    cadence: str = ""
    dataset: int = -1
    ours: bool = False
    auxiliary: bool = False

    @property
    def higher_is_better(self) -> bool:
        """Whether the figure rises while a model learns."""
        return self.kind is Kind.SCORE

    @property
    def is_quality(self) -> bool:
        """Whether the figure says how good the model is."""
        return self.kind <= Kind.SCORE


def words_of(name: str) -> list[str]:
    """Returns the lower-case words of a name: ``Train/valLoss_0`` is train, val, loss, 0."""
    apart = re.sub(r"(?<=[a-z]{2})(?=[A-Z])", " ", name)
    return [part for word in re.findall(r"[^\W_]+", apart) for part in _unglued(word.lower())]


def _unglued(word: str) -> tuple[str, ...]:
    """Takes ``trainloss`` and ``valacc`` apart; leaves every other word as it is."""
    if word not in SPLITS and word not in SPELLINGS:
        for length in range(2, min(len(word) - 1, LONGEST_SPLIT + 1)):
            if word[:length] in SPLITS and word[length:] in SPELLINGS:
                return word[:length], word[length:]
    return (word,)


@lru_cache(maxsize=4096)
def read_name(name: str) -> Reading:
    """Returns what a metric's name says about it.

    Args:
        name: The name in the store, in any spelling.

    Returns:
        The reading; of kind ``OTHER`` where the name says nothing about quality, rate or epoch.
    """
    ours = name.startswith(OURS)
    words = words_of(name[len(OURS) :] if ours else name)
    if "dataloader" in words:  # Lightning appends /dataloader_idx_0
        words = words[: words.index("dataloader")]
    split, cadence, dataset = Split.UNSAID, "", -1
    rest: list[str] = []
    previous = ""
    for word in words:
        if word in SPLITS and not (ours and word in OWN_WORDS):
            split = SPLITS[word]
        elif word in CADENCES:
            cadence = CADENCES[word]
        elif word.isdecimal() and len(word) <= MOST_DIGITS and previous in SPLITS:
            dataset = int(word)
        else:
            rest.append(word)
        previous = word
    kind, quantity = _quantity(rest, cadence)
    return Reading(
        name=name,
        kind=kind,
        quantity=quantity,
        split=split,
        cadence=cadence,
        dataset=dataset,
        ours=ours,
        auxiliary=kind is Kind.PART_OF_LOSS and not AUXILIARY_WORDS.isdisjoint(rest),
    )


def _quantity(words: list[str], cadence: str) -> tuple[Kind, str]:
    """Returns what the words that are left, without split and cadence, measure."""
    for attempt in (words, telling := [word for word in words if word not in FILLERS]):
        joined = "_".join(attempt)
        if joined in SPELLINGS:
            return SPELLINGS[joined]
    joined = "_".join(telling)
    if "lr" in telling or "learning_rate" in joined or joined == "eta":
        return Kind.LEARNING_RATE, "learning_rate"
    if not telling:
        return (Kind.EPOCH, "epoch") if cadence == "epoch" else (Kind.OTHER, "")
    if not DERIVED_WORDS.isdisjoint(telling):
        return Kind.OTHER, joined
    if telling[0] in LOSS_WORDS or telling[-1] in LOSS_WORDS:
        return Kind.PART_OF_LOSS, joined
    for word in telling:
        if word in SPELLINGS:
            return SPELLINGS[word][0], joined
    return Kind.OTHER, joined

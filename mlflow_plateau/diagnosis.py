"""The answer: what a run's history says about why its validation loss stopped improving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from mlflow_plateau.json_values import as_json, number_from_json

if TYPE_CHECKING:
    from mlflow_plateau.checks.finding import Finding
    from mlflow_plateau.siblings.sibling import Difference, Siblings

SCHEMA_VERSION = 1
"""Version of the layout of ``diagnosis.json``; changes when a reader would have to change."""

CERTAIN = 0.9
"""An answer of at least this confidence leaves nothing open by itself."""

REAL_RIVAL = 0.1
"""From this probability on another cause may well be meant instead of the answer."""

STATUSES = ("improving", "converged", "stalled", "diverged", "inconclusive")
LEVELS = ("history", "compared", "recorded", "verified")


@dataclass(frozen=True)
class Evidence:
    """One measured fact and how it weighs on one cause.

    Attributes:
        cause: Id of the cause that the fact speaks for or against.
        signal: Name of the signal that was measured.
        value: The measured value.
        unit: Its unit, in words.
        epochs: First and last epoch that the value was measured over, or ``None`` for the setup.
        weight: Contribution to the cause's log-odds in nats; positive speaks for it.
        sentence: What a person reads, with numbers and units.
    """

    cause: str
    signal: str
    value: float
    unit: str
    epochs: tuple[float, float] | None
    weight: float
    sentence: str

    @property
    def direction(self) -> str:
        """``for`` or ``against`` the cause."""
        return "for" if self.weight >= 0 else "against"


@dataclass(frozen=True)
class Curves:
    """The curves that the diagnosis was made from, as plain lists, so that a report can be redrawn.

    Each curve has a value for each epoch, or is empty. ``None`` stands where nothing was logged;
    NaN and ±inf where that is what was logged.

    Attributes:
        epochs: The axis.
        training_loss: The training curve.
        validation_loss: The validation curve.
        learning_rate: The learning rate.
        axis: ``epoch`` or ``step``.
        training_name: The metric's name in the store.
        validation_name: The metric's name in the store.
        higher_is_better: Whether the curves are scores rather than losses.
    """

    epochs: tuple[float, ...] = ()
    training_loss: tuple[float | None, ...] = ()
    validation_loss: tuple[float | None, ...] = ()
    learning_rate: tuple[float | None, ...] = ()
    axis: str = "epoch"
    training_name: str | None = None
    validation_name: str | None = None
    higher_is_better: bool = False


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """Why a run's validation loss stopped improving, with the evidence.

    Attributes:
        run_id: The diagnosed run.
        status: One of ``STATUSES``.
        cause: Id of the cause whose removal would improve the validation loss most, or ``none``.
        confidence: Probability that the answer (status and cause) is right, 0 to 1.
        headline: The finding in one sentence.
        reason: Why the status is what it is, in words; for ``inconclusive`` what is missing.
        runner_up: Id of the next likely cause, or ``none``.
        contributing: Ids of other causes judged present.
        causes: The probability of every cause and of ``none``; sums to 1.
        evidence: What was weighed, strongest first.
        remedies: What to try, best first, with values.
        next_level: What the next level of evidence would settle, in a sentence.
        onset_epoch: The first epoch of the plateau, or ``None`` where there is none.
        best_epoch: The epoch of the lowest validation loss.
        wasted_epochs: Epochs after the onset; 0 where there is no plateau.
        wasted_fraction: Those epochs as a share of all, 0 to 1.
        level: The level of evidence that the answer stands on, one of ``LEVELS``.
        consistency: Verdict of the preprocessing check: ``pass``, ``warn``, ``fail``, ``unknown``.
        findings: What the preprocessing check found, most serious first.
        siblings: The runs of the experiment that this one was compared with, or ``None``.
        unknown: Signals that could not be measured, with the reason in words.
        unmeasured: Those of the reasons that a reader can do something about, a clause each.
        left_out: Experiments that the recorder did not make with the model, or with fewer rows,
            and why, a sentence each.
        notes: What was cleaned in the history.
        curves: The curves that were read.
        version: Version of mlflow-plateau.
    """

    run_id: str
    status: str
    cause: str = "none"
    confidence: float = 0.0
    headline: str = ""
    reason: str = ""
    runner_up: str = "none"
    contributing: tuple[str, ...] = ()
    causes: Mapping[str, float] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    remedies: tuple[str, ...] = ()
    next_level: str = ""
    onset_epoch: float | None = None
    best_epoch: float | None = None
    wasted_epochs: float = 0.0
    wasted_fraction: float = 0.0
    level: str = "history"
    consistency: str = "unknown"
    findings: tuple[Finding, ...] = ()
    siblings: Siblings | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)
    unmeasured: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    curves: Curves = field(default_factory=Curves)
    version: str = ""

    @property
    def rival(self) -> str:
        """The runner-up where it may well be meant instead of the answer, otherwise ``none``.

        One that is judged present beside the cause is no rival.
        """
        doubtful = self.status == "inconclusive" or self.confidence < CERTAIN
        likely = doubtful or self.causes.get(self.runner_up, 0.0) >= REAL_RIVAL
        return self.runner_up if likely and self.runner_up not in self.contributing else "none"

    @property
    def is_open(self) -> bool:
        """Whether something is left to settle: no answer, an unsure cause, or a rival of it."""
        unsure = self.cause != "none" and self.confidence < CERTAIN
        return self.status == "inconclusive" or unsure or self.rival != "none"

    def to_dict(self) -> dict[str, Any]:
        """Returns the diagnosis as plain JSON values, in the layout of ``SCHEMA_VERSION``."""
        document = {item.name: as_json(getattr(self, item.name)) for item in fields(self)}
        return {"schema_version": SCHEMA_VERSION, **document}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Diagnosis:
        """Rebuilds a diagnosis from what ``to_dict`` returned; unknown fields are left out.

        Raises:
            ValueError: If the document has another schema version, or lacks a field.
        """
        version = document.get("schema_version")
        if version != SCHEMA_VERSION:
            raise ValueError(
                f"This diagnosis has schema version {version!r}; this mlflow-plateau reads version"
                f" {SCHEMA_VERSION}. Diagnose the run again to rewrite it."
            )
        # Documents of earlier releases lack these.
        added: dict[str, Any] = {"siblings": None, "left_out": [], "unmeasured": []}
        values = _known_fields(cls, {**added, **document}, "diagnosis")
        for name in ("contributing", "remedies", "unmeasured", "left_out", "notes"):
            values[name] = tuple(values[name])
        values["evidence"] = tuple(_evidence(item) for item in values["evidence"])
        values["findings"] = tuple(_finding(item) for item in values["findings"])
        values["curves"] = _curves(values["curves"])
        values["siblings"] = _siblings(values["siblings"])
        return cls(**values)

    def _repr_html_(self) -> str:
        from mlflow_plateau.report.html import render_summary

        return render_summary(self)

    def __repr__(self) -> str:
        answer = f"{self.status}, {self.cause}, {self.confidence:.2f}"
        return f"<Diagnosis of run {self.run_id}: {answer}>"

    def __str__(self) -> str:
        from mlflow_plateau.report.text import render_text

        return render_text(self)


def _known_fields(kind: type, document: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Returns the document's values for the fields of a dataclass."""
    names = [item.name for item in fields(kind)]
    missing = [name for name in names if name not in document]
    if missing:
        raise ValueError(
            f"The {what} in this document lacks {', '.join(missing)}."
            " Diagnose the run again to rewrite it."
        )
    return {name: document[name] for name in names}


def _evidence(document: Mapping[str, Any]) -> Evidence:
    values = _known_fields(Evidence, document, "evidence")
    values["value"] = number_from_json(values["value"])
    if values["epochs"] is not None:
        first, last = values["epochs"]
        values["epochs"] = (first, last)
    return Evidence(**values)


def _finding(document: Mapping[str, Any]) -> Finding:
    from mlflow_plateau.checks.finding import Finding

    values = _known_fields(Finding, document, "finding")
    for name in ("columns", "evidence"):
        values[name] = tuple(values[name])
    values["constants"] = {
        name: number_from_json(value) for name, value in values["constants"].items()
    }
    return Finding(**values)


def _difference(document: Mapping[str, Any]) -> Difference:
    from mlflow_plateau.siblings.sibling import Difference

    values = _known_fields(Difference, document, "difference")
    values["change"] = number_from_json(values["change"])
    return Difference(**values)


def _siblings(document: Mapping[str, Any] | None) -> Siblings | None:
    from mlflow_plateau.siblings.sibling import Sibling, Siblings

    if document is None:
        return None
    values = _known_fields(Siblings, document, "comparison with siblings")
    compared = []
    for item in values["compared"]:
        run = _known_fields(Sibling, item, "compared run")
        run["differences"] = tuple(_difference(found) for found in run["differences"])
        for name in ("gain", "ours", "theirs", "epochs"):
            run[name] = number_from_json(run[name])
        compared.append(Sibling(**run))
    return Siblings(**{**values, "compared": tuple(compared)})


def _curves(document: Mapping[str, Any]) -> Curves:
    values = _known_fields(Curves, document, "curves")
    for name in ("epochs", "training_loss", "validation_loss", "learning_rate"):
        values[name] = tuple(number_from_json(value) for value in values[name])
    return Curves(**values)

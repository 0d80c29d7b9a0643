"""How the parts of a diagnosis are said: titles, numbers and sentences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlflow_plateau.causes import NONE, cause_by_id
from mlflow_plateau.counted import counted
from mlflow_plateau.diagnosis import Diagnosis, Evidence
from mlflow_plateau.untrusted import printable

if TYPE_CHECKING:
    from mlflow_plateau.siblings.sibling import Sibling, Siblings

STATUS_TITLES = {
    "improving": "Still improving",
    "converged": "Converged",
    "stalled": "Stalled",
    "diverged": "Diverged",
    "inconclusive": "Inconclusive",
}

LEVEL_MEANINGS = {
    "history": "what the tracking store holds: curves, parameters and tags",
    "compared": "the tracked history and the run's siblings in its experiment",
    "recorded": "the tracked history and what the recorder measured while the model trained",
    "verified": "an experiment that undid the suspected fault",
}

ELLIPSIS = "…"
LONGEST_AXIS_TITLE = 12
LONGEST_VALUE = 60

MORE_LIKELY_THAN_NOT = 0.5
"""A confidence below this in that nothing holds a loss back is none."""


def shorten(text: str, length: int) -> str:
    """Returns the text, its middle left out where it is longer than ``length`` characters."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return text[:head] + ELLIPSIS + text[len(text) - (length - 1 - head) :]


def cut(text: str, length: int) -> str:
    """Returns the text, its end left out where it is longer than ``length`` characters."""
    return text if len(text) <= length else text[: length - 1].rstrip() + ELLIPSIS


def sentence(text: str) -> str:
    """Returns the text with a capital at its start and a full stop at its end."""
    text = printable(text).strip()
    if not text:
        return ""
    # A name is left as it is: val_loss, monitor='loss'.
    first = text.partition(" ")[0]
    text = text[0].upper() + text[1:] if _is_word(first) else text
    return text + ("" if text[-1] in ".!?:" else ".")


def _is_word(text: str) -> bool:
    return text.rstrip(",:;").replace("-", "").isalpha()


def number(value: float) -> str:
    """Returns the value with four significant digits."""
    return "not finite" if not math.isfinite(value) else f"{value:.4g}"


def signed(value: float) -> str:
    """Returns the value with two decimals and its sign."""
    return f"{value:+.2f}".replace("-", "−")


def epoch(value: float) -> str:
    """Returns a position on the epoch or step axis; whole numbers are written in full."""
    if not float(value).is_integer():
        return number(value)
    return f"{value:.0f}" if abs(value) < 10_000 else f"{value:,.0f}"


def epoch_count(value: float, axis: str) -> str:
    """Returns a number of epochs or steps in words: ``1 epoch``, ``2.5 epochs``."""
    return f"{epoch(value)} {axis}{'' if value == 1 else 's'}"


def percent(share: float) -> str:
    """Returns a share between 0 and 1 in percent, saying so where it is small but not nothing."""
    return "<1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")


def cause_title(cause: str) -> str:
    """Returns the cause in words; an id that this version does not know, with its words apart."""
    if cause == NONE:
        return "No cause"
    try:
        return cause_by_id(cause).title
    except ValueError:
        return words(cause).capitalize()


def cause_meaning(cause: str) -> str:
    """Returns what the cause looks like, or nothing where this version does not know it."""
    try:
        return cause_by_id(cause).looks_like
    except ValueError:
        return ""


def words(name: str) -> str:
    """Returns the name of a signal with its words apart."""
    return printable(name).replace("_", " ")


def level_meaning(level: str) -> str:
    """Returns what a diagnosis of that level stands on."""
    return LEVEL_MEANINGS.get(level, "")


def status_title(status: str) -> str:
    """Returns the status in words."""
    return STATUS_TITLES.get(status, printable(status))


def finding(diagnosis: Diagnosis) -> tuple[str, str]:
    """Returns the finding in a few words, and the rest of the headline as a sentence."""
    headline = printable(diagnosis.headline).strip()
    title, separator, rest = headline.partition(": ")
    if separator:
        return title, sentence(rest)
    named = diagnosis.cause != NONE
    title = cause_title(diagnosis.cause) if named else status_title(diagnosis.status)
    return title, sentence(headline or diagnosis.reason)


def confidence(diagnosis: Diagnosis) -> str:
    """Returns how sure the answer is; nothing where there is none.

    That a loss still improves is plain to see: what is in doubt is whether that is all.
    """
    if diagnosis.status == "inconclusive":
        return ""
    said = f"{diagnosis.confidence:.2f}"
    return f"{said} that nothing holds it back" if _only_improves(diagnosis) else said


def finding_with_confidence(diagnosis: Diagnosis) -> str:
    """Returns the finding in a few words and, where there is an answer, how sure it is."""
    title, _ = finding(diagnosis)
    if _only_improves(diagnosis) and diagnosis.confidence < MORE_LIKELY_THAN_NOT:
        return f"{title}, though something may hold it back"
    sure = confidence(diagnosis)
    return f"{title}, confidence {sure}" if sure else title


def _only_improves(diagnosis: Diagnosis) -> bool:
    """Whether the loss still improves, and nothing is named that holds it back."""
    return diagnosis.status == "improving" and diagnosis.cause == NONE


def axis_title(diagnosis: Diagnosis) -> str:
    """Returns what the curves' axis counts: ``epoch`` or ``step``."""
    return cut(printable(diagnosis.curves.axis), LONGEST_AXIS_TITLE)


def measured_over(evidence: Evidence) -> str:
    """Returns the epochs that a piece of evidence rests on, or that it rests on the setup."""
    if evidence.epochs is None:
        return "setup"
    first, last = (epoch(value) for value in evidence.epochs)
    return first if first == last else f"{first}–{last}"


def differs_in(sibling: Sibling) -> str:
    """Returns in what a compared run differs, theirs instead of ours."""
    said = [found.said(_shown) for found in sibling.differences]
    return ", ".join(said) or "nothing: a repetition"


def _shown(text: str) -> str:
    return cut(printable(text), LONGEST_VALUE)


def shown_name(sibling: Sibling) -> str:
    """Returns what a compared run is called."""
    return cut(printable(sibling.name or sibling.run_id).strip(), LONGEST_VALUE) or "a run"


def compared_with(siblings: Siblings) -> str:
    """Returns with how many runs a run was compared, and how much runs of one setup differ."""
    runs = counted(len(siblings.compared), "run")
    noise = (
        "as repeated runs show"
        if siblings.noise_from == "repetitions"
        else "judged by the scatter of the curves, since too few runs repeat a setup"
    )
    return (
        f"compared with {runs} of the experiment ({siblings.seen:,} looked through); chance alone"
        f" makes {siblings.noise:.1%} of the progress, {noise}; how far each was ahead, as a share"
        " of the progress"
    )


def evidence_about(diagnosis: Diagnosis, cause: str) -> list[Evidence]:
    """Returns what was weighed for and against a cause, strongest first."""
    about = [item for item in diagnosis.evidence if item.cause == cause]
    return sorted(about, key=lambda item: -abs(item.weight))


def causes_with_evidence(diagnosis: Diagnosis) -> list[str]:
    """Returns the causes that evidence was weighed on, the named one first."""
    seen = dict.fromkeys(item.cause for item in diagnosis.evidence)
    return sorted(seen, key=lambda cause: cause != diagnosis.cause)

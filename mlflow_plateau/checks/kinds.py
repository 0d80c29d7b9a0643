"""What can be inconsistent between two splits: a declaration each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of inconsistency.

    Attributes:
        id: What findings are told apart by; never changes.
        words: What it is.
        treatment: Whether it is something that somebody's code did, and can be undone.
        population: Whether it is in the rows themselves.
        maps: Whether it says of every value of a column what became of it.
    """

    id: str
    words: str
    treatment: bool = False
    population: bool = False
    maps: bool = False


KINDS = {
    kind.id: kind
    for kind in (
        Kind("schema_mismatch", "types, shapes or columns differ", treatment=True),
        Kind("scaling_missing", "one split is scaled, the other is not", treatment=True, maps=True),
        Kind("scaler_refit", "each split was scaled with its own statistics", treatment=True),
        Kind("scaler_fit_on_both", "the scaler was fitted on train and validation together"),
        Kind("columns_permuted", "columns or channels are in another order", treatment=True),
        Kind(
            "token_offset",
            "ids are shifted, padded differently, or from another vocabulary",
            treatment=True,
        ),
        Kind("unit_factor", "one split is in other units", treatment=True, maps=True),
        Kind(
            "monotone_transform",
            "one split was transformed, the other was not",
            treatment=True,
            maps=True,
        ),
        Kind("imputed_differently", "missing values were filled differently", treatment=True),
        Kind("categories_recoded", "the same categories have different codes", treatment=True),
        Kind("labels_recoded", "targets are encoded or ordered differently", treatment=True),
        Kind("non_finite", "the data holds NaN or infinity"),
        Kind("rows_shared", "the same rows appear in both splits"),
        Kind("label_shift", "the targets are distributed differently", population=True),
        Kind("distribution_shift", "the rows come from another population", population=True),
        Kind("too_small", "the validation split is too small for its loss to be trusted"),
    )
}
"""All of them by id. Of equally serious findings the first one here comes first: what explains the
others goes before them."""

"""What a model's outputs come out of, read off the graph that autograd keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

MOST_NODES = 20_000
"""Of larger graphs only the end is looked at."""

ACTIVATIONS = {
    **{name: name.lower() for name in ("Sigmoid", "Softmax", "Relu", "Tanh", "Elu", "Gelu")},
    **{name: name.lower() for name in ("Softplus", "Mish")},
    "SafeSoftmax": "softmax",
    "LogSoftmax": "log_softmax",
    "LeakyRelu": "leaky_relu",
    "Silu": "silu",
    "Hardsigmoid": "hard_sigmoid",
    "Hardswish": "hard_swish",
    "Hardtanh": "hard_tanh",
    "PreluKernel": "p_relu",
    "Exp": "exponential",
}
"""Names of autograd's nodes that are an activation."""

LINEAR = frozenset(("Addmm", "Mm", "Bmm", "Mv", "Addmv", "Convolution", "Baddbmm", "Add"))
"""Nodes that put out numbers of any size."""

PASS_THROUGH = frozenset(
    (
        *("View", "UnsafeView", "Reshape", "ReshapeAlias", "Squeeze", "Unsqueeze", "Transpose"),
        *("T", "Permute", "Select", "Slice", "Clone", "Alias", "ToCopy", "AsStrided", "Expand"),
    )
)
"""Nodes that put out values that they were given."""

NOT_HIDDEN = frozenset(("softmax", "log_softmax", "exponential"))
"""Activations that are parts of attention and of losses rather than of layers."""


@dataclass(frozen=True)
class Trace:
    """What the outputs come out of; ``None`` where the graph does not say.

    Attributes:
        output_activation: The activation that comes last: ``sigmoid``, ``linear``, ….
        output_units: Width of the outputs.
        hidden_activations: The distinct activations before.
    """

    output_activation: str | None = None
    output_units: int | None = None
    hidden_activations: tuple[str, ...] | None = None


def trace_of(outputs: Any) -> Trace:
    """Returns what outputs come out of.

    Args:
        outputs: The tensor that a model puts out, or ``None``.
    """
    if outputs is None:
        return Trace()
    units = int(outputs.shape[-1]) if outputs.ndim > 1 else 1
    last = outputs.grad_fn
    while last is not None and _name(last) in PASS_THROUGH:
        last = next((node for node, _ in last.next_functions if node is not None), None)
    if last is None:
        return Trace(output_units=units)
    name = _name(last)
    activation = ACTIVATIONS.get(name) or ("linear" if name in LINEAR else None)
    behind = last if name not in ACTIVATIONS else None
    hidden = _activations_behind(behind or last, include_first=behind is not None)
    return Trace(activation, units, hidden)


def _activations_behind(first: Any, *, include_first: bool) -> tuple[str, ...]:
    """Returns the distinct activations in a graph, those next to the inputs first."""
    found: dict[str, None] = {}
    seen = {first}
    waiting = [first]
    for node in waiting:
        name = ACTIVATIONS.get(_name(node))
        if name is not None and name not in NOT_HIDDEN and (node is not first or include_first):
            found.pop(name, None)
            found[name] = None
        for behind, _ in node.next_functions:
            if behind is not None and behind not in seen and len(seen) < MOST_NODES:
                seen.add(behind)
                waiting.append(behind)
    return tuple(reversed(found))


def _name(node: Any) -> str:
    """Returns ``Relu`` of ``ReluBackward0``."""
    return re.sub(r"Backward\d*$", "", str(node.name()))

"""From a recipe to a PyTorch module, its loss and its optimiser, with PyTorch's own defaults."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from benchmarks.faults.recipe import BINARY, CATEGORICAL, MAE, Recipe

LEAST = 1e-7
"""Probabilities are kept this far from 0 and 1, as Keras does."""

_ACTIVATIONS = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softmax": lambda z: torch.softmax(z, dim=-1),
    "linear": lambda z: z,
}


class Network(nn.Module):
    """The recipe's model.

    Args:
        recipe: The recipe.
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self._recipe = recipe
        self._activation = _ACTIVATIONS[recipe.activation]
        self.hidden = nn.ModuleList()
        width = _BODIES[recipe.kind](self, recipe)
        self.dropout = nn.Dropout(recipe.dropout)
        self.head = nn.Linear(width, recipe.output_units)
        self._initialise()
        if recipe.frozen:
            self.requires_grad_(False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns outputs of shape (rows, units)."""
        z = self.head(self.dropout(self._body(x)))
        if self._recipe.disconnected:
            z = z.detach() + 0.0 * z
        return _ACTIVATIONS[self._recipe.output_activation](z)

    def penalty(self) -> torch.Tensor:
        """Returns the penalty on the kernels."""
        kernels = [p for p in self.parameters() if p.ndim > 1]
        return self._recipe.l2 * torch.stack([(kernel**2).sum() for kernel in kernels]).sum()

    def _body(self, x: torch.Tensor) -> torch.Tensor:
        kind = self._recipe.kind
        if kind == "dense":
            for layer in self.hidden:
                x = self._activation(layer(x))
            return x
        if kind == "convolution":
            x = x.permute(0, 3, 1, 2)
            for layer in self.hidden:
                x = torch.max_pool2d(self._activation(layer(x)), 2)
            return x.flatten(1)
        if kind == "recurrent":
            return self.hidden[0](x)[0][:, -1]
        embedded = self.hidden[0](x)
        attended, _ = self.hidden[1](embedded, embedded, embedded, need_weights=False)
        return (embedded + attended).mean(dim=1)

    def _initialise(self) -> None:
        with torch.no_grad():
            for layer in self.hidden:
                for name, parameter in layer.named_parameters():
                    if self._recipe.initial_kernel and parameter.ndim > 1:
                        kind, value = self._recipe.initial_kernel
                        if kind == "constant":
                            parameter.fill_(value)
                        else:
                            parameter.normal_(0.0, value)
                    if self._recipe.initial_bias is not None and "bias" in name:
                        parameter.fill_(self._recipe.initial_bias)
            if self._recipe.initial_kernel and self._recipe.initial_kernel[0] == "constant":
                nn.init.xavier_uniform_(self.head.weight)


def _dense(network: Network, recipe: Recipe) -> int:
    width = recipe.shape[0]
    for units in recipe.widths:
        network.hidden.append(nn.Linear(width, units))
        width = units
    return width


def _convolution(network: Network, recipe: Recipe) -> int:
    size, _, channels = recipe.shape
    for units in recipe.widths:
        network.hidden.append(nn.Conv2d(channels, units, 3, padding=1))
        channels, size = units, size // 2
    return channels * size * size


def _recurrent(network: Network, recipe: Recipe) -> int:
    network.hidden.append(nn.GRU(recipe.shape[1], recipe.widths[0], batch_first=True))
    return recipe.widths[0]


def _attention(network: Network, recipe: Recipe) -> int:
    width = recipe.widths[0]
    network.hidden.append(nn.Embedding(recipe.vocabulary, width))
    network.hidden.append(nn.MultiheadAttention(width, 1, batch_first=True))
    return width


_BODIES = {
    "dense": _dense,
    "convolution": _convolution,
    "recurrent": _recurrent,
    "attention": _attention,
}


def loss_of(recipe: Recipe, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Returns the mean loss of outputs of shape (rows, units)."""
    if recipe.loss == CATEGORICAL:
        return _categorical(recipe, outputs, targets.long().ravel())
    if recipe.loss == BINARY:
        return _binary(recipe, outputs, targets)
    difference = outputs - targets
    return (difference.abs() if recipe.loss == MAE else difference**2).mean()


def _categorical(recipe: Recipe, outputs: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    if recipe.from_logits:
        return nn.functional.cross_entropy(outputs, ids)
    chosen = outputs.gather(1, ids[:, None])
    if recipe.half_precision_log:
        return -_half_log(chosen).mean()
    total = outputs.sum(dim=1, keepdim=True)
    return -torch.log(torch.clamp(chosen / total, LEAST, 1 - LEAST)).mean()


def _binary(recipe: Recipe, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    if recipe.from_logits:
        return nn.functional.binary_cross_entropy_with_logits(outputs, targets)
    if recipe.half_precision_log:
        logs = targets * _half_log(outputs) + (1 - targets) * _half_log(1 - outputs)
        return -logs.mean()
    p = torch.clamp(outputs, LEAST, 1 - LEAST)
    return -(targets * torch.log(p) + (1 - targets) * torch.log(1 - p)).mean()


def _half_log(probability: torch.Tensor) -> torch.Tensor:
    return torch.log(probability.half().float())


def optimizer_of(recipe: Recipe, parameters: Any) -> torch.optim.Optimizer:
    """Returns the recipe's optimiser."""
    rate = recipe.learning_rate
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=recipe.momentum)
    if recipe.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, rate, alpha=0.9)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(parameters, rate, weight_decay=recipe.weight_decay)
    return torch.optim.Adam(parameters, rate)

"""Calls modules without leaving a trace in them, in the generators or in autograd's modes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from mlflow_plateau.recorder.safety import global_random_state_kept
from mlflow_plateau.recorder.witness.attributes import rebound_put_back

CONTENTS = ("_parameters", "_buffers", "_modules")
"""A module's own tables, whose entries a ``forward`` may replace."""


@contextmanager
def no_trace_in(modules: Sequence[Any], devices: Sequence[Any]) -> Iterator[None]:
    """Puts modules in inference, and puts back afterwards whatever was rebound in them.

    Values of tensors are not put back: whoever calls the modules gives them copies.

    Args:
        modules: The modules, with all that they are made of.
        devices: The devices that they are on.
    """
    tables = [
        table
        for module in modules
        for table in (vars(module), *(vars(module)[name] for name in CONTENTS))
    ]
    with ExitStack() as stack:
        stack.enter_context(torch_random_state_kept(devices))
        for kind in {"cpu", *(device.type for device in devices)}:
            if torch.amp.is_autocast_available(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        # Gradients of recurrent layers in inference are there without cuDNN only.
        stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(rebound_put_back(tables))
        for module in modules:
            module.training = False
        yield


@contextmanager
def torch_random_state_kept(devices: Sequence[Any] = ()) -> Iterator[None]:
    """Puts back PyTorch's generators: the one of the CPU, and those of some GPUs.

    Args:
        devices: Devices; others than GPUs of CUDA's are passed over.
    """
    indices = [device for device in devices if device.type == "cuda"]
    with torch.random.fork_rng(devices=indices):
        yield


@contextmanager
def all_random_state_kept() -> Iterator[None]:
    """Puts back the generators of Python, NumPy and PyTorch.

    Inside, PyTorch's and NumPy's go on from where they are; Python's is seeded afresh.
    """
    gpus = (
        [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
        if torch.cuda.is_initialized()
        else []
    )
    with global_random_state_kept(), torch_random_state_kept(gpus):
        yield

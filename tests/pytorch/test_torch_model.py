"""What experiments ask of a PyTorch model and its optimiser, against PyTorch's own answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from mlflow_plateau.recorder.pytorch.layout import to_array, unit_axes  # noqa: E402
from mlflow_plateau.recorder.pytorch.objective import GivenLoss  # noqa: E402
from mlflow_plateau.recorder.pytorch.torch_model import TorchModel  # noqa: E402
from mlflow_plateau.recorder.pytorch.torch_updates import next_update_of  # noqa: E402
from mlflow_plateau.recorder.witness.rows import Rows  # noqa: E402
from mlflow_plateau.recorder.witness.saturation import saturation  # noqa: E402


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 4 * 4, 3)
    )


def rows() -> Rows:
    generator = np.random.default_rng(0)
    return Rows(
        generator.standard_normal((20, 2, 6, 6)).astype("float32"), generator.integers(0, 3, 20)
    )


def test_losses_and_gradients_are_those_of_inference_and_leave_no_trace() -> None:
    torch.manual_seed(0)
    model = convolutional().train()
    opened = TorchModel(model, GivenLoss(nn.CrossEntropyLoss()), tuple(model.parameters()))
    before = {name: value.clone() for name, value in model.state_dict().items()}

    losses, gradient = opened.losses(rows()), opened.gradient(rows())
    predictions = opened.predictions(rows())

    assert model.training
    assert all(module.training for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    model.eval()
    loss = nn.CrossEntropyLoss()(model(torch.tensor(rows().x)), torch.tensor(rows().y))
    loss.backward()
    assert losses.data == pytest.approx(float(loss.detach()), rel=1e-6)
    np.testing.assert_allclose(predictions, model(torch.tensor(rows().x)).detach(), atol=1e-6)
    axes = unit_axes(model)
    for part, parameter in zip(gradient, model.parameters(), strict=True):
        expected = to_array(parameter.grad, axes.get(id(parameter)))
        np.testing.assert_allclose(part, expected, rtol=1e-4, atol=1e-7)


def test_outputs_at_an_end_of_their_activation_are_counted() -> None:
    """A quarter of the channels lies at an end of tanh; the output's own sigmoid does not count."""
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 4 * 4, 3), nn.Sigmoid()
    )
    with torch.no_grad():
        model[0].weight.fill_(0.001)
        model[0].bias.copy_(torch.tensor([9.0, 0.0, 0.0, 0.0]))
        model[3].bias.fill_(50.0)
    opened = TorchModel(model, GivenLoss(nn.MSELoss()), tuple(model.parameters()))

    assert saturation(opened, rows()) == ({"saturated_share": 0.25}, {"saturated_share": ("1",)})
    assert not any(module._forward_hooks for module in model.modules())


def test_an_output_that_is_squeezed_is_no_hidden_layer() -> None:
    class Sure(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.act = nn.Linear(3, 1), nn.Sigmoid()

        def forward(self, x: Any) -> Any:
            return self.act(self.last(x) + 50.0).squeeze(1)

    x = np.random.default_rng(0).standard_normal((20, 3)).astype("float32")
    model = Sure()
    opened = TorchModel(model, GivenLoss(nn.BCELoss()), tuple(model.parameters()))
    assert saturation(opened, Rows(x, np.ones(20, dtype="float32"))) == ({}, {})


def test_losses_at_other_weights_are_those_of_a_model_with_these_weights() -> None:
    torch.manual_seed(0)
    model, other = convolutional(), convolutional()
    objective = GivenLoss(nn.CrossEntropyLoss())
    opened = TorchModel(model, objective, tuple(model.parameters()))
    from_other = TorchModel(other, objective, tuple(other.parameters()))
    assert opened.losses(rows(), from_other.weights).data == pytest.approx(
        from_other.losses(rows()).data, rel=1e-6
    )


# Without momentum: a direction is asked for, not an average over past ones.
OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.0, 0.9), eps=1e-9),
    "amsgrad": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.0, 0.9), amsgrad=True, eps=1e-9),
    "AdamW": lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.0, 0.9), weight_decay=0, eps=1e-9),
    "Adamax": lambda p: torch.optim.Adamax(p, lr=0.01, betas=(0.0, 0.9), eps=1e-9),
    "RMSprop": lambda p: torch.optim.RMSprop(p, lr=0.01, eps=1e-9),
    "centered": lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.5, centered=True, eps=1e-6),
    "Adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("updates", [1, 7])
def test_a_step_is_the_optimisers_next_update(name: str, updates: int) -> None:
    torch.manual_seed(updates)
    model = convolutional()
    optimizer = OPTIMIZERS[name](model.parameters())
    parameters = list(model.parameters())

    def give(reached: float) -> None:
        for parameter in parameters:
            parameter.grad = torch.randn_like(parameter)
        # No gradient has ever reached the first weight.
        parameters[0].grad.view(-1)[0] = reached

    for _ in range(updates):
        give(0.0)
        optimizer.step()
    give(1.0)
    axes = unit_axes(model)

    def arrays(tensors: Any) -> list[Any]:
        return [
            to_array(tensor.detach().clone(), axes.get(id(parameter)))
            for tensor, parameter in zip(tensors, parameters, strict=True)
        ]

    gradient, before = arrays([parameter.grad for parameter in parameters]), arrays(parameters)
    expected = next_update_of(optimizer, model, parameters)(gradient)
    optimizer.step()

    assert expected is not None
    for step, was, now in zip(expected, before, arrays(parameters), strict=True):
        np.testing.assert_allclose(step, was - now, rtol=2e-4, atol=1e-6)

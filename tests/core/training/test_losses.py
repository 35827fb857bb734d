"""Losses: masked landmarks give no gradient, an image's loss does not depend on how many landmarks others have."""

import torch

from medsapiens_core.training.losses import (
    expected_place,
    gaussian_target,
    masked_mse_loss,
    per_image_mean,
    softmax_loss,
)


def test_targets_are_probabilities_centred_on_the_point() -> None:
    xy = torch.tensor([[[5.3, 9.8], [0.0, 15.0]]])
    target = gaussian_target(xy, (12, 16), 1.5)
    assert torch.allclose(target.sum((-2, -1)), torch.ones(1, 2))
    assert torch.allclose(expected_place(target)[0, 0], xy[0, 0], atol=5e-3)


def test_masked_landmarks_have_no_gradient_and_nan_labels_do_no_harm() -> None:
    logits = torch.randn(2, 3, 16, 12, requires_grad=True)
    xy = torch.full((2, 3, 2), 5.0)
    xy[:, 1] = torch.nan
    weights = torch.tensor([[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    softmax_loss(logits, xy, weights, 1.5).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[:, 1] == 0).all()
    assert (logits.grad[1, 2] == 0).all()
    assert (logits.grad[0, 0] != 0).any()


def test_loss_of_an_image_does_not_depend_on_the_number_of_other_landmarks() -> None:
    values = torch.tensor([[2.0, 4.0, 9.0]])
    few = per_image_mean(values[:, :2], torch.ones(1, 2))
    many = per_image_mean(values, torch.tensor([[1.0, 1.0, 0.0]]))
    assert few == many == 3.0


def test_softmax_loss_falls_when_the_map_agrees_with_the_target() -> None:
    xy = torch.tensor([[[4.0, 7.0]]])
    good = (gaussian_target(xy, (12, 16), 1.5) + 1e-6).log()
    weights = torch.ones(1, 1)
    assert softmax_loss(good, xy, weights, 1.5) < softmax_loss(good.roll(4, -1), xy, weights, 1.5)


def test_masked_mse_is_zero_for_the_target_itself() -> None:
    target = torch.rand(2, 3, 4, 5)
    assert masked_mse_loss(target, target, torch.ones(2, 3)) == 0

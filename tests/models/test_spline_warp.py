import numpy as np
import pytest
import torch
from scipy.interpolate import RBFInterpolator

from models.spline_warp import compute_boundary_points, evaluate_spline, fit_spline, warp_pictures

SIZE = 224


def make_shape(generator: torch.Generator, *, jitter_px: float) -> torch.Tensor:
    """68 points [68, 2] inside the picture, on a spiral that keeps them apart."""
    turn = torch.linspace(0.3, 1, 68)
    angle = 40 * turn
    spiral = torch.stack((angle.cos(), angle.sin()), dim=1) * turn[:, None] * 75 + 112
    return spiral + jitter_px * torch.randn(68, 2, generator=generator)


@pytest.fixture
def shapes() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return make_shape(generator, jitter_px=0), make_shape(generator, jitter_px=3)


def test_boundary_points():
    points = compute_boundary_points(224, 112)
    assert points.shape == (12, 2)
    assert len({tuple(point) for point in points.tolist()}) == 12
    corners = {(0.0, 0.0), (111.0, 0.0), (0.0, 223.0), (111.0, 223.0)}
    assert corners <= {tuple(point) for point in points.tolist()}
    on_edge = [x in (0, 111) or y in (0, 223) for x, y in points.tolist()]
    assert all(on_edge)


def test_spline_equals_scipy(shapes):
    mean, wanted = shapes
    points = torch.cat((wanted, compute_boundary_points(SIZE, SIZE)))
    values = torch.cat((wanted - mean, torch.zeros(12, 2)))
    queries = torch.rand(500, 2) * 223
    reference = RBFInterpolator(
        points.double().numpy(), values.double().numpy(), kernel="linear", degree=1
    )(queries.double().numpy())
    x, y = queries[None, None].unbind(3)
    found = evaluate_spline(fit_spline(points[None], values[None]), points[None], x=x, y=y)
    np.testing.assert_allclose(found[0, 0].numpy(), reference, atol=2e-3)


def test_landmarks_land_where_they_are_asked(shapes):
    mean, wanted = shapes
    points = torch.cat((wanted, compute_boundary_points(SIZE, SIZE)))[None]
    values = torch.cat((wanted - mean, torch.zeros(12, 2)))[None]
    x, y = points[:, None].unbind(3)
    found = evaluate_spline(fit_spline(points, values), points, x=x, y=y)
    assert (found[:, 0] - values).abs().max() < 0.01


@pytest.mark.parametrize("autocast", [False, True])
def test_warped_picture_shows_the_source_at_the_target(shapes, autocast):
    """A picture of its own coordinates: at a landmark stands where its colour came from."""
    mean, wanted = shapes
    wanted = wanted.round()
    rows, columns = torch.meshgrid(torch.arange(224.0), torch.arange(224.0), indexing="ij")
    picture = torch.stack((columns, rows))[None]
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        warped = warp_pictures(picture, source_points=mean, target_points=wanted[None])
    x, y = wanted.long().unbind(1)
    assert warped.dtype == torch.float32
    assert (warped[0, :, y, x].T - mean).norm(dim=1).max() < 0.01
    torch.testing.assert_close(warped[..., 0, 0], picture[..., 0, 0], atol=0.01, rtol=0)


def test_equal_points_change_nothing(shapes):
    picture = torch.rand(2, 3, SIZE, SIZE)
    warped = warp_pictures(picture, source_points=shapes[0], target_points=shapes[0])
    torch.testing.assert_close(warped, picture, atol=1e-4, rtol=0)


def test_two_points_on_one_spot_are_no_error(shapes):
    mean, wanted = shapes
    wanted = wanted.clone()
    wanted[1] = wanted[0]
    warped = warp_pictures(torch.rand(1, 3, 64, 64), source_points=mean, target_points=wanted)
    assert warped.isfinite().all()


def test_gradients_reach_pictures_and_points():
    size = 6
    source = torch.tensor([[1.3, 1.6], [3.4, 2.2], [2.6, 3.7]], dtype=torch.float64)
    target = (source + 0.37).requires_grad_()
    picture = torch.rand(1, 2, size, size, dtype=torch.float64, requires_grad=True)
    source.requires_grad_()

    def warp(*inputs: torch.Tensor) -> torch.Tensor:
        return warp_pictures(inputs[0], source_points=inputs[1], target_points=inputs[2])

    assert torch.autograd.gradcheck(warp, (picture, source, target), eps=1e-7, atol=1e-4)

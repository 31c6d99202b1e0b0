"""Differentiable polyharmonic spline warp of order 1, as Cole et al. 2017 and SPEC 3.4.

Points are (x, y) pixels, pixel centres at whole numbers, the origin top left. Everything runs
outside autocast: half precision moves a landmark by a pixel.
"""

import torch
from torch import Tensor
from torch.nn import functional

from models.layers import to_full_precision

POINTS_PER_EDGE = 2  # between the corners: 12 boundary points (chosen)
# Added to the kernel's diagonal so that two points on one spot do not make the system singular
# (chosen): the error at a landmark stays below 0.001 px.
SMOOTHING_PX = 1e-4
MIN_SQUARE_PX2 = 1e-12
# Pixel rows whose distances to all points stay in the processor's cache: 3 to 4 times as fast.
ROWS_AT_ONCE = 8


def compute_boundary_points(height: int, width: int) -> Tensor:
    """Corners and evenly spaced edge points that stay where they are: [12, 2] float32."""
    horizontal = torch.linspace(0, width - 1, POINTS_PER_EDGE + 2)
    vertical = torch.linspace(0, height - 1, POINTS_PER_EDGE + 2)[1:-1]
    rows = [torch.stack((horizontal, torch.full_like(horizontal, y)), 1) for y in (0, height - 1)]
    columns = [torch.stack((torch.full_like(vertical, x), vertical), 1) for x in (0, width - 1)]
    return torch.cat((*rows, *columns))


def fit_spline(points: Tensor, values: Tensor) -> Tensor:
    """Coefficients [B, N + 3, 2] float64 of the spline with `values` [B, N, 2] at `points`.

    Rows: one weight for each point, then those of x, y and 1.
    """
    points, values = points.double(), values.double()
    x, y = points[:, :, None].unbind(3)  # [B, N, 1] each
    kernel = _compute_distances(points, x=x, y=y)[..., 0]  # [B, N, N]
    smoothing = SMOOTHING_PX * torch.eye(points.shape[1], dtype=kernel.dtype, device=kernel.device)
    affine = functional.pad(points, (0, 1), value=1.0)  # [B, N, 3]
    top = torch.cat((kernel - smoothing, affine), dim=2)  # [B, N, N + 3]
    bottom = functional.pad(affine.transpose(1, 2), (0, 3))  # [B, 3, N + 3]
    target = functional.pad(values, (0, 0, 0, 3))  # [B, N + 3, 2]
    coefficients: Tensor = torch.linalg.solve(torch.cat((top, bottom), dim=1), target)
    return coefficients


def evaluate_spline(coefficients: Tensor, points: Tensor, *, x: Tensor, y: Tensor) -> Tensor:
    """Values [B, R, C, 2] at `x` and `y`, which broadcast to [B, R, C]; in their dtype.

    A grid is x [1, 1, W] and y [1, H, 1], a list of points is [B, 1, Q] each.
    """
    coefficients = coefficients.to(x.dtype)[..., None, None]  # [B, N + 3, 2, 1, 1]
    distances = _compute_distances(points.to(x.dtype), x=x, y=y)  # [B, N, R, C]
    values = []
    for axis in coefficients.unbind(2):  # [B, N + 3, 1, 1]
        # A product and a sum, not a matrix product: that may run in TF32, 0.2 px off.
        bent = (distances * axis[:, :-3]).sum(dim=1)  # [B, R, C]
        values.append(bent + x * axis[:, -3] + y * axis[:, -2] + axis[:, -1])
    return torch.stack(values, dim=3)


def warp_pictures(pictures: Tensor, *, source_points: Tensor, target_points: Tensor) -> Tensor:
    """Move what lies at `source_points` of [B, C, H, W] to `target_points`; edges stay.

    Points are [B, N, 2] or [N, 2]; bilinear sampling, clamped at the border. Gradients reach the
    pictures and both sets of points.
    """
    with torch.autocast(pictures.device.type, enabled=False):
        pictures = to_full_precision(pictures)
        batch, _, height, width = pictures.shape
        targets = target_points.to(pictures).expand(batch, -1, -1)
        shifts = targets - source_points.to(pictures)
        boundary = compute_boundary_points(height, width).to(pictures).expand(batch, -1, -1)
        points = torch.cat((targets, boundary), dim=1)  # [B, N + 12, 2]
        values = torch.cat((shifts, torch.zeros_like(boundary)), dim=1)
        x = torch.arange(width, device=pictures.device).to(pictures)[None, None]  # [1, 1, W]
        y = torch.arange(height, device=pictures.device).to(pictures)[None, :, None]  # [1, H, 1]
        moved = _evaluate_grid(fit_spline(points, values), points, x=x, y=y)  # [B, H, W, 2]
        grid = torch.stack(
            (
                2 * (x - moved[..., 0]) / (width - 1) - 1,
                2 * (y - moved[..., 1]) / (height - 1) - 1,
            ),
            dim=3,
        )
        # Corners aligned: -1 and 1 are the centres of the outer pixels.
        return functional.grid_sample(
            pictures, grid, mode="bilinear", padding_mode="border", align_corners=True
        )


def _evaluate_grid(coefficients: Tensor, points: Tensor, *, x: Tensor, y: Tensor) -> Tensor:
    """`evaluate_spline` on a grid, x [1, 1, W] and y [1, H, 1]."""
    size = ROWS_AT_ONCE if x.device.type == "cpu" else y.shape[1]
    parts = [
        evaluate_spline(coefficients, points, x=x, y=rows) for rows in torch.split(y, size, dim=1)
    ]
    return torch.cat(parts, dim=1)  # [B, H, W, 2]


def _compute_distances(points: Tensor, *, x: Tensor, y: Tensor) -> Tensor:
    """From points [B, N, 2] to x, y of [B, R, C]: [B, N, R, C]; gradient 0 at distance 0."""
    point_x, point_y = points[..., None, None].unbind(2)  # [B, N, 1, 1] each
    squares = (x[:, None] - point_x).square() + (y[:, None] - point_y).square()
    return (squares + MIN_SQUARE_PX2).sqrt()

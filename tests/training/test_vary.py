import torch

from tasks.training.vary import shift_and_tint, vary_faces


def test_nothing_changes_and_nothing_is_drawn_at_0() -> None:
    faces = torch.rand(2, 3, 16, 16)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    assert vary_faces(faces, strength=0.0) is faces
    assert torch.equal(torch.get_rng_state(), before)


def test_a_dot_moves_a_little_and_may_be_mirrored() -> None:
    torch.manual_seed(0)
    faces = torch.zeros(200, 1, 41, 41)
    faces[:, :, 19:22, 29:32] = 1  # 10 pixels right of the middle
    moved = vary_faces(faces, strength=0.1)
    weights = moved.sum(dim=(1, 2))  # [B, W]
    middles = (weights * torch.arange(41)).sum(dim=1) / weights.sum(dim=1)
    right = middles > 20
    assert 60 < int(right.sum()) < 140
    assert (middles - torch.where(right, 30.0, 10.0)).abs().max() < 0.1 * 20.5 + 0.1 * 10 + 2
    assert middles[right].std() > 0.3


def test_pictures_stay_as_they_are_without_shift_and_tint() -> None:
    pictures = torch.rand(2, 3, 16, 16)
    before = torch.get_rng_state()
    assert shift_and_tint(pictures, shift_px=0, tint=0.0) is pictures
    assert torch.equal(torch.get_rng_state(), before)


def test_each_picture_is_moved_by_whole_pixels_of_its_own() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(60, 3, 16, 16)
    moved = shift_and_tint(pictures, shift_px=2, tint=0.0)
    seen = set()
    for before, after in zip(pictures, moved, strict=True):
        fits = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if torch.equal(after[:, 2:-2, 2:-2], before.roll((down, right), (1, 2))[:, 2:-2, 2:-2])
        ]
        assert len(fits) == 1
        seen.update(fits)
    assert len(seen) > 15
    assert moved.shape == pictures.shape


def test_colours_change_by_picture_and_gradients_flow() -> None:
    torch.manual_seed(0)
    pictures = torch.rand(500, 3, 4, 4, requires_grad=True)
    tinted = shift_and_tint(pictures, shift_px=0, tint=0.2)
    gains = (tinted.std(dim=(2, 3)) / pictures.std(dim=(2, 3))).detach()  # [B, 3]
    torch.testing.assert_close(gains, gains[:, :1].expand(-1, 3), rtol=1e-3, atol=1e-3)
    offsets = (tinted - gains.mean(dim=1)[:, None, None, None] * pictures).mean(dim=(2, 3)).detach()
    assert abs(float(gains[:, 0].std()) - 0.2) < 0.03
    assert abs(float(offsets.std()) - 0.2) < 0.03
    (gradient,) = torch.autograd.grad(
        shift_and_tint(pictures, shift_px=1, tint=0.2).sum(), pictures
    )
    assert float(gradient.abs().sum()) > 0

import torch

from tasks.training.vary import vary_faces


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

import numpy as np
import torch

from tasks.data.augment import (
    Share,
    crop_logmels,
    draw_crops,
    flip_faces,
    hide_stripes,
    scale_faces,
    warp_frequencies,
)

WHOLE = Share(0, 4, 4)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_crops_are_parts_of_the_tiled_recording() -> None:
    """SPEC 2.1: recordings under 1000 frames are repeated to exactly 1000, then cropped."""
    lengths = [90, 999, 1000, 1400]
    logmels = [torch.randn(length, 64) for length in lengths]
    for seed in range(20):
        crops = crop_logmels(logmels, random=generator(seed), share=WHOLE)
        size = crops.shape[2]
        assert crops.shape == (4, 64, size)
        assert 300 <= size <= 800
        for crop, logmel in zip(crops, logmels, strict=True):
            tiled = np.resize(logmel.numpy(), (max(1000, len(logmel)), 64))
            starts = range(len(tiled) - size + 1)
            assert any(np.array_equal(tiled[s : s + size], crop.T.numpy()) for s in starts)


def test_lengths_and_windows_reach_their_limits() -> None:
    num_frames = torch.full((4,), 1000)
    crops = [draw_crops(num_frames, random=generator(s), share=WHOLE) for s in range(3000)]
    lengths = {crop.shape[1] for crop in crops}
    assert (min(lengths), max(lengths)) == (300, 800)
    starts = torch.cat([crop[:, 0] for crop in crops])
    ends = torch.cat([crop[:, -1] for crop in crops])
    assert starts.min() < 10
    assert 990 < ends.max() <= 999


def test_ranks_draw_their_part_of_the_same_crops() -> None:
    num_frames = torch.tensor([1200, 1300, 1400, 1500])
    whole = draw_crops(num_frames, random=generator(1), share=WHOLE)
    part = draw_crops(num_frames[2:], random=generator(1), share=Share(2, 2, 4))
    assert torch.equal(whole[2:], part)


def test_flips_mirror_about_half() -> None:
    faces = torch.arange(200 * 2 * 4 * 3).reshape(200, 2, 4, 3) % 251
    faces = faces.to(torch.uint8)
    flipped = flip_faces(faces, random=generator(0), share=Share(0, 200, 200))
    mirrored = (flipped == torch.from_numpy(faces.numpy()[:, :, ::-1].copy())).flatten(1).all(1)
    same = (flipped == faces).flatten(1).all(1)
    assert (mirrored ^ same).all()
    assert 70 < int(mirrored.sum()) < 130


def test_faces_are_scaled_as_wen() -> None:
    faces = torch.tensor([0, 128, 255], dtype=torch.uint8).reshape(1, 1, 1, 3)
    expected = torch.tensor([-1.0, 0.5 / 127.5, 1.0]).reshape(1, 3, 1, 1)
    torch.testing.assert_close(scale_faces(faces), expected)


def test_frequencies_are_stretched() -> None:
    spectrograms = torch.zeros(1, 2, 3, 257)
    spectrograms[..., 100] = 1
    torch.testing.assert_close(warp_frequencies(spectrograms, 1.0), spectrograms)
    assert int(warp_frequencies(spectrograms, 1.2)[0, 0, 0].argmax()) in (119, 120, 121)
    lowered = warp_frequencies(torch.ones(1, 2, 3, 257), 0.5)
    assert lowered[..., :128].min() == 1
    assert lowered[..., 130:].max() == 0  # nothing is known of what lay above


def test_stripes_are_hidden_in_time_and_frequency() -> None:
    shown = hide_stripes(torch.ones(50, 2, 80, 257), count=1, random=generator(0))
    hidden = shown == 0
    assert torch.equal(hidden[:, 0], hidden[:, 1])
    times, bins = hidden[:, 0].all(dim=2).sum(dim=1), hidden[:, 0].all(dim=1).sum(dim=1)
    assert 5 < times.max() <= 80 / 8 + 1
    assert 20 < bins.max() <= 257 / 8 + 1
    assert torch.equal(hidden[:, 0].sum(dim=(1, 2)), times * 257 + bins * 80 - times * bins)
    assert hide_stripes(torch.ones(2, 2, 9, 9), count=0, random=generator(0)).min() == 1

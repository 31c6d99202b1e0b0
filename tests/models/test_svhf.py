import pytest
import torch
from torch import nn

from models.svhf import BUCKETS, FaceStream, Svhf, VoiceStream, choose_bucket, compute_pool_width

POOL_WIDTHS = [2, 5, 8, 11, 14, 17, 20, 23, 27, 30]  # of the official code, SPEC 6.1


def count_stage(num_in: int, num_out: int, area: int) -> int:
    """Convolution with bias, then BN."""
    return num_in * num_out * area + 3 * num_out


def test_parameter_counts(count):
    with torch.device("meta"):
        network = Svhf()
    face = [(3, 96, 49), (96, 256, 25), (256, 512, 9), (512, 512, 9), (512, 512, 9)]
    face += [(512, 4096, 36), (4096, 1024, 1)]
    voice = [(1, 96, 49), (96, 256, 25), (256, 384, 9), (384, 256, 9), (256, 256, 9)]
    voice += [(256, 4096, 9), (4096, 1024, 1)]
    assert count(network.face_stream) == sum(count_stage(*stage) for stage in face)
    assert count(network.voice_stream) == sum(count_stage(*stage) for stage in voice)
    assert count(network.head) == 3073 * 1024 + 1025 * 512 + 513 * 2


def test_layer_sizes_at_three_seconds(record_shapes):
    kinds = (nn.Conv2d, nn.MaxPool2d)
    with torch.device("meta"):
        voice = record_shapes(VoiceStream().eval(), torch.zeros(1, 1, 512, 300), kinds=kinds)
        face = record_shapes(FaceStream().eval(), torch.zeros(1, 3, 224, 224), kinds=kinds)
    assert [shape[2:] for shape in voice] == [
        *((254, 148), (126, 73), (62, 36), (30, 17), (30, 17), (30, 17), (30, 17), (9, 8), (1, 8))
    ]
    assert [shape[2] for shape in face] == [109, 54, 26, 13, 13, 13, 13, 6, 1]


@pytest.mark.parametrize(("frames", "columns"), list(zip(BUCKETS, POOL_WIDTHS, strict=True)))
def test_pool_width_of_each_bucket(frames, columns, record_shapes):
    with torch.device("meta"):
        network = VoiceStream(width=0.02).eval()
        shapes = record_shapes(network, torch.zeros(1, 1, 512, frames), kinds=nn.Conv2d)
    assert shapes[-1][3] == columns == compute_pool_width(frames)


def test_buckets():
    assert [choose_bucket(frames) for frames in (100, 199, 301, 5000)] == [100, 100, 300, 1000]
    with pytest.raises(ValueError, match="at least 100, got 99"):
        choose_bucket(99)


@pytest.mark.parametrize("probe", ["voice", "face"])
def test_candidates_share_a_stream(probe):
    network = Svhf(probe=probe, num_candidates=3, width=0.02).eval()
    voices, faces = torch.randn(2, 3, 1, 512, 100), torch.randn(2, 3, 3, 224, 224)
    probes, others = (voices[:, 0], faces) if probe == "voice" else (faces[:, 0], voices)
    logits = network(probes, others)
    assert logits.shape == (2, 3)
    streams = (network.voice_stream, network.face_stream)
    first, second = streams if probe == "voice" else streams[::-1]
    parts = [first(probes), *(second(others[:, index]) for index in range(3))]
    torch.testing.assert_close(logits, network.head(torch.cat(parts, dim=1)))


def test_wrong_inputs_are_named():
    with pytest.raises(ValueError, match=r"got \[1, 1, 257, 300\]"):
        VoiceStream(width=0.02)(torch.zeros(1, 1, 257, 300))
    with pytest.raises(ValueError, match=r"got \[1, 3, 64, 64\]"):
        FaceStream(width=0.02)(torch.zeros(1, 3, 64, 64))
    with pytest.raises(ValueError, match="probe must be one of face, voice; got 'both'"):
        Svhf(probe="both", width=0.02)


def test_a_step_lowers_the_loss(descend):
    network = Svhf(width=0.03)
    voices, faces = torch.randn(4, 1, 512, 100), torch.randn(4, 2, 3, 224, 224)
    labels = torch.tensor([0, 1, 0, 1])
    before, after = descend(
        lambda: nn.functional.cross_entropy(network(voices, faces), labels),
        network.parameters(),
        rate=1e-2,
    )
    assert after < before

from pathlib import Path

import pytest
import torch
from torch import nn

from models.ar_spm import SpeechEncoder
from models.speech2face import VoiceEncoder
from tasks.training.precision import Precision
from tasks.training.starts import (
    SHIFT,
    pass_bands,
    pass_rows,
    pass_spectra,
    read_voices,
    regress_last,
)
from tests.training_corpus import NUM_FRAMES, D, write_training_shards

CPU = Precision(torch.device("cpu"))


def test_filters_pass_on_a_louder_band() -> None:
    torch.manual_seed(0)
    network = VoiceEncoder(feature_dim=D, width=1 / 16).eval()
    pass_spectra(network)
    quiet = torch.randn(1, 2, NUM_FRAMES, 257)
    loud = quiet.clone()
    loud[:, :, :, 100:160] *= 3
    with torch.no_grad():
        rows = [network.last_conv(network.features(s)).mean(dim=(1, 2))[0] for s in (quiet, loud)]
    difference = rows[1] - rows[0]  # [57], one for four frequencies
    assert 100 / 4 - 3 < int(difference.argmax()) < 160 / 4 + 1
    assert difference[28:36].min() > difference[:15].abs().max()


def test_rows_are_means_over_every_second_channel() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(4 * 3, 7)
    random = layer.weight[6].clone()
    pass_rows(layer, num_rows=3)
    rows = torch.randn(5, 4, 3)
    with torch.no_grad():
        found = layer(rows.flatten(1)) - SHIFT
    torch.testing.assert_close(found[:, :3], rows[:, 0::2].mean(dim=1))
    torch.testing.assert_close(found[:, 3:6], rows[:, 1::2].mean(dim=1))
    assert torch.equal(layer.weight[6], random)


def test_channels_hear_loudness_and_different_bands() -> None:
    torch.manual_seed(0)
    stages = SpeechEncoder(feature_dim=D, width=1 / 8).features.eval()
    pass_bands(stages)
    quiet = torch.randn(1, 2, 257, NUM_FRAMES)
    found = []
    for first in (88, 104):
        loud = quiet.clone()
        loud[:, :, first : first + 16] *= 4
        with torch.no_grad():
            found.append((stages(loud) - stages(quiet)).mean(dim=3)[0])  # [C, 4]
    assert min(maps.sum() for maps in found) > 0
    strongest = int((found[0] + found[1]).sum(dim=0).argmax())
    leans = (found[1] - found[0])[:, strongest].abs()  # what moving the band changes
    assert leans.max() > 3 * leans.min()


@pytest.mark.parametrize("batch_norm", [True, False])
def test_the_start_predicts_features_of_its_voices(tmp_path: Path, batch_norm: bool) -> None:
    folder = write_training_shards(tmp_path / "shards") / "pairs/train"
    torch.manual_seed(0)
    network = VoiceEncoder(feature_dim=D, width=1 / 16, batch_norm=batch_norm)
    pass_spectra(network)
    regress_last(network, network.fc2, folder, num_frames=NUM_FRAMES, precision=CPU)
    spectrograms, target, people = read_voices(folder, num_frames=NUM_FRAMES)
    assert len(people) == len(target)
    with torch.no_grad():
        error = (network.eval()(spectrograms.float()) - target).square().mean()
    assert error < 0.5 * target.var(dim=0, correction=0).mean()
    assert all(norm.momentum == 0.1 for norm in network.modules() if hasattr(norm, "momentum"))

from itertools import islice

import numpy as np
import torch

from models.svhf import Svhf
from tasks.training.fusion_start import Outputs, draw_triplets, pick_others

NUM_PEOPLE = 5
DIM = 3


def make_outputs() -> Outputs:
    """Two rows of each person; the first value is the person's number, the second that of the
    modality."""
    people = torch.arange(NUM_PEOPLE).repeat_interleave(2)
    rows = torch.stack((people, torch.zeros_like(people), torch.arange(len(people))), dim=1).float()
    return Outputs(rows, rows + torch.tensor([0.0, 1.0, 0.0]), people)


def draw(*, probe: str, step: int = 0) -> dict:
    batches = draw_triplets(make_outputs(), step, probe=probe, batch_size=64, entropy=(0,))
    return next(batches)


def test_one_candidate_is_the_probe_s_own_and_of_the_other_modality() -> None:
    for probe, modality in (("voice", 0), ("face", 1)):
        batch = draw(probe=probe)
        values = batch["joined"].unflatten(1, (3, DIM))  # [B, 3, 3]
        own = values[:, 1:, 0] == values[:, :1, 0]  # [B, 2]
        assert own.sum(dim=1).tolist() == [1] * 64
        assert (own.int().argmax(dim=1) == batch["answer"]).all()
        assert (values[:, 0, 1] == modality).all()
        assert (values[:, 1:, 1] == 1 - modality).all()


def test_a_step_s_triplets_do_not_depend_on_where_one_began() -> None:
    outputs = make_outputs()
    batches = draw_triplets(outputs, 0, probe="voice", batch_size=8, entropy=(0,))
    *_, third = islice(batches, 3)
    again = next(draw_triplets(outputs, 2, probe="voice", batch_size=8, entropy=(0,)))
    assert torch.equal(third["joined"], again["joined"])


def test_impostors_are_everybody_else_alike() -> None:
    people = torch.tensor([0, 0, 0, 1, 2, 2])
    rows = torch.arange(6).repeat(2000)
    others = pick_others(people, rows, random=torch.Generator().manual_seed(0))
    assert (people[others] != people[rows]).all()
    counts = others[rows == 3].bincount()
    np.testing.assert_allclose(counts[[0, 1, 2, 4, 5]], 400, atol=80)  # 4.5 deviations


def test_triplets_are_joined_as_the_network_joins_them() -> None:
    network = Svhf(width=0.004).eval()
    dim = network.embedding_dim
    outputs = Outputs(torch.randn(6, dim), torch.randn(6, dim), torch.arange(6))
    batch = next(draw_triplets(outputs, 0, probe="voice", batch_size=4, entropy=(0,)))
    parts = batch["joined"].unflatten(1, (3, dim))
    torch.testing.assert_close(
        network.compare(parts[:, 0], parts[:, 1:]), network.head(batch["joined"])
    )

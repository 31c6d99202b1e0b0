import numpy as np
import torch

from tasks.training.stream_start import average, compare_known, standardise


def test_people_are_their_recordings_mean() -> None:
    values = torch.tensor([[1.0, 2.0], [3.0, 6.0], [5.0, 5.0], [9.0, 9.0]])
    table = average(values, torch.tensor([1, 1, -1, 0]), count=3)
    np.testing.assert_allclose(table, [[9, 9], [2, 4], [np.nan, np.nan]])


def test_tables_are_centred_over_the_people_that_are_known() -> None:
    table = torch.randn(30, 4) * 3 + 7
    table[4] = torch.nan
    found = standardise(table)
    known = found[~found.isnan().any(dim=1)]
    assert len(known) == 29
    torch.testing.assert_close(known.mean(dim=0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(known.square().mean(), torch.tensor(1.0))


def test_people_without_pairs_teach_nothing() -> None:
    answers = torch.randn(3, 4, requires_grad=True)
    wanted = torch.randn(3, 4)
    wanted[1] = torch.nan
    loss = compare_known(answers, wanted)
    rows = [0, 2]
    torch.testing.assert_close(loss, (answers[rows] - wanted[rows]).square().mean())
    loss.backward()
    assert answers.grad[1].tolist() == [0, 0, 0, 0]
    assert compare_known(answers, torch.full((3, 4), torch.nan)).item() == 0

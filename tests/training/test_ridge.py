import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from tasks.training.ridge import choose_ridge, fit_ridge, split_people


def test_it_is_scikit_learns() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(2, 3, (40, 6)), random.normal(1, 1, (40, 4))
    scaler = StandardScaler().fit(x)
    scaler.scale_ = x.std(axis=0, ddof=1)
    expected = Ridge(alpha=0.3 * 40).fit(scaler.transform(x), y).predict(scaler.transform(x))
    line = fit_ridge(torch.from_numpy(x), torch.from_numpy(y), strength=0.3)
    np.testing.assert_allclose(line.predict(torch.from_numpy(x)), expected, atol=1e-10)


def test_a_gain_moves_answers_from_the_mean() -> None:
    torch.manual_seed(0)
    x, y = torch.rand(30, 3), torch.rand(30, 2)
    once, twice = (fit_ridge(x, y, strength=0.1, gain=gain).predict(x) for gain in (1.0, 2.0))
    centre = y.double().mean(dim=0)
    torch.testing.assert_close(twice - centre, 2 * (once - centre))


def test_the_choice_finds_what_there_is_to_find() -> None:
    torch.manual_seed(0)
    x = torch.randn(60, 5)
    y = x @ torch.randn(5, 12) + 3.0
    people = [f"p{row // 2}" for row in range(60)]
    choice = choose_ridge(x, y, people=people, strengths=[0.001, 100.0], gains=[1.0])
    assert choice.strength == 0.001
    assert choice.matching > 0.95


def test_folds_share_nobody() -> None:
    people = [f"p{row % 7}" for row in range(30)]
    folds = list(split_people(people))
    assert torch.stack(folds).sum(dim=0).tolist() == [1] * 30
    for out in folds:
        inside = {name for name, is_out in zip(people, out.tolist(), strict=True) if is_out}
        outside = {name for name, is_out in zip(people, out.tolist(), strict=True) if not is_out}
        assert not inside & outside


def test_too_few_people_are_refused() -> None:
    with pytest.raises(ValueError, match="4 people"):
        list(split_people(["a", "b", "c", "d"]))

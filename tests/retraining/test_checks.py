from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

from tasks.params.retrain import DataBounds
from tasks.retraining.checks import check_profile, compute_distance, compute_drift
from tasks.retraining.profile import (
    DataProfile,
    compute_quantiles,
    measure_profile,
    read_profile,
    write_profile,
)
from tests.fake_corpus import make_clips, write_fake_corpus


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_fake_corpus(folder, make_clips(120))
    return folder


@pytest.fixture
def profile(data: Path) -> DataProfile:
    return measure_profile(data)


def find_bad(new: DataProfile, live: DataProfile | None = None) -> list[str]:
    return [check.name for check in check_profile(new, live, DataBounds()) if not check.is_good]


def test_counts_and_shares_are_those_of_the_corpus(profile: DataProfile) -> None:
    clips = make_clips(120)
    kept = [clip for clip in clips if clip.loss is None]
    assert (profile.num_listed, profile.num_kept) == (120, len(kept))
    assert sum(profile.lost.values()) == pytest.approx(1 - len(kept) / 120, abs=1e-5)
    assert sum(profile.demographics["gender"].values()) == pytest.approx(1, abs=1e-5)
    test = {c.clip.identity for c in clips if c.split == "test" and any(c.flags.values())}
    assert profile.num_test_people == len(test - {None})


def test_a_data_set_is_within_bounds_of_itself(profile: DataProfile, tmp_path: Path) -> None:
    assert not find_bad(profile)
    write_profile(tmp_path / "p.json", profile)
    again = read_profile((tmp_path / "p.json").read_text(), "p.json")
    assert not find_bad(profile, again)
    assert not find_bad(again, profile)


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_distance_is_kolmogorov_and_smirnovs(shift: float) -> None:
    random = np.random.default_rng(0)
    old, new = random.normal(size=4000), random.normal(size=5000) + shift
    expected = ks_2samp(new, old).statistic
    found = compute_distance(compute_quantiles(new), compute_quantiles(old))
    assert found == pytest.approx(expected, abs=0.02)  # quantiles are 1 % apart


def test_a_distribution_of_one_value_is_told_from_another() -> None:
    old, new = (compute_quantiles(np.full(10, value)) for value in (3.0, 4.0))
    assert compute_distance(old, old) == 0
    assert compute_distance(new, old) == 1
    assert compute_distance([], old) == 1


def test_what_is_out_of_bounds_is_named(profile: DataProfile) -> None:
    fewer = replace(profile, num_kept=profile.num_kept // 2)
    assert find_bad(fewer, profile) == ["clips gone"]
    lost = {"download/removed": profile.lost["download/removed"] + 0.2}
    assert find_bad(replace(profile, lost={**profile.lost, **lost}), profile) == ["more clips lost"]
    women = {**profile.demographics, "gender": {"f": 1.0}}
    assert find_bad(replace(profile, demographics=women), profile) == ["shares by gender"]
    quieter = [value - 20 for value in np.linspace(-30, -20, 101)]
    loud = {**profile.quantiles, "loudness_db": list(np.linspace(-30, -20, 101))}
    quiet = {**profile.quantiles, "loudness_db": quieter}
    louder, quiet_one = replace(profile, quantiles=loud), replace(profile, quantiles=quiet)
    assert find_bad(quiet_one, louder) == ["distribution of loudness_db"]
    assert find_bad(replace(profile, face_encoder="another"), profile) == ["face features"]
    assert find_bad(replace(profile, num_test_people=1)) == ["people in test"]


def test_drift_is_in_units_of_the_spread(profile: DataProfile) -> None:
    live = replace(profile, feature_mean=[0.0, 0.0], feature_spread=2.0)
    moved = replace(live, feature_mean=[3.0, 4.0])
    assert compute_drift(moved, live) == pytest.approx(2.5)
    assert find_bad(moved, live) == ["drift of face features"]

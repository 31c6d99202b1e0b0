"""New data against bounds, and against the data of the version that is live."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tasks.params.retrain import DataBounds
from tasks.retraining.profile import NUM_QUANTILES, DataProfile


@dataclass(frozen=True)
class DataCheck:
    """One thing that was looked at: its value, the bound, and whether it holds."""

    name: str
    value: float
    bound: float
    is_good: bool
    words: str

    def __str__(self) -> str:
        return f"{self.name}: {self.words}"


def check_profile(
    profile: DataProfile, live: DataProfile | None, bounds: DataBounds
) -> list[DataCheck]:
    """All checks; those against `live` only where there is such a version."""
    checks = list(_check_alone(profile, bounds))
    if live is not None:
        checks += _check_against(profile, live, bounds)
    return checks


def _at_least(name: str, value: float, bound: float) -> DataCheck:
    return DataCheck(name, value, bound, value >= bound, f"{value:g}, at least {bound:g} wanted")


def _at_most(name: str, value: float, bound: float, more: str = "") -> DataCheck:
    words = f"{value:.3f}, at most {bound:g} wanted{more}"
    return DataCheck(name, value, bound, value <= bound, words)


def _check_alone(profile: DataProfile, bounds: DataBounds) -> Iterator[DataCheck]:
    yield _at_least("clips kept", profile.num_kept, bounds.min_kept)
    yield _at_least("people in test", profile.num_test_people, bounds.min_test_people)
    yield _at_most("share lost", sum(profile.lost.values()), bounds.max_lost)


def _check_against(
    profile: DataProfile, live: DataProfile, bounds: DataBounds
) -> Iterator[DataCheck]:
    shrink = 1 - profile.num_kept / max(1, live.num_kept)
    counts = f" ({live.num_kept} clips then, {profile.num_kept} now)"
    yield _at_most("clips gone", max(0.0, shrink), bounds.max_shrink, counts)
    yield _check_lost(profile.lost, live.lost, bounds)
    for name, values in profile.quantiles.items():
        distance = compute_distance(values, live.quantiles.get(name, ()))
        yield _at_most(f"distribution of {name}", distance, bounds.max_distance)
    for name, shares in profile.demographics.items():
        change = compute_variation(shares, live.demographics.get(name, {}))
        yield _at_most(f"shares by {name}", change, bounds.max_demographics_change)
    yield _check_features(profile, live, bounds)


def _check_lost(
    new: Mapping[str, float], old: Mapping[str, float], bounds: DataBounds
) -> DataCheck:
    """The reason whose share of the listed clips grew most."""
    growth = {name: share - old.get(name, 0.0) for name, share in new.items()} or {"nothing": 0.0}
    worst = max(growth, key=lambda name: growth[name])
    return _at_most(
        "more clips lost", max(0.0, growth[worst]), bounds.max_lost_change, f" ({worst})"
    )


def _check_features(profile: DataProfile, live: DataProfile, bounds: DataBounds) -> DataCheck:
    if profile.face_encoder != live.face_encoder:
        words = f"made by {profile.face_encoder}, those of the live version by {live.face_encoder}"
        return DataCheck("face features", 1.0, bounds.max_feature_drift, False, words)
    drift = compute_drift(profile, live)
    return _at_most("drift of face features", drift, bounds.max_feature_drift)


def compute_drift(profile: DataProfile, live: DataProfile) -> float:
    """Distance of the mean features in units of the live version's spread."""
    if not (profile.feature_mean and live.feature_mean and live.feature_spread):
        return 0.0
    moved = np.subtract(profile.feature_mean, live.feature_mean)
    return float(np.linalg.norm(moved) / live.feature_spread)


def compute_distance(new: Sequence[float], old: Sequence[float]) -> float:
    """Kolmogorov-Smirnov distance of two distributions, each given by its quantiles [Q]; 1 where
    only one of them has any."""
    if not new or not old:
        return float(bool(new) != bool(old))
    shares = np.linspace(0, 1, NUM_QUANTILES)
    places = np.unique(np.concatenate([new, old]))
    ours, theirs = (_share_below(places, values, shares) for values in (new, old))
    return float(np.max(np.abs(ours - theirs)))


def _share_below(
    places: np.ndarray[tuple[int], np.dtype[np.float64]],
    quantiles: Sequence[float],
    shares: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The distribution function, at the upper end of its steps."""
    values, last = np.unique(np.asarray(quantiles)[::-1], return_index=True)
    return np.interp(places, values, shares[::-1][last], left=0.0, right=1.0)


def compute_variation(new: Mapping[str, float], old: Mapping[str, float]) -> float:
    """Total variation distance of shares: half the sum of all changes."""
    if not new or not old:
        return float(bool(new) != bool(old))
    names = new.keys() | old.keys()
    return sum(abs(new.get(name, 0.0) - old.get(name, 0.0)) for name in names) / 2

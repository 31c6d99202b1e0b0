"""How far the predicted face features are from the true ones (ARS Table 4)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tasks.evaluation.ar_spm.names import CONSTANT
from tasks.evaluation.ar_spm.published import DISTANCES, SPACES, Space
from tasks.evaluation.bootstrap import Doubles
from tasks.evaluation.features import measure_features, rescale_to_degrees, score_features
from tasks.evaluation.scores import Floats, Indices, Score
from tasks.evaluation.store import Line

# True degrees, then degrees as ARS seems to have printed them: of the mean of 0.5 + 0.5·cos.
MEASURES = ("l1", "l2", "angle_deg", "rescaled_deg")


@dataclass(frozen=True)
class Predicted:
    """One model's answers: fused features [N, D], and those of its pictures [N, D].

    Face-to-face has pictures only; what has no pictures here has none.
    """

    unprimed: Floats | None
    primed: Floats | None

    def get(self, space: Space) -> Floats | None:
        return self.unprimed if space == "unprimed" else self.primed


def score_table4(
    models: Mapping[str, Predicted], true: Floats, *, people: Indices, seed: int = 0
) -> Iterator[Line]:
    """Labels: model, space, measure. `models` has CONSTANT, which is the baseline of every row."""
    for name, predicted in models.items():
        for space in SPACES:
            features = predicted.get(space)
            if features is None:
                continue
            constant = models[CONSTANT].get(space)
            assert constant is not None
            scores = score_distances(
                features,
                true,
                people=people,
                constant=constant[0],
                published=DISTANCES.get(name, {}).get(space),
                seed=seed,
            )
            for measure, score in scores.items():
                yield Line("table4", (name, space, measure), score)


def score_distances(
    predicted: Floats,
    true: Floats,
    *,
    people: Indices,
    constant: Floats,
    published: tuple[float, float, float] | None,
    seed: int = 0,
) -> dict[str, Score]:
    """By MEASURES; `published` are L1, L2 and degrees, the degrees standing beside both scales."""
    printed = dict(zip(("l1", "l2", "angle_deg"), published or (), strict=False))
    found = score_features(
        predicted, true, people=people, constant=constant, published=printed, seed=seed
    )
    scores = {name: found[name].mean for name in ("l1", "l2", "angle_deg")}
    rescaled = to_rescaled_degrees(found["rescaled_cosine"].mean)
    return scores | {"rescaled_deg": replace(rescaled, published=printed.get("angle_deg"))}


def to_rescaled_degrees(score: Score) -> Score:
    """Of a mean of 0.5 + 0.5·cos; the larger the mean, the smaller the angle."""

    def convert(value: float | None) -> float | None:
        return None if value is None else rescale_to_degrees(value)

    return replace(
        score,
        name="rescaled_deg",
        value=convert(score.value),
        low=convert(score.high),
        high=convert(score.low),
        chance=convert(score.chance),
        constant=convert(score.constant),
    )


def measure_angles(predicted: Floats, true: Floats) -> Doubles:
    """Degrees [N]."""
    return measure_features(predicted, true)["angle_deg"]

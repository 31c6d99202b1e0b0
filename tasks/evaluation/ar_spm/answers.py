"""What every model of Table 4, and the constant predictors, answer for the held-out voices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from tasks.data.readers import decode_faces
from tasks.evaluation.ar_spm.distances import Predicted
from tasks.evaluation.ar_spm.names import (
    CONSTANT,
    CONSTANT_BY_GENDER,
    FACE_TO_FACE,
    ORIGINAL,
)
from tasks.evaluation.ar_spm.published import DISTANCES
from tasks.evaluation.ar_spm.system import (
    NUM_CHECKED,
    Seen,
    System,
    check_pictures,
    predict_features,
    see_again,
)
from tasks.evaluation.held_out import HeldOut
from tasks.evaluation.linear_head import Attributes, select
from tasks.evaluation.scores import Floats, Indices
from tasks.training.genders import FEMALE, MALE

VOICE_GENDER = "gender of the voice"


@dataclass(frozen=True)
class Answers:
    """By model, in Table 4's order, constant predictors last; `is_male` [N] by the voice.

    `has_face` says of each model's first pictures whether a face is found in them, `packaged` what
    the packaged classifier sees, if it is installed.
    """

    models: Mapping[str, Predicted]
    has_face: Mapping[str, Floats]
    packaged: Mapping[str, Attributes]
    is_male: Tensor

    def select(self, names: Iterable[str]) -> dict[str, Floats]:
        """Fused features [N, D] of models that have them."""
        found = {name: self.models[name].unprimed for name in names}
        return {name: features for name, features in found.items() if features is not None}

    @property
    def genders(self) -> list[str]:
        """Of the voices, as the classifier hears them."""
        return [MALE if male else FEMALE for male in self.is_male.tolist()]


def answer_voices(system: System, spectrograms: Iterable[Tensor], held_out: HeldOut) -> Answers:
    """`spectrograms` are the voices of `held_out`, whose faces are answered face-to-face."""
    true = held_out.features
    found = predict_features(
        {**system.predicts, VOICE_GENDER: system.classifier},
        spectrograms,
        precision=system.precision,
    )
    is_male = torch.from_numpy(found.pop(VOICE_GENDER)) > 0
    names = [FACE_TO_FACE, *sorted(found, key=[*DISTANCES].index)]
    models: dict[str, Predicted] = {}
    own = check_pictures(list(decode_faces(held_out.faces[:NUM_CHECKED])))
    seen = {ORIGINAL: Seen(true, *own)}
    for name in names:
        fused = found.get(name)
        seen[name] = see_again(system, true if fused is None else fused)
        models[name] = Predicted(fused, seen[name].features)
    priors = system.priors
    means = torch.stack([priors.neutral, priors.female, priors.male]).numpy()  # [3, D]
    pictures = see_again(system, means)
    rows = {CONSTANT: torch.zeros(len(true)).long(), CONSTANT_BY_GENDER: 1 + is_male.long()}
    for name, row in rows.items():
        seen[name] = _repeat(pictures, row.numpy())
        models[name] = Predicted(means[row.numpy()], seen[name].features)
    return Answers(
        models,
        {name: item.has_face for name, item in seen.items()},
        {name: item.packaged for name, item in seen.items() if item.packaged is not None},
        is_male,
    )


def _repeat(pictures: Seen, rows: Indices) -> Seen:
    first = rows[:NUM_CHECKED]
    packaged = None if pictures.packaged is None else select(pictures.packaged, first)
    return Seen(pictures.features[rows], pictures.has_face[first], packaged)

"""How much of a face can be learnt from a voice of the embedded corpus, before any network?

`python -m benchmarks.ceilings SHARDS` prints 1:2 matching of training people who were left out of
ridge regressions (five folds; test people are not looked at) to the face features: from what the
corpus drew a person by, and from the mean magnitudes of the voice's spectrogram. Chance is 0.5. A
gain moves answers away from the mean: what is regressed lies near it, and matching suffers.
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tasks.data.readers import name_person, read_batches
from tasks.sample.people import AgeGroup, Gender, draw_person
from tasks.training.ridge import fit_ridge, match, split_people

COLUMNS = ("spectrogram", "face_feature", "identity", "video_id")
GAINS = (1.0, 2.0, 4.0)
STRENGTHS = {"attributes": 0.01, "gender": 0.01, "spectrum": 0.3}


def read_inputs(folder: Path) -> tuple[dict[str, Tensor], Tensor, list[str]]:
    """Inputs [N, E] by name, face features [N, D] and people."""
    spectra, features, people = [], [], list[str]()
    for batch in read_batches(folder, columns=COLUMNS):
        parts = np.asarray(batch["spectrogram"], np.float32)  # [B, 2, T, 257]
        spectra.append(torch.from_numpy(np.hypot(parts[:, 0], parts[:, 1]).mean(axis=1)))
        features.append(torch.tensor(batch["face_feature"]))
        people += [name_person(batch, row) for row in range(len(parts))]
    attributes = torch.tensor([list_attributes(person) for person in people])
    inputs = {
        "attributes": attributes,
        "gender": attributes[:, :1],
        "spectrum": torch.cat(spectra),
    }
    return inputs, torch.cat(features), people


def list_attributes(identity: str) -> list[float]:
    """What voice and face of a synthetic person share."""
    about = draw_person(int(identity.rpartition("-")[2])).attributes
    is_male = float(about.gender is Gender.male)
    groups = [float(about.age_group is group) for group in (AgeGroup.child, AgeGroup.old)]
    return [is_male, *groups, *(is_male * g for g in groups), about.age, about.size, about.heft]


def measure(
    inputs: Mapping[str, Tensor], features: Tensor, people: list[str]
) -> Iterator[tuple[str, float, float]]:
    """(input, gain, matching), mean over the folds."""
    for name, values in inputs.items():
        for gain in GAINS:
            rates = []
            for out in split_people(people):
                line = fit_ridge(values[~out], features[~out], strength=STRENGTHS[name], gain=gain)
                own = [who for who, is_out in zip(people, out.tolist(), strict=True) if is_out]
                rates.append(match(line.predict(values[out]), features[out], people=own))
            yield name, gain, sum(rates) / len(rates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shards", type=Path)
    torch.set_num_threads(1)
    for name, gain, rate in measure(*read_inputs(parser.parse_args().shards / "pairs/train")):
        print(f"{name}, gain {gain:g}: {rate:.3f}")


if __name__ == "__main__":
    main()

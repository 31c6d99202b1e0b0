"""WEN's printed numbers (SPEC 1.1, 5.1, 5.2), shares from 0 to 1."""

from collections.abc import Mapping

# Table 3 by system, split and stratum: U all people, G of one gender.
TABLE_3: Mapping[tuple[str, str, str], float] = {
    ("SVHF", "test", "U"): 0.8100,
    ("SVHF", "test", "G"): 0.6520,
    ("DIMNet-I", "test", "U"): 0.8345,
    ("DIMNet-I", "test", "G"): 0.7091,
    ("DIMNet-G", "test", "U"): 0.7290,
    ("DIMNet-G", "test", "G"): 0.5032,
    ("WEN", "train", "U"): 0.9683,
    ("WEN", "train", "G"): 0.9398,
    ("WEN", "test", "U"): 0.7607,
    ("WEN", "test", "G"): 0.5969,
}
# Computed from the test set's genders (SPEC 5.2), not printed.
ORACLE = {"U": 0.736, "G": 0.5}
# sigmoid(D(G(e(v)))) of 1,000 samples each: mean and standard deviation.
REALNESS = {"voices": (0.09, 0.13), "noise": (0.06, 0.07)}
HELD_OUT = {"top-1": 0.617, "top-5": 0.823}
GENDER = {"generated": 0.9645, "real": 0.9897}
# Table 1, by what is counted and split.
TABLE_1: Mapping[str, Mapping[str, int]] = {
    "speech segments": {"train": 113_322, "val": 14_182, "test": 21_850},
    "face images": {"train": 106_584, "val": 12_533, "test": 20_455},
    "subjects": {"train": 924, "val": 112, "test": 189},
}

"""The numbers that AR-SPM prints (SPEC 5.6): Tables 1, 4, 5 and 6."""

from collections.abc import Mapping
from typing import Literal

from tasks.evaluation.ar_spm.names import FACE_TO_FACE

Space = Literal["unprimed", "primed"]
SPACES: tuple[Space, ...] = ("unprimed", "primed")
MEASURES = ("l1", "l2", "cos_deg")

PRIORS = ("neutral", "male", "female")
SIZES = (10, 50, 100, 500, 1000, 5000, 10000)
# Table 1: L1 between the means of two numbers of faces, by prior in the order of PRIORS.
PRIOR_STEPS: Mapping[tuple[int, int], tuple[float, float, float]] = {
    (10, 50): (27.861, 43.908, 36.924),
    (50, 100): (12.155, 24.302, 16.318),
    (100, 500): (10.179, 14.937, 15.256),
    (500, 1000): (3.815, 5.059, 5.797),
    (1000, 5000): (3.176, 4.254, 4.505),
    (5000, 10000): (1.179, 1.967, 1.913),
}

# Table 4 in the order of MEASURES: the fused feature (unprimed), then the picture's (primed).
DISTANCES: Mapping[str, Mapping[Space, tuple[float, float, float]]] = {
    FACE_TO_FACE: {"primed": (97.158, 1.890, 14.534)},
    "non-prior": {"unprimed": (162.957, 3.176, 29.191), "primed": (179.594, 3.499, 30.231)},
    "neutral+fc": {"unprimed": (126.524, 2.470, 15.204), "primed": (144.027, 2.809, 25.842)},
    "neutral": {"unprimed": (143.335, 2.795, 27.748), "primed": (148.610, 2.897, 25.973)},
    "gender+fc": {"unprimed": (155.008, 3.023, 28.115), "primed": (171.860, 3.350, 29.308)},
    "gender": {"unprimed": (145.192, 2.831, 27.994), "primed": (150.900, 2.941, 26.104)},
    "female": {"unprimed": (128.641, 2.501, 19.438), "primed": (156.399, 3.048, 21.721)},
    "male": {"unprimed": (130.861, 2.542, 19.610), "primed": (152.985, 2.981, 21.409)},
}

# Table 5, shares: male, female, total.
GENDERS = ("male", "female", "total")
GENDER_ACCURACY: Mapping[str, tuple[float, float, float]] = {
    FACE_TO_FACE: (0.974, 0.927, 0.955),
    "non-prior": (0.956, 0.898, 0.932),
    "neutral+fc": (0.979, 0.899, 0.947),
    "female": (0.877, 0.936, 0.901),
    "male": (0.974, 0.680, 0.858),
}

# Table 6, shares: young, mid, elder, total. Only "neutral+fc" is printed intact; in the others
# young and mid may be swapped (SPEC 5.6, ambiguity 30).
AGES = ("young", "mid", "elder", "total")
AGE_ACCURACY: Mapping[str, tuple[float, float, float, float]] = {
    FACE_TO_FACE: (0.760, 0.705, 0.467, 0.703),
    "non-prior": (0.536, 0.655, 0.331, 0.571),
    "neutral+fc": (0.676, 0.661, 0.512, 0.652),
    "female": (0.704, 0.555, 0.235, 0.630),
    "male": (0.642, 0.648, 0.404, 0.629),
}

# Of speech; what it was measured on is not printed (SPEC 3.5).
VOICE_GENDER_ACCURACY = 0.9701

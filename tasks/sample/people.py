"""Hidden attributes of a synthetic person, and the voice and face that follow from them.

Sex, age, size and heft shape both voice and face, so a face can be learnt from a voice. Ethnicity
is drawn from a random stream of its own and never reaches the voice: whatever a model claims to
know about it from sound alone is a leak.
All numbers are chosen, by ear and eye, within the ranges of human voices and of MakeHuman's heads.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

ATTRIBUTE_STREAM, VOICE_STREAM, ETHNICITY_STREAM, FACE_STREAM = range(4)

Rgb = tuple[float, float, float]


class Gender(StrEnum):
    male = "m"
    female = "f"


class AgeGroup(StrEnum):
    child = "child"
    adult = "adult"
    old = "old"


class Ethnicity(StrEnum):
    """The three head types of MakeHuman, by its own names."""

    african = "african"
    asian = "asian"
    caucasian = "caucasian"


AGE_RANGES_YEARS = {AgeGroup.child: (8, 12), AgeGroup.adult: (20, 50), AgeGroup.old: (62, 85)}
AGE_GROUP_SHARES = {AgeGroup.child: 0.15, AgeGroup.adult: 0.5, AgeGroup.old: 0.35}


@dataclass(frozen=True)
class Attributes:
    """What voice and face share; `size` and `heft` are standard normal."""

    gender: Gender
    age_group: AgeGroup
    age: int
    size: float
    heft: float


@dataclass(frozen=True)
class Voice:
    """How one synthetic voice is bent into another.

    `f0_scale` and `formant_scale` are factors (a formant scale below 1 is a longer vocal tract),
    `prosody_scale` multiplies the spread of log F0, `jitter` is the standard deviation of log F0
    from one 12.5 ms frame to the next.
    """

    f0_scale: float
    formant_scale: float
    tilt_db_per_octave: float
    breath_db: float
    jitter: float
    prosody_scale: float
    speed: float


@dataclass(frozen=True)
class Face:
    """A head's shape in MakeHuman's terms, colours as RGB 0-255, and shares in [0, 1].

    `femininity` is 0 for the male and 1 for the female base head; `head_age` is 1/3 at 10, 2/3 at
    25 and 1 at 90 years; `weight` is 0.5 on average; `local` are named local changes in [-1, 1].
    """

    femininity: float
    head_age: float
    ethnicity: Ethnicity
    weight: float
    local: tuple[tuple[str, float], ...]
    skin: Rgb
    hair: Rgb
    iris: Rgb
    hairstyle: str
    beard: float
    wrinkles: float
    seed: int


@dataclass(frozen=True)
class Person:
    identity: str
    attributes: Attributes
    ethnicity: Ethnicity
    voice: Voice
    face: Face


SKINS: dict[Ethnicity, Rgb] = {
    Ethnicity.african: (128, 86, 64),
    Ethnicity.asian: (228, 188, 154),
    Ethnicity.caucasian: (230, 184, 162),
}
DARK_HAIR: Rgb = (30, 24, 22)
LIGHT_HAIRS: tuple[Rgb, ...] = ((62, 42, 30), (110, 76, 48), (176, 138, 86), (128, 58, 32))
DARK_IRIS: Rgb = (62, 40, 26)
LIGHT_IRISES: tuple[Rgb, ...] = ((84, 112, 132), (88, 104, 62), (104, 72, 44))
GREY: Rgb = (196, 194, 190)

WOMENS_HAIR = {"long": 0.35, "bob": 0.2, "bun": 0.2, "fringe": 0.15, "short": 0.1}
MENS_HAIR = {"short": 0.35, "crop": 0.25, "side": 0.2, "curly": 0.15, "long": 0.05}
OLD_MENS_HAIR = {"bald": 0.3, "receding": 0.35, "short": 0.2, "side": 0.15}

FREE_LOCAL_CHANGES = (
    "chin-height-incr",
    "chin-prominent-incr",
    "nose-scale-horiz-incr",
    "nose-hump-incr",
    "nose-volume-incr",
    "head-scale-horiz-incr",
    "forehead-scale-vert-incr",
    "mouth-scale-horiz-incr",
    "eye-scale-incr",
)


def draw_person(seed: int) -> Person:
    """The person of one seed; the same seed gives the same person on every machine."""
    attributes = draw_attributes(_make_stream(seed, ATTRIBUTE_STREAM))
    ethnicity = draw_ethnicity(_make_stream(seed, ETHNICITY_STREAM))
    return Person(
        identity=f"person-{seed:04d}",
        attributes=attributes,
        ethnicity=ethnicity,
        voice=draw_voice(attributes, _make_stream(seed, VOICE_STREAM)),
        face=draw_face(attributes, ethnicity, rng=_make_stream(seed, FACE_STREAM), seed=seed),
    )


def draw_attributes(rng: np.random.Generator) -> Attributes:
    group = rng.choice(list(AGE_GROUP_SHARES), p=list(AGE_GROUP_SHARES.values()))
    youngest, oldest = AGE_RANGES_YEARS[AgeGroup(group)]
    return Attributes(
        gender=Gender.male if rng.random() < 0.5 else Gender.female,
        age_group=AgeGroup(group),
        age=int(rng.integers(youngest, oldest + 1)),
        size=float(np.clip(rng.normal(), -2, 2)),
        heft=float(np.clip(rng.normal(), -2, 2)),
    )


def draw_ethnicity(rng: np.random.Generator) -> Ethnicity:
    return list(Ethnicity)[int(rng.integers(len(Ethnicity)))]


def draw_voice(attributes: Attributes, rng: np.random.Generator) -> Voice:
    """Bends the base voice (a woman's, mean F0 about 200 Hz)."""
    male, group = attributes.gender is Gender.male, attributes.age_group
    child, old = group is AgeGroup.child, group is AgeGroup.old
    f0 = 1.25 if child else 0.56 if male else 1.0
    formant = 1.13 if child else 0.86 if male else 1.0
    ageing = {True: 1.07, False: 0.9}[male] if old else 1.0
    frailty = max(0.0, (attributes.age - 50) / 35)
    return Voice(
        f0_scale=float(f0 * ageing * np.exp(-0.10 * attributes.size + 0.04 * rng.normal())),
        formant_scale=float(formant * np.exp(-0.035 * attributes.size + 0.008 * rng.normal())),
        tilt_db_per_octave=float(-2 * frailty + 1.2 * attributes.heft + 0.4 * rng.normal()),
        breath_db=float(6 * frailty + 1.2 * rng.normal()),
        jitter=0.004 + 0.022 * frailty,
        prosody_scale=float((0.85 if male else 1.0) * np.exp(0.2 * rng.normal())),
        speed=float((1 - 0.14 * frailty) * np.exp(0.05 * rng.normal())),
    )


def draw_face(
    attributes: Attributes, ethnicity: Ethnicity, *, rng: np.random.Generator, seed: int
) -> Face:
    male, group = attributes.gender is Gender.male, attributes.age_group
    wrinkles = float(np.clip((attributes.age - 30) / 45, 0, 1))
    wears_beard = male and group is not AgeGroup.child and rng.random() < 0.35
    return Face(
        femininity=0.04 if male else 0.96,
        head_age=compute_head_age(attributes.age),
        ethnicity=ethnicity,
        weight=float(np.clip(0.5 + 0.2 * attributes.heft + 0.05 * rng.normal(), 0, 1)),
        local=_draw_local_changes(attributes, rng),
        skin=_shift(SKINS[ethnicity], 9 * rng.normal()),
        hair=_draw_hair(attributes, ethnicity, rng=rng),
        iris=_draw_iris(ethnicity, rng),
        hairstyle=_draw_hairstyle(attributes, rng),
        beard=float(rng.uniform(0.4, 0.9)) if wears_beard else 0.0,
        wrinkles=wrinkles,
        seed=seed,
    )


def compute_head_age(years: float) -> float:
    """MakeHuman's age scale: 10, 25 and 90 years at 1/3, 2/3 and 1 (as anny uses it)."""
    return float(np.interp(years, (1, 10, 25, 90), (0, 1 / 3, 2 / 3, 1)))


def _make_stream(seed: int, stream: int) -> np.random.Generator:
    return np.random.default_rng((seed, stream))


def _draw_local_changes(
    attributes: Attributes, rng: np.random.Generator
) -> tuple[tuple[str, float], ...]:
    changes = {name: 0.35 * rng.normal() for name in FREE_LOCAL_CHANGES}
    eye_scale = changes.pop("eye-scale-incr")
    changes |= {
        "l-eye-scale-incr": eye_scale,
        "r-eye-scale-incr": eye_scale,
        "chin-width-incr": 0.45 * attributes.size,
        "head-scale-vert-incr": 0.4 * attributes.size,
        "head-fat-incr": 0.4 * attributes.heft,
        "head-age-incr": max(0.0, (attributes.age - 45) / 40),
    }
    return tuple((name, float(np.clip(amount, -1, 1))) for name, amount in changes.items())


def _draw_hair(attributes: Attributes, ethnicity: Ethnicity, *, rng: np.random.Generator) -> Rgb:
    light = LIGHT_HAIRS[int(rng.integers(len(LIGHT_HAIRS)))]
    hair = np.array(light if ethnicity is Ethnicity.caucasian else DARK_HAIR)
    grey = float(np.clip((attributes.age - 45) / 35 + 0.15 * rng.normal(), 0, 1))
    if attributes.age_group is not AgeGroup.old:
        grey *= 0.5
    return _shift(hair * (1 - grey) + np.array(GREY) * grey, 5 * rng.normal())


def _draw_iris(ethnicity: Ethnicity, rng: np.random.Generator) -> Rgb:
    light = LIGHT_IRISES[int(rng.integers(len(LIGHT_IRISES)))]
    return light if ethnicity is Ethnicity.caucasian else DARK_IRIS


def _draw_hairstyle(attributes: Attributes, rng: np.random.Generator) -> str:
    if attributes.gender is Gender.female:
        shares = WOMENS_HAIR
    else:
        shares = OLD_MENS_HAIR if attributes.age_group is AgeGroup.old else MENS_HAIR
    return str(rng.choice(list(shares), p=list(shares.values())))


def _shift(colour: Rgb | np.ndarray, amount: float) -> Rgb:
    red, green, blue = np.clip(np.asarray(colour, float) + amount, 5, 250).tolist()
    return red, green, blue

"""What the galleries of the report on Wen et al. show: pictures uint8 [R, C, 64, 64, 3].

A place without a picture is white.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from models.voice2face import stretch_pictures
from tasks.evaluation.galleries import Gallery, Pixels
from tasks.evaluation.noise import DURATIONS_S
from tasks.evaluation.voice2face.corpus import Faces, Voices
from tasks.evaluation.voice2face.durations import Durations, Segments

NUM_SPEAKERS = 4  # of Fig. 3; as many in Fig. 5
PAPERS_SPEAKERS = ("Danica_McKellar", "Cindy_Williams", "Damian_Lewis", "Eva_Green")
NUM_EXAMPLES = 6  # of Fig. 4
SIDE = 64
OWN = "own face"
Rows = Sequence[tuple[str, Sequence[Pixels | None]]]
WHITE = np.full((SIDE, SIDE, 3), 255, np.uint8)


def convert_pictures(faces: Tensor) -> Pixels:
    """Generated faces [N, 3, 64, 64] as they are saved (SPEC 3.1): uint8 [N, 64, 64, 3]."""
    scaled = (stretch_pictures(faces) * 255).round().to(torch.uint8)
    pictures: Pixels = scaled.permute(0, 2, 3, 1).contiguous().numpy()
    return pictures


def lay_out(rows: Rows, columns: Sequence[str]) -> Gallery:
    grid = [[WHITE if picture is None else picture for picture in row] for _, row in rows]
    pictures = np.stack([np.stack(row) for row in grid])
    return Gallery(tuple(label for label, _ in rows), tuple(columns), pictures, shows=(OWN,))


def show_noise(made: Mapping[tuple[str, float], Tensor]) -> Gallery:
    """Fig. 2: one face of each kind and duration."""
    kinds = list(dict.fromkeys(kind for kind, _ in made))
    rows = [
        (kind, [convert_pictures(made[kind, seconds][:1])[0] for seconds in DURATIONS_S])
        for kind in kinds
    ]
    return lay_out(rows, [f"{seconds:.0f} s" for seconds in DURATIONS_S])


def show_durations(drawn: Durations, real: Faces) -> Gallery | None:
    """Fig. 3: the paper's four speakers where they are, else those of whom there is enough."""
    longest = max((s for s, people in drawn.people.items() if people), default=None)
    if longest is None:
        return None
    people = drawn.people[longest]
    chosen = [name for name in PAPERS_SPEAKERS if name in people] or list(people)[:NUM_SPEAKERS]
    rows: list[tuple[str, Sequence[Pixels | None]]] = []
    for name in chosen:
        row: list[Pixels | None] = []
        for seconds in DURATIONS_S:
            known = list(drawn.people[seconds])
            place = known.index(name) if name in known else None
            faces = drawn.faces.get(seconds)
            found = None if place is None or faces is None else faces[place : place + 1]
            row.append(None if found is None else convert_pictures(found)[0])
        rows.append((name, [*row, find_face(real, name)]))
    return lay_out(rows, [*(f"{seconds:.0f} s" for seconds in DURATIONS_S), OWN])


def show_segments(segments: Segments | None, real: Faces) -> Gallery | None:
    """Fig. 5: faces of the segments of one speaker in a row."""
    if segments is None:
        return None
    rows: list[tuple[str, Sequence[Pixels | None]]] = []
    for number, name in enumerate(segments.people[:NUM_SPEAKERS]):
        row = list(convert_pictures(segments.faces[segments.owners == number]))
        rows.append((name, [*row, find_face(real, name)]))
    num_segments = int((segments.owners == 0).sum())
    return lay_out(rows, [*(str(number + 1) for number in range(num_segments)), OWN])


def show_examples(voices: Voices, real: Faces) -> Gallery | None:
    """Fig. 4: faces of women, of men and of the oldest, and below their own."""
    rows: list[tuple[str, Sequence[Pixels | None]]] = []
    for label, chosen in choose_examples(voices).items():
        if chosen:
            made = list(convert_pictures(voices.pictures[torch.tensor(chosen)]))
            gap: list[Pixels | None] = [None] * (NUM_EXAMPLES - len(chosen))
            own = [find_face(real, voices.who.items.people[row]) for row in chosen]
            rows += [(label, [*made, *gap]), (OWN, [*own, *gap])]
    return lay_out(rows, [""] * NUM_EXAMPLES) if rows else None


def choose_examples(voices: Voices) -> dict[str, list[int]]:
    """Rows of up to NUM_EXAMPLES different people each."""
    who = voices.who
    first: dict[str, int] = {}
    for row, person in enumerate(who.items.people):
        first.setdefault(person, row)
    rows = list(first.values())
    aged = [row for row in rows if who.labels["age group"][row] is not None]
    oldest = sorted(aged, key=lambda row: str(who.labels["age group"][row]), reverse=True)
    by_gender = {
        words: [row for row in rows if who.labels["gender"][row] == gender]
        for words, gender in (("women", "f"), ("men", "m"))
    }
    return {name: found[:NUM_EXAMPLES] for name, found in {**by_gender, "oldest": oldest}.items()}


def find_face(real: Faces, person: str) -> Pixels | None:
    """The person's first picture."""
    if person not in real.who.items.people:
        return None
    picture: Pixels = real.pictures[list(real.who.items.people).index(person)].numpy()
    return picture

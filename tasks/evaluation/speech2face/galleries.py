"""What the galleries of Speech2Face's report show: pictures uint8 [R, C, 224, 224, 3]."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from tasks.data.readers import decode_faces
from tasks.evaluation.bootstrap import encode_people
from tasks.evaluation.distances import measure_distances
from tasks.evaluation.features import measure_features
from tasks.evaluation.galleries import Gallery, Pixels
from tasks.evaluation.held_out import HeldOut
from tasks.evaluation.scores import Floats, Indices
from tasks.evaluation.speech2face.examine import Examined
from tasks.evaluation.speech2face.names import DEFAULT
from tasks.evaluation.speech2face.pictures import Draw

ORIGINAL, FROM_FACE, FROM_VOICE = "original", "from face", "from voice"
NEAREST = 5  # S2F Fig. 7
OTHER_VIDEOS = 2  # a row of Fig. 10, chosen


def choose_people(held_out: HeldOut, rows: Indices, *, count: int, seed: int = 0) -> Indices:
    """A clip each of `count` different people among `rows`, or of all there are."""
    codes = encode_people([held_out.people[row] for row in rows])
    _, first = np.unique(codes, return_index=True)
    chosen = np.random.default_rng(seed).permutation(first)[:count]
    people: Indices = rows[np.sort(chosen)]
    return people


def show_originals(held_out: HeldOut, rows: Indices) -> Pixels:
    return decode_faces([held_out.faces[row] for row in rows])


def build_lengths(
    held_out: HeldOut, rows: Indices, heard: Mapping[str, Floats], draw: Draw
) -> Gallery:
    """Fig. 3 and 6: original, from the face, and from the voice at every length.

    Captions: angle between the features of voice and face.
    """
    true = held_out.features[rows]
    columns = [show_originals(held_out, rows), draw(true)]
    captions = [[""] * len(rows), [""] * len(rows)]
    for features in heard.values():
        columns.append(draw(features[rows]))
        captions.append(_write_angles(features[rows], true))
    names = (ORIGINAL, FROM_FACE, *(f"{FROM_VOICE}, {length}" for length in heard))
    return _stack([held_out.people[row] for row in rows], names, columns, captions)


def _write_angles(first: Floats, second: Floats) -> list[str]:
    return [f"{angle:.0f}°" for angle in measure_features(first, second)["angle_deg"]]


def _stack(
    rows: Sequence[str],
    names: Sequence[str],
    columns: Sequence[Pixels],
    captions: Sequence[Sequence[str]],
) -> Gallery:
    return Gallery(
        tuple(rows),
        tuple(names),
        np.stack(columns, axis=1),  # [R, C, 224, 224, 3]
        tuple(zip(*captions, strict=True)),
        tuple(name for name in names if name == ORIGINAL or name.isdigit()),
    )


def build_nearest(held_out: HeldOut, rows: Indices, voices: Floats, draw: Draw) -> Gallery:
    """Fig. 7: the picture from the voice and the faces whose features are nearest to the voice's.

    Captions: the person, with a mark at the true one.
    """
    order = rank_faces(voices[rows], held_out.features)[:, :NEAREST]  # [R, K]
    columns = [show_originals(held_out, rows), draw(voices[rows])]
    captions = [[held_out.people[row] for row in rows], [""] * len(rows)]
    for place in order.T:
        columns.append(show_originals(held_out, place))
        own, near = ([held_out.people[row] for row in found] for found in (rows, place))
        captions.append([f"{b}{' ✓' if a == b else ''}" for a, b in zip(own, near, strict=True)])
    names = (ORIGINAL, FROM_VOICE, *(str(place + 1) for place in range(order.shape[1])))
    return _stack([held_out.people[row] for row in rows], names, columns, captions)


def rank_faces(voices: Floats, faces: Floats) -> Indices:
    """Faces [G, D] from near to far, by cosine, of each of voices [R, D]: [R, G]."""
    left, right = (torch.from_numpy(np.ascontiguousarray(v, np.float32)) for v in (voices, faces))
    matrix = measure_distances(left, right, ("cosine",))["cosine"].matrix
    order: Indices = matrix.argsort(dim=1, stable=True).numpy()
    return order


def build_segments(
    held_out: HeldOut,
    rows: Indices,
    voices: Floats,
    draw: Draw,
    *,
    videos: Sequence[str],
    parts: tuple[Floats, Floats] | None,
) -> Gallery:
    """Fig. 10: two parts of a clip, then clips of the same person's other videos.

    Captions: angle to the picture on the left of the row, in features of the voice.
    """
    shown: list[list[Floats]] = []
    for row in rows:
        others = find_other_videos(held_out.people, videos, int(row))[:OTHER_VIDEOS]
        own = [voices[row]] if parts is None else [part[row] for part in parts]
        found = [*own, *(voices[other] for other in others)]
        shown.append(found + [found[0]] * (OTHER_VIDEOS - len(others)))
    columns = [np.stack(column) for column in zip(*shown, strict=True)]
    captions = [[""] * len(rows), *(_write_angles(column, columns[0]) for column in columns[1:])]
    names = ["whole clip"] if parts is None else ["first part", "last part"]
    names += [f"other video {number}" for number in range(1, OTHER_VIDEOS + 1)]
    people = [held_out.people[row] for row in rows]
    return _stack(people, names, [draw(column) for column in columns], captions)


def find_other_videos(people: Sequence[str], videos: Sequence[str], row: int) -> list[int]:
    """A clip of each further video of the person of `row`."""
    found: dict[str, int] = {}
    for other, (person, video) in enumerate(zip(people, videos, strict=True)):
        if person == people[row] and video != videos[row]:
            found.setdefault(video, other)
    return list(found.values())


def build_variants(
    held_out: HeldOut, rows: Indices, variants: Mapping[str, Floats], draw: Draw
) -> Gallery:
    """Fig. 8: pictures from the voice by networks trained in other ways.

    Captions: angle between the features of voice and face.
    """
    columns, captions = [show_originals(held_out, rows)], [[""] * len(rows)]
    for features in variants.values():
        columns.append(draw(features[rows]))
        captions.append(_write_angles(features[rows], held_out.features[rows]))
    people = [held_out.people[row] for row in rows]
    return _stack(people, (ORIGINAL, *variants), columns, captions)


def show_all(examined: Examined, draw: Draw, *, count: int, seed: int = 0) -> dict[str, Gallery]:
    """Every gallery of the report, of up to `count` people; Fig. 7 shows others than the rest."""
    held_out, heard = examined.held_out, examined.heard
    chosen = choose_people(held_out, examined.drawn.rows, count=2 * count, seed=seed)
    rows, others = chosen[::2], chosen[1::2] if len(chosen) > 1 else chosen
    found = {
        "triplets": build_lengths(held_out, rows, heard.features, draw),
        "nearest": build_nearest(held_out, others, heard.whole, draw),
        "segments": build_segments(
            held_out, rows, heard.whole, draw, videos=examined.videos, parts=examined.parts
        ),
    }
    if examined.variants:
        variants = {DEFAULT: heard.whole, **examined.variants}
        found["variants"] = build_variants(held_out, rows, variants, draw)
    return found

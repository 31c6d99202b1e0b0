"""Who is in train, val and test (SPEC 1.1, 1.3), and whether anyone is in two."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from unicodedata import normalize

from tasks.params import SplitParams
from tasks.records import Clip

VOXCELEB = ("voxceleb1", "voxceleb2")
# Lists with train and test parts but no validation part.
LISTED = ("avspeech", "sample")


@dataclass(frozen=True)
class Leak:
    """A person or video that stands in two splits."""

    kind: Literal["identity", "video"]
    name: str
    splits: tuple[str, str]


def assign_split(clip: Clip, params: SplitParams) -> str | None:
    """Returns "train", "val", "test"; None where the rule needs an identity and has none."""
    if params.rule == "letters" or (params.rule == "auto" and clip.source in VOXCELEB):
        return None if clip.identity is None else split_by_letter(clip.identity)
    if params.rule == "auto" and clip.listed_split is not None:
        if clip.source in LISTED and clip.listed_split == "train":
            share = compute_share(_choose_group(clip), seed=params.seed)
            return "val" if share < params.val_share else "train"
        return clip.listed_split
    share = compute_share(_choose_group(clip), seed=params.seed)
    if share < params.val_share:
        return "val"
    return "test" if share < params.val_share + params.test_share else "train"


def split_by_letter(name: str) -> str:
    """First letter of the VGGFace1 name: A–B val, C–E test, F–Z train (SPEC 1.1).

    Accents are dropped; names of VoxCeleb2 that then start with no letter A–Z go to train (chosen).
    """
    letter = normalize("NFKD", name)[:1].upper()
    if letter in ("A", "B"):
        return "val"
    return "test" if letter in ("C", "D", "E") else "train"


def compute_share(group: str, *, seed: int) -> float:
    """Where a group of clips falls in [0, 1): the same everywhere and for ever."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _choose_group(clip: Clip) -> str:
    if clip.identity is not None:
        return f"identity:{clip.identity}"
    return f"video:{clip.video_id}"


def find_leaks(assigned: Iterable[tuple[Clip, str | None]]) -> Iterator[Leak]:
    """Each person and video that stands in two splits, once; holds one hash per name.

    VoxCeleb1's published split shares no person, but 129 of its 22,168 videos show persons of
    different splits.
    """
    splits: dict[int, str] = {}
    found: set[int] = set()
    for clip, split in assigned:
        names: tuple[tuple[Literal["identity", "video"], str | None], ...] = (
            ("identity", clip.identity),
            ("video", clip.video_id),
        )
        for kind, name in names:
            if name is None or split is None:
                continue
            key = hash((kind, name))
            first = splits.setdefault(key, split)
            if first != split and key not in found:
                found.add(key)
                yield Leak(kind, name, (first, split))

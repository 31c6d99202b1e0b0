"""Sizes of public corpora as their authors give them, to plan with before the lists are there."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.estimation.volume import Volume

HOUR_S = 3600.0


@dataclass(frozen=True)
class PublishedCorpus:
    """Clips (utterances), the videos they are cut from, hours of speech; `source` says who says."""

    num_clips: int
    num_videos: int
    hours: float
    source: str


CORPORA: Mapping[str, PublishedCorpus] = {
    # the lists hold 2,621,845 + 183,273 rows
    "avspeech": PublishedCorpus(2_805_118, 290_000, 4700, "Ephrat et al. 2018; rows of the lists"),
    "voxceleb1": PublishedCorpus(153_516, 22_496, 352, "Nagrani et al. 2017"),
    "voxceleb2": PublishedCorpus(1_128_246, 150_480, 2442, "Chung et al. 2018"),
}


def build_volume(corpus: PublishedCorpus) -> Volume:
    """As if every clip were fetched, with voice and face."""
    return Volume(
        num_clips=corpus.num_clips,
        num_voices=corpus.num_clips,
        num_faces=corpus.num_clips,
        num_pairs=corpus.num_clips,
        num_videos_with_face=corpus.num_clips,
        voice_s=corpus.hours * HOUR_S,
        num_remote_clips=corpus.num_clips,
        remote_s=corpus.hours * HOUR_S,
        videos=set(range(corpus.num_videos)),
        remote_videos=set(range(corpus.num_videos)),
    )

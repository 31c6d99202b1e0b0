"""How much is listed: clips, videos, seconds, files."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tasks.media.probe import probe
from tasks.outcomes import Rejected
from tasks.records import Clip, Seconds

NUM_PROBED = 40


@dataclass
class Volume:
    """What is listed, counted up clip by clip.

    `voice_s` is the length of all that has a voice, `remote_s` and `local_s` that of the seconds to
    fetch and to cut from files, `local_bytes` the size of files that are wanted whole.
    """

    num_clips: int = 0
    num_voices: int = 0
    num_faces: int = 0
    num_pairs: int = 0
    num_videos_with_face: int = 0
    voice_s: Seconds = 0.0
    local_s: Seconds = 0.0
    local_bytes: float = 0.0
    num_remote_clips: int = 0
    remote_s: Seconds = 0.0
    num_pictures: int = 0
    num_remote_pictures: int = 0
    videos: set[int] = field(default_factory=set)
    remote_videos: set[int] = field(default_factory=set)
    unmeasured: list[str] = field(default_factory=list)

    @property
    def num_requests(self) -> int:
        """One to resolve a video, one for each of its segments, one for each picture."""
        return len(self.remote_videos) + self.num_remote_clips + self.num_remote_pictures


def count_volume(clips: Iterable[Clip]) -> Volume:
    """Adds up what is listed; files of unlisted length are left in `unmeasured`."""
    volume = Volume()
    for clip in clips:
        volume.num_clips += 1
        volume.videos.add(hash(clip.video_id))
        volume.num_voices += clip.kind.has_voice
        volume.num_faces += clip.kind.has_face
        volume.num_pairs += clip.kind.has_voice and clip.kind.has_face
        if clip.picture is not None:
            volume.num_pictures += 1
            volume.num_remote_pictures += "://" in clip.picture
        if clip.kind.has_voice or clip.picture is None:
            _count_media(volume, clip)
    return volume


def _count_media(volume: Volume, clip: Clip) -> None:
    volume.num_videos_with_face += clip.kind.has_face and clip.picture is None
    if clip.media is None:
        volume.num_remote_clips += 1
        volume.remote_videos.add(hash(clip.video_id))
    if clip.end_s is None and clip.media is not None:
        volume.unmeasured.append(clip.media)
        return
    length_s = 0.0 if clip.end_s is None else clip.end_s - (clip.start_s or 0.0)
    if clip.media is None:
        volume.remote_s += length_s
    else:
        volume.local_s += length_s
    volume.voice_s += length_s * clip.kind.has_voice


def measure_files(volume: Volume) -> None:
    """Adds the files of unlisted length, by the mean of NUM_PROBED of them."""
    step = max(1, len(volume.unmeasured) // NUM_PROBED)
    lengths, sizes = [], []
    for name in volume.unmeasured[::step]:
        path = Path(name)
        try:
            lengths.append(probe(path).duration_s or 0.0)
            sizes.append(path.stat().st_size)
        except (Rejected, OSError):
            continue  # that file will be rejected with its reason when its turn comes
    if lengths:
        count = len(volume.unmeasured)
        volume.voice_s += count * sum(lengths) / len(lengths)
        volume.local_bytes += count * sum(sizes) / len(sizes)

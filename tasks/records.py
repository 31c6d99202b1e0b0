"""What travels between steps: one record per stage.

Every record is a frozen dataclass with its pyarrow schema beside it. A stage's shard holds one row
per clip of the input shard, in the same order: the outcome's columns (tasks/outcomes.py), then the
record's (null where the clip was not kept).
"""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

Seconds = float


class Kind(StrEnum):
    """What a listed item is: a video of a talking face, a sound, a picture, or the latter two."""

    clip = "clip"
    voice = "voice"
    face = "face"
    pair = "pair"

    @property
    def has_voice(self) -> bool:
        return self is not Kind.face

    @property
    def has_face(self) -> bool:
        return self is not Kind.voice


@dataclass(frozen=True)
class Clip:
    """One listed item.

    `start_s`, `end_s` are seconds of the whole video (None: the whole file). `x`, `y` is the centre
    of the face where the list gives one, `width`, `height` its box; all four are fractions of the
    frame (`unit` "fraction") or pixels ("pixel"). `media` is a file's path, or None where the video
    is found by `corpus.url_template`; `picture` is a path or URL of a picture of the face, if the
    face does not come from the video; `checksum` is the SHA-256 of what lies in local files.
    """

    clip_id: str
    source: str
    kind: Kind
    video_id: str
    identity: str | None = None
    gender: str | None = None
    age: float | None = None
    ethnicity: str | None = None
    nationality: str | None = None
    listed_split: str | None = None
    start_s: Seconds | None = None
    end_s: Seconds | None = None
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    unit: str = "fraction"
    media: str | None = None
    picture: str | None = None
    checksum: str | None = None


CLIP_SCHEMA = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("video_id", pa.string(), nullable=False),
        ("identity", pa.string()),
        ("gender", pa.string()),
        ("age", pa.float32()),
        ("ethnicity", pa.string()),
        ("nationality", pa.string()),
        ("listed_split", pa.string()),
        ("start_s", pa.float64()),
        ("end_s", pa.float64()),
        ("x", pa.float64()),
        ("y", pa.float64()),
        ("width", pa.float64()),
        ("height", pa.float64()),
        pa.field("unit", pa.string(), nullable=False),
        ("media", pa.string()),
        ("picture", pa.string()),
        ("checksum", pa.string()),
    ]
)
# Columns that later stages compute with; the others are labels, joined in by write_shards.
FETCHED_COLUMNS = (
    *(
        "clip_id",
        "kind",
        "video_id",
        "start_s",
        "end_s",
        "media",
        "picture",
        "checksum",
    ),
    *("x", "y", "width", "height", "unit"),
)


@dataclass(frozen=True)
class Download:
    """The wanted seconds as they came (stream copy); `offset_s` is where they start in `media`."""

    media: bytes | None
    media_format: str | None
    offset_s: Seconds
    picture: bytes | None


DOWNLOAD_SCHEMA = pa.schema(
    [
        ("media", pa.large_binary()),
        ("media_format", pa.string()),
        ("offset_s", pa.float64()),
        ("picture", pa.large_binary()),
    ]
)


@dataclass(frozen=True)
class Extract:
    """Sound, int16 little-endian mono at 16 kHz, and candidate frames, PNG of uint8 RGB, upright.

    `frames` stand in the order in which a face is looked for; `frame_times_s` counts from the start
    of the wanted seconds.
    """

    audio: bytes | None
    frames: list[bytes]
    frame_times_s: list[float]


EXTRACT_SCHEMA = pa.schema(
    [
        ("audio", pa.large_binary()),
        ("frames", pa.list_(pa.large_binary())),
        ("frame_times_s", pa.list_(pa.float64())),
    ]
)


@dataclass(frozen=True)
class Speech:
    """Voiced samples as half-open ranges [start, end, start, end, …] of the 16 kHz sound."""

    voiced: list[int]
    speech_s: Seconds


SPEECH_SCHEMA = pa.schema([("voiced", pa.list_(pa.int64())), ("speech_s", pa.float64())])


@dataclass(frozen=True)
class AlignedFace:
    """The chosen face: `face` PNG 224×224 RGB, `face_64` uint8 [64,64,3].

    `box` is left, top, right, bottom in pixels of the frame after `quarter_turns` to the left,
    which make a face upright that lies on its side; `landmarks` are 68 (x, y) in pixels of the
    224×224 crop; `sharpness` is the variance of the crop's Laplacian (grey levels 0–255).
    """

    face: bytes
    face_64: bytes
    landmarks: list[float]
    box: list[float]
    score: float
    frame_index: int
    frame_time_s: Seconds
    sharpness: float
    quarter_turns: int = 0


ALIGNED_FACE_SCHEMA = pa.schema(
    [
        ("face", pa.binary()),
        ("face_64", pa.binary(64 * 64 * 3)),
        ("landmarks", pa.list_(pa.float32(), 136)),
        ("box", pa.list_(pa.float32(), 4)),
        ("score", pa.float32()),
        ("frame_index", pa.int32()),
        ("frame_time_s", pa.float64()),
        ("sharpness", pa.float32()),
        ("quarter_turns", pa.int32()),
    ]
)


@dataclass(frozen=True)
class FaceFeature:
    """The face encoder's vector, float32 [D]; its schema depends on D (`build_feature_schema`)."""

    face_feature: list[float]


def build_feature_schema(dimension: int) -> pa.Schema:
    return pa.schema([("face_feature", pa.list_(pa.float32(), dimension))])

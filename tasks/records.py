"""What travels between steps: outcomes with their closed list of reasons, and one record per stage.

Every record is a frozen dataclass with its pyarrow schema beside it. A stage's shard holds one row
per clip of the input shard, in the same order: the outcome's columns, then the record's (null where
the clip was not kept).
"""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

Seconds = float


class Status(StrEnum):
    """What became of a clip in a stage; `failed` is the world's or a tool's fault."""

    kept = "kept"
    rejected = "rejected"
    failed = "failed"
    not_applicable = "not_applicable"


class Reason(StrEnum):
    """Why a clip was not kept: a closed list, counted in the data set's report."""

    # list_clips
    bad_row = "bad_row"
    # download: for good
    removed = "removed"
    private = "private"
    age_restricted = "age_restricted"
    region_blocked = "region_blocked"
    members_only = "members_only"
    live = "live"
    no_format = "no_format"
    bad_id = "bad_id"
    not_found = "not_found"
    drm = "drm"
    outside_video = "outside_video"
    bad_picture = "bad_picture"
    refused_address = "refused_address"
    missing_file = "missing_file"
    # download: for now (tried again by --retry-failed)
    timeout = "timeout"
    network = "network"
    server_error = "server_error"
    forbidden = "forbidden"
    rate_limited = "rate_limited"
    bot_check = "bot_check"
    truncated = "truncated"
    unknown = "unknown"
    over_budget = "over_budget"
    paused = "paused"
    # extract_media
    unreadable_media = "unreadable_media"
    no_video_stream = "no_video_stream"
    no_audio_stream = "no_audio_stream"
    empty_segment = "empty_segment"
    decode_timeout = "decode_timeout"
    # find_speech
    too_little_speech = "too_little_speech"
    # align_faces
    no_face = "no_face"
    ambiguous_faces = "ambiguous_faces"
    face_too_small = "face_too_small"
    # write_shards
    no_split = "no_split"

    @property
    def status(self) -> Status:
        """`failed` for what the media's content did not decide, else `rejected`."""
        return Status.failed if self in FAILURES else Status.rejected

    @property
    def may_pass(self) -> bool:
        """True where trying again later can help."""
        return self in TRANSIENT


TRANSIENT = frozenset(
    {
        Reason.timeout,
        Reason.network,
        Reason.server_error,
        Reason.forbidden,
        Reason.rate_limited,
        Reason.bot_check,
        Reason.truncated,
        Reason.unknown,
        Reason.over_budget,
        Reason.paused,
    }
)
FAILURES = TRANSIENT | {
    Reason.unreadable_media,
    Reason.decode_timeout,
    Reason.missing_file,
}


class Rejected(Exception):
    """A sample does not go on: raised anywhere below a shard, counted by the shard."""

    def __init__(self, reason: Reason, message: str, attempts: int = 1) -> None:
        super().__init__(reason, message, attempts)
        self.reason, self.message, self.attempts = reason, message, attempts

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


@dataclass(frozen=True)
class Outcome:
    """What became of one clip; `stage` is where that was decided (forwarded by later stages)."""

    clip_id: str
    status: Status
    stage: str
    reason: Reason | None = None
    message: str | None = None
    attempts: int = 1

    @property
    def is_kept(self) -> bool:
        return self.status is Status.kept


OUTCOME_SCHEMA = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        ("reason", pa.string()),
        ("message", pa.string()),
        pa.field("attempts", pa.int32(), nullable=False),
    ]
)


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

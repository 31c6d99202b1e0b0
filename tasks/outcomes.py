"""What became of a clip: a status, and a reason from a closed list."""

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa


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

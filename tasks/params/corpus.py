"""Sections of the stages that make the data set."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from tasks.params.types import STRICT, Count, Positive, Share

SOURCES = Literal["sample", "avspeech", "voxceleb1", "voxceleb2", "folder"]


@dataclass(frozen=True, config=STRICT)
class CorpusParams:
    """What the corpus is made of; DESIGN section 2 says which keys belong to which source.

    `watch` is the file or folder whose content `dvc` compares to know that the lists changed.
    """

    source: SOURCES
    watch: Path
    shard_size: Count = 256
    skip_bad_rows: bool = False
    url_template: str = "https://www.youtube.com/watch?v={video_id}"
    lists: list[Path] = Field(default_factory=list)
    tracks: Path | None = None
    audio: Path | None = None
    faces: Path | None = None
    meta: Path | None = None
    identities: Path | None = None
    path: Path | None = None
    table: Path | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    exclusions: Path = Path("exclusions.txt")
    licence: str = ""

    @model_validator(mode="after")
    def check_source_has_its_keys(self) -> "CorpusParams":
        needed: dict[str, list[tuple[str, object]]] = {
            "avspeech": [("lists", bool(self.lists))],
            "voxceleb1": [
                ("tracks or audio", bool(self.tracks or self.audio)),
                ("meta", self.meta),
            ],
            "voxceleb2": [
                ("tracks or audio", bool(self.tracks or self.audio)),
                ("meta", self.meta),
            ],
            "folder": [("path", self.path)],
            "sample": [],
        }
        missing = [name for name, given in needed[self.source] if not given]
        if missing:
            raise ValueError(f"source {self.source!r} needs corpus.{', corpus.'.join(missing)}")
        if "{video_id}" not in self.url_template:
            raise ValueError("url_template must hold {video_id}")
        return self


@dataclass(frozen=True, config=STRICT)
class SplitParams:
    """Who is in train, val and test; never a person in two.

    `rule`: "auto" takes the source's own (SPEC 1.1 letters for VoxCeleb, the list's for AVSpeech,
    a hash of the identity, or of the video where there is none, for the rest).
    """

    rule: Literal["auto", "letters", "hash"] = "auto"
    val_share: Share = 0.1
    test_share: Share = 0.1
    seed: int = 0

    @model_validator(mode="after")
    def check_shares(self) -> "SplitParams":
        if self.val_share + self.test_share > 1:
            raise ValueError("val_share and test_share are more than everything")
        return self


@dataclass(frozen=True, config=STRICT)
class BudgetParams:
    """How much one run may download; what does not fit waits for the next `--retry-failed`."""

    hours: Positive | None = None
    clips: Count | None = None
    gigabytes: Positive | None = None


@dataclass(frozen=True, config=STRICT)
class DownloadParams:
    """How videos are fetched. Secrets (cookies, proxy with password) come by environment only."""

    max_height_px: Count = 720
    preroll_s: Annotated[float, Field(ge=0)] = 2.0
    attempts: Count = 4
    backoff_s: Positive = 2.0
    backoff_max_s: Positive = 120.0
    stall_timeout_s: Positive = 30.0
    segment_timeout_s: Positive = 600.0
    requests_per_minute: Positive = 60.0
    concurrency: Count = 4
    pause_after_rate_limits: Count = 5
    budget: BudgetParams = Field(default_factory=BudgetParams)
    client_options: dict[str, Any] = Field(default_factory=dict)
    allow_private_addresses: bool = False
    picture_max_mb: Positive = 20.0
    picture_max_megapixels: Positive = 50.0


@dataclass(frozen=True, config=STRICT)
class ExtractParams:
    """Which frames are looked at and how long one clip may take."""

    num_frames: Count = 3
    frame_step_s: Positive = 0.4
    timeout_s: Positive = 120.0


@dataclass(frozen=True, config=STRICT)
class SpeechParams:
    """WebRTC VAD as SPEC 2.1; `silero` adds the second stage that tells music from speech.

    With it, a clip is also rejected where Silero agrees to less than `silero_min_share` of what
    WebRTC calls speech: music in which single sounds pass (0.2 on such a clip, at least 0.54 on
    324 of 328 recordings of speech).
    """

    aggressiveness: Annotated[int, Field(ge=0, le=3)] = 2
    frame_ms: Literal[10, 20, 30] = 20
    padding_ms: Count = 50
    min_speech_s: Annotated[float, Field(ge=0)] = 1.0
    silero: bool = False
    silero_threshold: Share = 0.5
    silero_min_share: Share = 0.3


@dataclass(frozen=True, config=STRICT)
class FaceParams:
    """Detection and choice of the face, SPEC 2.4.

    Without a point, another face `rival_share` times as wide as the widest makes a clip ambiguous.
    `max_side_px` caps what the detector reads: what is narrower than `min_face_px` scaled by it may
    be missed.
    """

    min_face_px: Count = 48
    max_side_px: Count = 1280
    min_score: float = 0.0
    rival_share: Share = 0.4


@dataclass(frozen=True, config=STRICT)
class FeatureParams:
    """The face encoder. `vgg_face` needs `weights`: published ones, or those of stage
    train_vgg_face (data/weights/vgg_face/model.safetensors), which need `sha256`, too."""

    encoder: Literal["dlib_resnet", "vgg_face"] = "dlib_resnet"
    weights: Path | None = None
    sha256: str | None = None
    input_scale: Literal["mean", "unit"] = "mean"
    batch_size: Count = 32
    device: str = "auto"


@dataclass(frozen=True, config=STRICT)
class ShardParams:
    """What goes into the final data sets."""

    spectrogram_s: Positive = 6.0

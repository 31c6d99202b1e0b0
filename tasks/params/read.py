"""`params.yaml`, read once into frozen dataclasses; unknown keys and odd values are errors."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from tasks.params.corpus import (
    CorpusParams,
    DownloadParams,
    ExtractParams,
    FaceParams,
    FeatureParams,
    ShardParams,
    SpeechParams,
    SplitParams,
)
from tasks.params.evaluation import (
    ArSpmEvaluationParams,
    EvaluationParams,
    Speech2FaceEvaluationParams,
    Voice2FaceEvaluationParams,
)
from tasks.params.matching import DimnetParams, MatchingEvaluationParams, SvhfParams
from tasks.params.retrain import RetrainParams
from tasks.params.training import (
    ArSpmDecoderParams,
    ArSpmParams,
    FaceDecoderParams,
    GanParams,
    GenderClassifierParams,
    PriorParams,
    SpeakerFaceParams,
    Speech2FaceParams,
    VggFaceParams,
    VoiceEmbeddingParams,
)
from tasks.params.types import STRICT, Count, Positive


@dataclass(frozen=True, config=STRICT)
class RunParams:
    """How wide this machine works; makes nothing stale.

    `store` is where the shards' rows go, any URL that fsspec reads (s3://bucket/prefix), null for
    `data/` itself; what of it is used here lies in `store_cache`, at most `store_cache_gb`.
    `dask` is the address of a Dask cluster's scheduler that makes the shards, "local" for a cluster
    of `workers` on this machine, null for plain processes; its workers stand at the root of the
    same checkout. A chain runs up to `parallel_stages` at once where none needs what another makes:
    1 where trainings would share one GPU. `training_threads` and `training_processes` (of torchrun,
    one GPU each) may move a trained weight by a rounding error, `device` by more.
    """

    workers: Count = 2
    parallel_stages: Count = 1
    training_threads: Count = 2
    loader_workers: Annotated[int, Field(ge=0)] = 0
    device: str = "auto"
    dask: str | None = None
    training_processes: Count = 1
    store: Annotated[str, Field(pattern=r"^[a-z0-9+]+://")] | None = None
    store_cache: Path = Path("data/.objects")
    store_cache_gb: Positive = 50.0


@dataclass(frozen=True, config=STRICT)
class Params:
    """All of `params.yaml`, one section per stage."""

    corpus: CorpusParams
    download: DownloadParams = Field(default_factory=DownloadParams)
    extract_media: ExtractParams = Field(default_factory=ExtractParams)
    find_speech: SpeechParams = Field(default_factory=SpeechParams)
    align_faces: FaceParams = Field(default_factory=FaceParams)
    compute_features: FeatureParams = Field(default_factory=FeatureParams)
    split: SplitParams = Field(default_factory=SplitParams)
    write_shards: ShardParams = Field(default_factory=ShardParams)
    train_voice_embedding: VoiceEmbeddingParams = Field(default_factory=VoiceEmbeddingParams)
    train_vgg_face: VggFaceParams = Field(default_factory=VggFaceParams)
    train_gan: GanParams = Field(default_factory=GanParams)
    train_face_decoder: FaceDecoderParams = Field(default_factory=FaceDecoderParams)
    train_speech2face: Speech2FaceParams = Field(default_factory=Speech2FaceParams)
    train_speaker_face: SpeakerFaceParams = Field(default_factory=SpeakerFaceParams)
    train_ar_spm_decoder: ArSpmDecoderParams = Field(default_factory=ArSpmDecoderParams)
    train_gender_classifier: GenderClassifierParams = Field(default_factory=GenderClassifierParams)
    compute_priors: PriorParams = Field(default_factory=PriorParams)
    train_ar_spm: ArSpmParams = Field(default_factory=ArSpmParams)
    train_svhf: SvhfParams = Field(default_factory=SvhfParams)
    train_dimnet: DimnetParams = Field(default_factory=DimnetParams)
    evaluate_matching: MatchingEvaluationParams = Field(default_factory=MatchingEvaluationParams)
    evaluation: EvaluationParams = Field(default_factory=EvaluationParams)
    evaluate_voice2face: Voice2FaceEvaluationParams = Field(
        default_factory=Voice2FaceEvaluationParams
    )
    evaluate_speech2face: Speech2FaceEvaluationParams = Field(
        default_factory=Speech2FaceEvaluationParams
    )
    retrain: RetrainParams = Field(default_factory=RetrainParams)
    evaluate_ar_spm: ArSpmEvaluationParams = Field(default_factory=ArSpmEvaluationParams)
    run: RunParams = Field(default_factory=RunParams)


def read_params(path: Path = Path("params.yaml")) -> Params:
    """Raises ValueError naming file, key and value for anything the file should not hold."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run from the project's root") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not valid YAML: {error}") from None
    try:
        return TypeAdapter(Params).validate_python(values)
    except ValidationError as error:
        raise ValueError(_describe(path, error)) from None


def _describe(path: Path, error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False):
        key = ".".join(str(part) for part in item["loc"]) or "(top level)"
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "unexpected_keyword_argument":
            message = "unknown key"
        value = "" if isinstance(item["input"], dict) else f" {item['input']!r}"
        lines.append(f"{path}: {key}:{value} {message}")
    return "\n".join(lines)


def flatten(params: Any) -> dict[str, Any]:
    """A section as plain JSON values (paths as POSIX strings), as it enters a shard's key."""

    def plain(value: Any) -> Any:
        if isinstance(value, Path):
            return value.as_posix()
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list) else value

    return {key: plain(value) for key, value in asdict(params).items()}

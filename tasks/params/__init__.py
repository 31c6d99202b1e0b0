"""`params.yaml` as frozen dataclasses, one per section."""

from tasks.params.corpus import (
    BudgetParams,
    CorpusParams,
    DownloadParams,
    ExtractParams,
    FaceParams,
    FeatureParams,
    ShardParams,
    SpeechParams,
    SplitParams,
)
from tasks.params.evaluation import EvaluationParams, Voice2FaceEvaluationParams
from tasks.params.read import Params, RunParams, flatten, read_params
from tasks.params.training import (
    ArSpmDecoderParams,
    ArSpmParams,
    DecayParams,
    FaceDecoderParams,
    GanParams,
    GenderClassifierParams,
    LoopParams,
    PriorParams,
    Speech2FaceParams,
    VoiceEmbeddingParams,
)

__all__ = [
    "ArSpmDecoderParams",
    "ArSpmParams",
    "BudgetParams",
    "CorpusParams",
    "DecayParams",
    "DownloadParams",
    "EvaluationParams",
    "ExtractParams",
    "FaceDecoderParams",
    "FaceParams",
    "FeatureParams",
    "GanParams",
    "GenderClassifierParams",
    "LoopParams",
    "Params",
    "PriorParams",
    "RunParams",
    "ShardParams",
    "Speech2FaceParams",
    "SpeechParams",
    "SplitParams",
    "Voice2FaceEvaluationParams",
    "VoiceEmbeddingParams",
    "flatten",
    "read_params",
]

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
from tasks.params.evaluation import (
    ArSpmEvaluationParams,
    EvaluationParams,
    Speech2FaceEvaluationParams,
    Voice2FaceEvaluationParams,
)
from tasks.params.matching import DimnetParams, MatchingEvaluationParams, SvhfParams
from tasks.params.read import Params, RunParams, flatten, read_params
from tasks.params.retrain import DataBounds, RetrainParams
from tasks.params.training import (
    ArSpmDecoderParams,
    ArSpmParams,
    DecayParams,
    FaceDecoderParams,
    GanParams,
    GenderClassifierParams,
    LoopParams,
    PriorParams,
    SpeakerFaceParams,
    Speech2FaceParams,
    VggFaceParams,
    VoiceEmbeddingParams,
)

__all__ = [
    "ArSpmDecoderParams",
    "ArSpmEvaluationParams",
    "ArSpmParams",
    "BudgetParams",
    "CorpusParams",
    "DataBounds",
    "DecayParams",
    "DimnetParams",
    "DownloadParams",
    "EvaluationParams",
    "ExtractParams",
    "FaceDecoderParams",
    "FaceParams",
    "FeatureParams",
    "GanParams",
    "GenderClassifierParams",
    "LoopParams",
    "MatchingEvaluationParams",
    "Params",
    "PriorParams",
    "RetrainParams",
    "RunParams",
    "ShardParams",
    "SpeakerFaceParams",
    "Speech2FaceEvaluationParams",
    "Speech2FaceParams",
    "SpeechParams",
    "SplitParams",
    "SvhfParams",
    "VggFaceParams",
    "Voice2FaceEvaluationParams",
    "VoiceEmbeddingParams",
    "flatten",
    "read_params",
]

"""The data card's fixed parts: what a source is, its terms, the licences of models and tools."""

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.params import Params
from tasks.report.tables import Column, Table


@dataclass(frozen=True)
class Source:
    """`words` end “This data set was made from …”; `terms` stand in for corpus.licence."""

    words: str
    terms: str


VIDEO_TERMS = (
    "The lists are published for research; the videos stay under the rights of their owners and of "
    "the people seen in them, and fetching them is subject to the host’s terms."
)
SOURCES: Mapping[str, Source] = {
    "sample": Source(
        "the embedded corpus of synthetic talking heads (no real person’s face or voice)",
        "Made by this project; heads after MakeHuman/anny (CC0), voice by hibari-tts (Apache-2.0).",
    ),
    "avspeech": Source("AVSpeech’s lists of talking-face videos", VIDEO_TERMS),
    "voxceleb1": Source("VoxCeleb1’s recordings and pictures of the same people", VIDEO_TERMS),
    "voxceleb2": Source("VoxCeleb2’s recordings and pictures of the same people", VIDEO_TERMS),
    "folder": Source(
        "a folder of media files", "Not stated: set corpus.licence in params.yaml to say it here."
    ),
}
LICENCES = (
    ("face detector (mmod_human_face_detector)", "face_recognition_models", "public domain", ""),
    (
        "68 landmarks (shape_predictor_68_face_landmarks)",
        "face_recognition_models",
        "that of the 300-W pictures",
        "no commercial use",
    ),
    ("voice activity detection", "webrtcvad-wheels", "MIT, WebRTC BSD-3-Clause", ""),
    ("decoding", "ffmpeg", "LGPL or GPL, by build", ""),
)
ENCODER_LICENCES = {
    "dlib_resnet": (
        "face features (dlib_face_recognition_resnet_model_v1)",
        "face_recognition_models",
        "public domain",
        "",
    ),
    "vgg_face": (
        "face features (VGG-Face)",
        "a file named by the user",
        "as its publisher states",
        "check before any commercial use",
    ),
}
SILERO_LICENCE = ("second voice activity detection (Silero)", "silero-vad", "MIT", "")
DOWNLOAD_LICENCE = ("download", "yt-dlp", "Unlicense", "the host’s terms apply to what is fetched")
INTENDED = (
    "Research on what a voice and a face have statistically in common, and on reproducing the "
    "published experiments.",
    "Measuring how good, and how unequal between groups, such models are.",
)
FORBIDDEN = (
    "Identifying, tracking or re-identifying anyone, from a voice or a face.",
    "Inferring traits of a particular person (gender, age, ethnicity, origin, health) for any "
    "decision about them: hiring, lending, insurance, policing, border control.",
    "Imitating a person’s voice or face, or publishing pictures that pass as one.",
    "Passing on the recordings where their terms do not allow it.",
)
# WEN Table 1, SPEC 1.1 [P]; men and women [D].
WEN_TABLE_1 = {
    "speech segments": (113_322, 14_182, 21_850),
    "face images": (106_584, 12_533, 20_455),
    "subjects": (924, 112, 189),
    "men": (485, 67, 115),
    "women": (439, 45, 74),
}


def get_terms(params: Params) -> str:
    return params.corpus.licence or SOURCES[params.corpus.source].terms


def build_licences(params: Params) -> Table:
    """Models and tools that this configuration uses."""
    rows = [ENCODER_LICENCES[params.compute_features.encoder], *LICENCES]
    rows += [SILERO_LICENCE] if params.find_speech.silero else []
    rows += [DOWNLOAD_LICENCE] if params.corpus.source != "folder" else []
    columns = (Column("used_for"), Column("comes_with"), Column("licence"), Column("condition"))
    return Table("licences", "Licences of models and tools", columns, tuple(rows))

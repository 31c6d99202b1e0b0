"""What a stage does and what a reason means, for readers."""

from collections.abc import Mapping

from tasks.outcomes import Reason, Status

STAGE_WORDS: Mapping[str, str] = {
    "list_clips": "listed",
    "download": "fetch the wanted seconds",
    "extract_media": "decode sound and frames",
    "find_speech": "find the speech",
    "align_faces": "find and align the face",
    "compute_features": "encode the face",
    "write_shards": "join and divide into splits",
}
REASON_WORDS: Mapping[Reason, str] = {
    Reason.bad_row: "the list's row is not right",
    Reason.removed: "the video was taken down",
    Reason.private: "the video is private",
    Reason.age_restricted: "the video is shown to adults only",
    Reason.region_blocked: "the video is not shown in this country",
    Reason.members_only: "the video is for members or payers",
    Reason.live: "a live stream or a premiere to come",
    Reason.no_format: "the page holds no video, or nothing that can be cut (file, HLS, DASH)",
    Reason.bad_id: "there is no such video id",
    Reason.not_found: "nothing is at this address",
    Reason.drm: "the video is encrypted",
    Reason.outside_video: "the wanted seconds lie outside the video",
    Reason.bad_picture: "not a picture, or a too large one",
    Reason.refused_address: "an address that is not public",
    Reason.missing_file: "a local file is gone",
    Reason.timeout: "no answer in time",
    Reason.network: "the connection broke",
    Reason.server_error: "the server had an error",
    Reason.forbidden: "the server refused",
    Reason.rate_limited: "too many requests",
    Reason.bot_check: "the server asked for a proof of being human",
    Reason.truncated: "only part of the media arrived",
    Reason.unknown: "an answer that is not understood",
    Reason.over_budget: "the run's download budget was spent",
    Reason.paused: "the stage had paused",
    Reason.unreadable_media: "the media file is broken",
    Reason.no_video_stream: "there is no picture stream",
    Reason.no_audio_stream: "there is no sound stream",
    Reason.empty_segment: "nothing in the wanted seconds",
    Reason.decode_timeout: "decoding took too long",
    Reason.too_little_speech: "too few seconds of speech",
    Reason.no_face: "no face in the frames looked at",
    Reason.ambiguous_faces: "several faces, none clearly the speaker's",
    Reason.face_too_small: "the face is smaller than wanted",
    Reason.no_split: "no rule gives it a split",
}
REJECTED, FAILED, MAY_COME = "rejected", "failed", "may still come"
KINDS = (REJECTED, FAILED, MAY_COME)


def describe_reason(reason: str) -> str:
    return REASON_WORDS.get(Reason(reason), "") if reason in Reason.__members__ else ""


def classify_reason(reason: str) -> str:
    """One of KINDS."""
    if reason not in Reason.__members__:
        return REJECTED
    if Reason(reason).may_pass:
        return MAY_COME
    return FAILED if Reason(reason).status is Status.failed else REJECTED

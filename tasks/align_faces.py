"""align_faces: the speaker's face in one shard's candidate frames (SPEC 2.3, 2.4)."""

import hashlib
from functools import lru_cache, partial
from pathlib import Path

import cv2
from prefect import task

from tasks.data.rows import join_clips, map_rows, read_rows, write_rows
from tasks.data.shards import ShardResult, read_records, shard_path
from tasks.face.align import align_face_64, crop_face_224, map_to_crop
from tasks.face.boxes import Box, Picture, Point
from tasks.face.dlib_models import DETECTOR_FILE, LANDMARKS_FILE, find_model
from tasks.face.find import FaceSearch, find_face, may_show_face
from tasks.face.landmarks import find_landmarks
from tasks.face.upright import count_turns, turn_box, turn_frame
from tasks.media.images import decode_png, encode_png
from tasks.outcomes import Reason, Rejected
from tasks.params import FaceParams
from tasks.records import ALIGNED_FACE_SCHEMA, AlignedFace, Clip, Extract, Seconds

STAGE = "align_faces"
NUM_SEARCHED = 2


@task(task_run_name="align_faces-{index:05d}")
def align_faces_shard(
    index: int, key: str, clips: Path, extracts: Path, out: Path, params: FaceParams
) -> ShardResult:
    """Reads shard `index` of `clips` and `extracts`, writes shard `index` of `out`."""
    extracted = read_rows(
        shard_path(extracts, index), Extract, columns=["frames", "frame_times_s"], batch_rows=4
    )
    rows = join_clips(read_records(shard_path(clips, index), Clip), extracted)
    return write_rows(
        shard_path(out, index),
        map_rows(STAGE, rows, partial(align_face, params=params)),
        ALIGNED_FACE_SCHEMA,
        index=index,
        metadata={"stage": STAGE, "key": key},
        compression="none",
    )


@lru_cache(maxsize=1)
def hash_models() -> dict[str, str]:
    """SHA-256 of the detector's and the landmark predictor's files."""
    return {
        name: hashlib.sha256(find_model(name).read_bytes()).hexdigest()
        for name in (DETECTOR_FILE, LANDMARKS_FILE)
    }


def align_face(item: tuple[Clip, Extract], *, params: FaceParams) -> AlignedFace | None:
    """The first good face among the frames, in their order; None where no picture is wanted.

    After NUM_SEARCHED frames in vain, only those are searched where a quick look finds something:
    a full search of a frame without faces takes seconds. Raises Rejected: ambiguous_faces at once,
    face_too_small or no_face when no frame has a good one.
    """
    clip, extract = item
    if not clip.kind.has_face:
        return None
    search = FaceSearch(
        params.min_face_px, params.max_side_px, params.min_score, params.rival_share
    )
    refusals: list[Rejected] = []
    for index, (png, time_s) in enumerate(zip(extract.frames, extract.frame_times_s, strict=True)):
        frame = decode_png(png)
        if len(refusals) >= NUM_SEARCHED and not may_show_face(frame, search=search):
            continue
        try:
            box = find_face(frame, point=locate_point(clip, frame), search=search)
        except Rejected as refusal:
            if refusal.reason is Reason.ambiguous_faces:
                raise
            refusals.append(refusal)
            continue
        return describe_face(frame, box, frame_index=index, frame_time_s=time_s)
    raise choose_refusal(refusals, num_frames=len(extract.frames))


def locate_point(clip: Clip, frame: Picture) -> Point | None:
    """The list's point in fractions of the frame."""
    if clip.x is None or clip.y is None:
        return None
    if clip.unit == "pixel":
        return clip.x / frame.shape[1], clip.y / frame.shape[0]
    return clip.x, clip.y


def choose_refusal(refusals: list[Rejected], *, num_frames: int) -> Rejected:
    """One for all frames: a face that is too small says more than none."""
    small = [item for item in refusals if item.reason is Reason.face_too_small]
    if small:
        return small[0]
    last = refusals[-1].message if refusals else "no frame"
    return Rejected(Reason.no_face, f"{last} (looked at {num_frames} frames)")


def describe_face(
    frame: Picture, box: Box, *, frame_index: int, frame_time_s: Seconds
) -> AlignedFace:
    """Crops, landmarks and quality of the face in `box` of `frame` [H, W, 3].

    A frame whose people lie on their side is turned first; the box is then of the turned frame.
    """
    turns = count_turns(frame, box)
    if turns:
        frame, box = turn_frame(frame, turns), turn_box(box, turns, frame_shape=frame.shape)
    landmarks = find_landmarks(frame, box)
    crop = crop_face_224(frame, box)
    return AlignedFace(
        face=encode_png(crop),
        face_64=align_face_64(frame, landmarks).tobytes(),
        landmarks=map_to_crop(landmarks, box).ravel().tolist(),  # [136]
        box=[box.left, box.top, box.right, box.bottom],
        score=box.score,
        frame_index=frame_index,
        frame_time_s=frame_time_s,
        sharpness=measure_sharpness(crop),
        quarter_turns=turns,
    )


def measure_sharpness(picture: Picture) -> float:
    """Variance of the Laplacian of the grey levels (0 to 255)."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())

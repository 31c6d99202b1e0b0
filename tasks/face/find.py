"""Finding the speaker's face from coarse to fine: most faces are large, and large faces are cheap.

The first pass sees faces of 0.4 of the frame's shorter side and wider, each further one half of
that. With a point, it ends with a box that contains the point, and finer passes look only round
it. Without one it ends with the first faces; smaller ones that make the choice ambiguous are then
looked for with the fast detector, which misses those that are not frontal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.mmod import WINDOW_PX
from tasks.face.boxes import Box, Picture, Point, frame_box, region_around_point, to_pixels
from tasks.face.choose import MAX_DISTANCE, choose_face, measure_distance
from tasks.face.detect import compute_scale, detect_faces, detect_frontal_faces
from tasks.outcomes import Reason, Rejected

COARSEST_SHARE = 0.4
# The region round a point holds a face of the last pass's size as far away as choose_face allows.
REGION_FACES = 1 + 2 * (0.5 + MAX_DISTANCE)
# The smallest face that is called too small and not none.
SMALLEST_PX = 24
# By how much the fast detector's widths may exceed the slow one's (chosen).
UNSURE_SHARE = 1.25
# The fast detector reads more pixels: 0.25 s at 2560×1440.
FRONTAL_MAX_SIDE_PX = 2560


@dataclass(frozen=True)
class FaceSearch:
    """`min_face_px` is the narrowest wanted box, `max_side_px` caps what the detector reads.

    `rival_share`: see choose_face.
    """

    min_face_px: int = 48
    max_side_px: int = 1280
    min_score: float = 0.0
    rival_share: float = 0.4


def find_face(frame: Picture, *, point: Point | None, search: FaceSearch) -> Box:
    """The speaker's face in `frame` uint8 [H, W, 3] RGB; `point` in fractions of the frame.

    Raises Rejected: no_face, ambiguous_faces, face_too_small.
    """
    boxes = search_faces(frame, point=point, search=search)
    if not select_near(boxes, point, frame.shape):
        reject_small_face(frame, point=point, search=search)
    elif point is None:
        boxes = merge_boxes(boxes, find_rivals(frame, boxes, rival_share=search.rival_share))
    chosen = choose_face(
        boxes, point=point, frame_shape=frame.shape, rival_share=search.rival_share
    )
    if round(chosen.width) < search.min_face_px:
        message = f"face of {chosen.width:.0f} px, at least {search.min_face_px} px wanted"
        raise Rejected(Reason.face_too_small, message)
    return chosen


def may_show_face(frame: Picture, *, search: FaceSearch) -> bool:
    """A quick look: whether the fast detector, which sees frontal faces only, finds any."""
    return bool(
        detect_frontal_faces(frame, min_face_px=search.min_face_px, max_side_px=FRONTAL_MAX_SIDE_PX)
    )


def search_faces(frame: Picture, *, point: Point | None, search: FaceSearch) -> list[Box]:
    """Passes from coarse to fine, until there is a face at `point`, or without one any face."""
    found: list[Box] = []
    region = frame_box(frame.shape)
    face_px = max(COARSEST_SHARE * min(frame.shape[:2]), float(search.min_face_px))
    while True:
        found = merge_boxes(found, _detect(frame, region, face_px, search))
        is_capped = _measure_smallest(region, face_px, search) > face_px
        is_last = face_px <= search.min_face_px or (point is None and is_capped)
        if is_last or has_face_at(found, point, frame.shape):
            return found
        if point is not None:
            region = region_around_point(point, frame.shape, side_px=REGION_FACES * face_px)
        face_px = max(face_px / 2, float(search.min_face_px))


def _detect(frame: Picture, region: Box, face_px: float, search: FaceSearch) -> list[Box]:
    return detect_faces(
        frame,
        region=region,
        min_face_px=face_px,
        max_side_px=search.max_side_px,
        min_score=search.min_score,
    )


def _measure_smallest(region: Box, face_px: float, search: FaceSearch) -> float:
    """The smallest face that a pass for `face_px` sees under the cap."""
    scale = compute_scale(region, min_face_px=face_px, max_side_px=search.max_side_px)
    return WINDOW_PX / scale


def has_face_at(boxes: Sequence[Box], point: Point | None, frame_shape: tuple[int, ...]) -> bool:
    """True if a box contains `point`; without a point, if there is any box."""
    if point is None:
        return bool(boxes)
    return any(box.contains(to_pixels(point, frame_shape)) for box in boxes)


def merge_boxes(known: Sequence[Box], new: Sequence[Box]) -> list[Box]:
    """`known` and those of `new` that are other faces: no centre lies in the other's box."""
    fresh = [
        box
        for box in new
        if not any(old.contains(box.center) or box.contains(old.center) for old in known)
    ]
    return [*known, *fresh]


def find_rivals(frame: Picture, boxes: Sequence[Box], *, rival_share: float) -> list[Box]:
    """Frontal faces wide enough to make the choice of the widest of `boxes` ambiguous."""
    smallest_px = max(rival_share * max(box.width for box in boxes), float(SMALLEST_PX))
    return detect_frontal_faces(frame, min_face_px=smallest_px, max_side_px=FRONTAL_MAX_SIDE_PX)


def select_near(
    boxes: Sequence[Box], point: Point | None, frame_shape: tuple[int, ...]
) -> list[Box]:
    """The boxes that choose_face may choose."""
    if point is None:
        return list(boxes)
    point_px = to_pixels(point, frame_shape)
    return [box for box in boxes if measure_distance(box, point_px) <= MAX_DISTANCE]


def reject_small_face(frame: Picture, *, point: Point | None, search: FaceSearch) -> None:
    """Raises Rejected(face_too_small) if there is a face that the search was too coarse for."""
    region = frame_box(frame.shape)
    wanted_px = float(search.min_face_px)
    if point is not None:
        region = region_around_point(point, frame.shape, side_px=REGION_FACES * wanted_px)
    seen_px = _measure_smallest(region, wanted_px, search)
    boxes = detect_frontal_faces(
        frame, region=region, min_face_px=SMALLEST_PX, max_side_px=FRONTAL_MAX_SIDE_PX
    )
    widths = [box.width for box in select_near(boxes, point, frame.shape)]
    width = max((width for width in widths if width < UNSURE_SHARE * seen_px), default=None)
    if width is not None:
        message = f"face of about {width:.0f} px, too small to be found surely"
        raise Rejected(Reason.face_too_small, f"{message} (min_face_px {search.min_face_px})")

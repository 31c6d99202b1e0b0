"""Which of the detected faces is the speaker's (SPEC 2.4)."""

from collections.abc import Sequence

from tasks.face.boxes import Box, Point, to_pixels
from tasks.outcomes import Reason, Rejected

# How far outside a box a list's point may lie, in widths of the box (chosen).
MAX_DISTANCE = 0.5


def choose_face(
    boxes: Sequence[Box],
    *,
    point: Point | None,
    frame_shape: tuple[int, ...],
    rival_share: float = 0.4,
) -> Box:
    """The box that contains `point` (fractions of the frame) or lies nearest to it.

    Without a point: the only face, or the widest if no other is `rival_share` times as wide or
    wider. Raises Rejected: no_face, ambiguous_faces.
    """
    if point is None:
        return choose_widest(boxes, rival_share=rival_share)
    return choose_nearest(boxes, to_pixels(point, frame_shape))


def choose_widest(boxes: Sequence[Box], *, rival_share: float) -> Box:
    if not boxes:
        raise Rejected(Reason.no_face, "no face found")
    widest, *others = sorted(boxes, key=lambda box: -box.width)
    rivals = [box for box in others if box.width >= rival_share * widest.width]
    if rivals:
        widths = ", ".join(f"{box.width:.0f}" for box in (widest, *rivals))
        message = f"{1 + len(rivals)} faces of {widths} px, and no point says which"
        raise Rejected(Reason.ambiguous_faces, message)
    return widest


def choose_nearest(boxes: Sequence[Box], point_px: Point) -> Box:
    near = [box for box in boxes if measure_distance(box, point_px) <= MAX_DISTANCE]
    if not near:
        where = f"({point_px[0]:.0f}, {point_px[1]:.0f})"
        raise Rejected(Reason.no_face, f"no face at {where}; {len(boxes)} elsewhere")
    return min(near, key=lambda box: (measure_distance(box, point_px), _from_center(box, point_px)))


def measure_distance(box: Box, point_px: Point) -> float:
    """From the point to the box's nearest edge in widths of the box; 0 inside."""
    x, y = point_px
    across = max(box.left - x, x - box.right, 0.0)
    down = max(box.top - y, y - box.bottom, 0.0)
    return float((across**2 + down**2) ** 0.5) / box.width


def _from_center(box: Box, point_px: Point) -> float:
    (x, y), width = box.center, box.width
    return float(((point_px[0] - x) ** 2 + (point_px[1] - y) ** 2) ** 0.5) / width

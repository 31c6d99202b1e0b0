"""Face detection with dlib's MMOD CNN (SPEC 2.4), at the coarsest scale that shows the face.

The detector's window is 80 px wide; its own pyramid finds larger faces, in steps of 6/5, nothing
makes it find smaller ones. Measured on 36 talking-face videos, shrunk step by step: faces of 80 px
and more are found in all, of 70 px in 94 %, of 60 px in 61 %, of 45 px in none. Time goes with the
number of pixels: 0.4 s per megapixel on one core. So a picture is scaled by 80 / (smallest wanted
face), up or down, and no further.

dlib keeps the best window of a face and drops those that overlap it. That box comes in steps of a
fifth in width and of a tenth in place; one in twenty cuts off the mouth and misleads the landmarks.
The mean of all of a face's windows is steadier: 70 frames of talking faces moved and scaled by up
to a quarter, against landmarks, spread by 1.0 % in width and 0.4 % of the width in place, the best
windows by 6.3 and 3.5 %. Of a face near the smallest window the smaller ones are missing, which
makes it up to 15 % too wide: it gets a second, closer look.
"""

from PIL import Image

from models.mmod import WINDOW_PX
from tasks.face.boxes import Box, Picture, clip_box, frame_box, resize_box, widen_box
from tasks.face.dlib_models import load_frontal_detector
from tasks.face.mmod import Window, average_windows, find_windows

# A face seen at less than SURE_PX is looked at again at CLOSE_PX.
SURE_PX, CLOSE_PX = 88.0, 112.0
CLOSE_REGION_WIDTHS = 1.5


def compute_scale(region: Box, *, min_face_px: float, max_side_px: int) -> float:
    """Scale at which `min_face_px` fills the detector's window, less if a side passed the cap."""
    longest = max(region.width, region.height)
    return min(WINDOW_PX / min_face_px, max_side_px / longest)


def detect_faces(
    frame: Picture,
    *,
    region: Box | None = None,
    min_face_px: float,
    max_side_px: int,
    min_score: float = 0.0,
) -> list[Box]:
    """Faces of about `min_face_px` and wider in `region` of `frame` uint8 [H, W, 3] RGB.

    Boxes are in frame pixels, best score first. Where `max_side_px` caps the scale, the smallest
    face seen is WINDOW_PX / compute_scale(…).
    """
    region = region or frame_box(frame.shape)
    scale = compute_scale(region, min_face_px=min_face_px, max_side_px=max_side_px)
    found = [box for box in _look(frame, region, scale) if box.score >= min_score]
    return [refine_box(frame, box) if box.width * scale < SURE_PX else box for box in found]


def refine_box(frame: Picture, box: Box) -> Box:
    """The face in `box` as a closer look shows it; `box` if that shows none there."""
    region = clip_box(widen_box(box, CLOSE_REGION_WIDTHS), frame.shape)
    closer = _look(frame, region, CLOSE_PX / box.width)
    return closer[0] if closer and box.contains(closer[0].center) else box


def _look(frame: Picture, region: Box, scale: float) -> list[Box]:
    """Faces in `region`, scaled by `scale`, best score first."""
    picture = _scale_region(frame, region, scale)
    if min(picture.shape[:2]) < WINDOW_PX:
        return []  # smaller than any wanted face
    return [_to_frame(average_windows(face), region, picture) for face in find_windows(picture)]


def detect_frontal_faces(
    frame: Picture, *, region: Box | None = None, min_face_px: float, max_side_px: int
) -> list[Box]:
    """As detect_faces, by dlib's HOG detector: 0.07 s per megapixel, upright frontal faces only.

    Good enough to tell what else there is in a picture. Its window is 80 px wide as well.
    """
    region = region or frame_box(frame.shape)
    scale = compute_scale(region, min_face_px=min_face_px, max_side_px=max_side_px)
    picture = _scale_region(frame, region, scale)
    if min(picture.shape[:2]) < WINDOW_PX:
        return []
    rectangles, scores, _ = load_frontal_detector().run(picture, 0, 0.0)
    windows = [
        Window(r.left(), r.top(), r.right(), r.bottom(), score)
        for r, score in zip(rectangles, scores, strict=True)
    ]
    return [_to_frame(window, region, picture) for window in windows]


def _scale_region(frame: Picture, region: Box, scale: float) -> Picture:
    size = max(1, round(region.width * scale)), max(1, round(region.height * scale))
    return resize_box(frame, region, size=size, resample=Image.Resampling.BILINEAR)


def _to_frame(window: Window, region: Box, picture: Picture) -> Box:
    """A window (last pixel included) in the scaled region to frame pixels."""
    step_x, step_y = region.width / picture.shape[1], region.height / picture.shape[0]
    return Box(
        left=region.left + window.left * step_x,
        top=region.top + window.top * step_y,
        right=region.left + (window.right + 1) * step_x,
        bottom=region.top + (window.bottom + 1) * step_y,
        score=window.score,
    )

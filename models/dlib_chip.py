"""dlib's face chip, differentiable: what its descriptor network sees of a picture with a face.

As `dlib.get_face_chip` for 68 points: a similarity lays the eyes, the nose and the upper lip on
dlib's mean shape. dlib takes one bilinear sample a pixel while a chip shrinks by less than two;
here a pixel is the mean of 2x2 samples, so that no pixel of the picture is without a gradient.
"""

import torch
from torch import Tensor
from torch.nn import functional

from models.dlib_resnet import SIZE_PX
from models.layers import to_full_precision

PADDING = 0.25  # of the mean shape's unit, on each side: what the network was trained with
SAMPLES = 2  # by a pixel and axis: faces up to twice as large as in their chips do not alias
# The points that dlib lays on each other, of the 68: no brows, no lower lip.
POINTS = (*range(27, 55), *range(60, 65))
# Their places in dlib's mean shape (image_transforms/interpolation.h), by rows as in iBUG's order:
# nose, eyes, outer lip, inner lip.
MEAN_X = (
    *(0.490127, 0.490127, 0.490127, 0.490127, 0.36688, 0.426036, 0.490127, 0.554217, 0.613373),
    *(0.121737, 0.187122, 0.265825, 0.334606, 0.260918, 0.182743),
    *(0.645647, 0.714428, 0.793132, 0.858516, 0.79751, 0.719335),
    *(0.254149, 0.340985, 0.428858, 0.490127, 0.551395, 0.639268, 0.726104),
    *(0.290379, 0.428096, 0.490127, 0.552157, 0.689874),
)
MEAN_Y = (
    *(0.203352, 0.307009, 0.409805, 0.515625, 0.587326, 0.609345, 0.628106, 0.609345, 0.587326),
    *(0.216423, 0.178758, 0.179852, 0.231733, 0.245099, 0.244077),
    *(0.231733, 0.179852, 0.178758, 0.216423, 0.244077, 0.245099),
    *(0.780233, 0.745405, 0.727388, 0.742578, 0.727388, 0.745405, 0.780233),
    *(0.784792, 0.778746, 0.785343, 0.778746, 0.784792),
)


def cut_chips(pictures: Tensor, landmarks: Tensor) -> Tensor:
    """Chips [B, 3, 150, 150] of pictures [B, 3, H, W] with landmarks [B, 68, 2], (x, y) pixels.

    Beyond a picture its border pixels go on. Gradients reach the pictures and the landmarks.
    """
    with torch.autocast(pictures.device.type, enabled=False):
        pictures = to_full_precision(pictures)
        height, width = pictures.shape[2:]
        places = place_samples(landmarks.to(pictures))  # [B, 300, 300, 2]
        sides = torch.tensor((width - 1, height - 1)).to(places)
        # Corners aligned: -1 and 1 are the centres of the outer pixels.
        sampled = functional.grid_sample(
            pictures, 2 * places / sides - 1, padding_mode="border", align_corners=True
        )
        return functional.avg_pool2d(sampled, SAMPLES)


def place_samples(landmarks: Tensor) -> Tensor:
    """Where [B, 68, 2] say that a chip's samples are taken, row by row: [B, 300, 300, 2]."""
    a, b, shift = fit_chips(landmarks)
    scale = (a.square() + b.square()).sqrt()
    # dlib lays the outer pixels on the edges of a rectangle that is a pixel smaller.
    stretch = (SIZE_PX * scale - 1) / ((SIZE_PX - 1) * scale)  # [B]
    steps = (torch.arange(SIZE_PX * SAMPLES).to(landmarks) + 0.5) / SAMPLES - SIZE_PX / 2
    places = steps * stretch[:, None] + SIZE_PX / 2  # [B, 300]
    u, v = places[:, None], places[:, :, None]  # [B, 1, 300], [B, 300, 1]
    a, b = a[:, None, None], b[:, None, None]
    return torch.stack((a * u - b * v, b * u + a * v), dim=3) + shift[:, None, None]


def fit_chips(landmarks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Least squares from chip to picture, in closed form: a, b [B] and shift [B, 2] of
    x' = a x - b y + shift x, y' = b x + a y + shift y."""
    mean = torch.tensor((MEAN_X, MEAN_Y), dtype=torch.float64).T
    points = (SIZE_PX * (PADDING + mean) / (2 * PADDING + 1)).to(landmarks)  # [33, 2]
    targets = landmarks[:, list(POINTS)]  # [B, 33, 2]
    middle, target_middle = points.mean(dim=0), targets.mean(dim=1)
    x, y = (points - middle).T
    u, v = (targets - target_middle[:, None]).unbind(2)  # [B, 33] each
    spread = (x * x + y * y).sum()
    a, b = (x * u + y * v).sum(dim=1) / spread, (x * v - y * u).sum(dim=1) / spread
    turned = torch.stack((a * middle[0] - b * middle[1], b * middle[0] + a * middle[1]), dim=1)
    return a, b, target_middle - turned

"""What models, rows and files of an AR-SPM evaluation are called."""

FACE_TO_FACE = "face-to-face"
CONSTANT, CONSTANT_BY_GENDER = "constant prior", "constant by gender"
ORIGINAL = "original"
PICTURES = "pictures of {}"
ALL_FACES = "all"

CURVES, CURVE_COLUMNS = "curves.csv", ("model", "step", "loss")

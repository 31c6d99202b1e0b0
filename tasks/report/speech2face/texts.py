"""Doubts and fixed paragraphs of Speech2Face's report."""

from tasks.report.networks.card import About

TITLE = "Speech2Face (Oh et al. 2019)"
ABOUT = About(
    "turns the sound of a voice into the face feature that a face encoder would give its speaker, "
    "which a frozen decoder draws as a frontal, neutral face.",
    (
        "The decoder draws what features of the training faces have in common: hair, background, "
        "pose and expression are none of its doing and tell nothing.",
        "A voice’s language and accent may move the picture: the paper shows the same man speaking "
        "two languages drawn as two people.",
    ),
)
OPEN_TOOLS = (
    "The paper asked a commercial service (Face++) that others cannot run. Here are open "
    "classifiers, each with its own accuracy below: its numbers and these are near, not the same "
    "quantity. Rows of a matrix are what the classifier says of the person’s own picture and sum "
    "to 100 %; the picture made from the face is the control: what is lost there is lost before "
    "any voice is heard."
)
HEADS = (
    "Pictures that a network draws are smooth, frontal and alike: a head fitted on people’s own "
    "pictures misreads them. So a second head is fitted on what the decoder makes of the same "
    "faces, and reads all made pictures here. Both are tested on people they were not fitted on."
)
UNITS_DOUBT = (
    "The paper prints L2 0.19 ± 0.03 and L1 9.81 ± 1.74 for 3 s, 0.18 ± 0.02 and 9.42 ± 1.54 for "
    "6 s. Neither fits features of length 1: with the printed angles, chord = 2 sin(θ/2) gives a "
    "length of about 0.23 in both rows, a scaling nobody has published. The angle alone can be "
    "compared; unit vectors would have L2 0.820 and 0.777."
)
GALLERY_DOUBT = (
    "The paper speaks of 5,000 faces to choose from, but prints K % for its random row, which is "
    "that of a gallery of 100 (or of K in percent of 5,000). All three readings are given: the "
    "true face among 99 random others, its rank within K percent of all, and within K of all."
)
JAW_DOUBT = (
    "The paper does not say which points stand for the corners of the jaw and the cheekbones, nor "
    "whether faces were aligned before measuring. All four combinations are in the second table. "
    "Its landmarks are another tool’s (DEST; here dlib)."
)
DISTANCES = {"l2": "L2", "l1": "L1", "cosine": "cosine"}
MEASURES = {
    "angle_deg": "angle, degrees",
    "l2": "L2, raw features",
    "l1": "L1, raw features",
    "unit_l2": "L2, unit vectors",
    "unit_l1": "L1, unit vectors",
}
METRICS = {
    "matching": "1:2 matching, share",
    "recall_at_10": "true face among the first 10, share",
    "gender_agreement": "gender of the picture, share",
    "angle_deg": "angle to the true feature, degrees",
}

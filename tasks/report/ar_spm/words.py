"""What AR-SPM's report says besides its numbers: SPEC's doubts, and what the network is."""

from tasks.report.networks.card import About

PRIOR_DOUBT = (
    "Divided by √(1/n − 1/n′) the paper’s distances have no trend either (neutral 98–122, male "
    "150–243, female 130–191): they shrink as the mean of any n independent faces does. Table 1 "
    "shows no plateau at 10,000 faces, and the neutral one lies lower only because it is the mean "
    "of two means."
)
FUSION_DOUBT = (
    "With a constant (neutral) prior, “sum” and “+fc” span the same functions as no prior at all: "
    "the prior only shifts a bias. What the paper gains by it can only come from where training "
    "starts."
)
DEGREES_DOUBT = (
    "All fifteen printed angles are the arccos of a number of three decimals, and the authors’ "
    "public code averages 0.5 + 0.5·cos. If Table 4 did so too, 15.20° is really 21.57° and 27.75° "
    "is 39.65°. Both scales are given here; only “rescaled°” would compare with such numbers."
)
OUTLIER_DOUBT = (
    "“neutral+fc” does not fit its own L2: L2/(2 sin(θ/2)) is 9.3 there, 5.8 to 6.3 in the other "
    "rows trained on both genders, 7.4 and 7.5 in “female” and “male”. A slip of .905 to .965 "
    "would turn 25.2° into the printed 15.2°."
)
CONSTANT_DOUBT = (
    "A constant answer is strong: the authors’ own released mean face is 37.9° from the faces it "
    "was made of, or 26.6° rescaled, better than the 27.7° printed for “neutral”. The paper has no "
    "such row; here it stands in every table."
)
S2F_DOUBT = (
    "The paper sets its 15.20° against 40.66° “of Speech2Face”. Speech2Face itself prints 45.75° "
    "(48.43° for 3 s), of other data and other training: no controlled comparison. The number of "
    "samples behind Table 4 is not printed."
)
AGE_DOUBT = (
    "Only “neutral+fc” is printed intact in Table 6. The other rows are put together again from "
    "scattered numbers; young and mid may be swapped, and the total of “female” fits neither."
)
GENDER_DOUBT = (
    "Table 5’s totals imply that about 60 % of its people are men. A commercial service (Face++) "
    "judged the paper’s pictures, heads on face features do here: near, not the same quantity."
)
VOICE_DOUBT = (
    "The paper says that its classifier of voices was trained on VGGFace, which has no sound; here "
    "it is trained on the training voices’ own labels. What gave the 97.01 % is not said."
)
CODE_DOUBT = (
    "Print and public code differ by a factor 1,000 in the loss’s decoder-code term: print has "
    "the sum over its dimensions, the code their mean. Trained here with the {}."
)
ABOUT = About(
    does=(
        "turns six seconds of speech into a face feature, adds it to the mean face of many people "
        "(the prior) and decodes the sum into a picture."
    ),
    limits=(
        "The mean face is most of the answer: a picture that looks plausible says little about the "
        "person; see the rows of the constant predictors.",
    ),
)

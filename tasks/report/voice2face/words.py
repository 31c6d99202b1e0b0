"""What the report on Wen et al. says besides its numbers."""

from tasks.report.networks.card import About

TITLE = "Faces from voices by a GAN (Wen, Singh and Raj 2019)"
ABOUT = About(
    "makes a picture of 64 × 64 points from a recording of a voice.",
    (
        "The pictures are small, frontal and without background; a voice gives no hair, no glasses "
        "and no expression, and what is shown of them is made up.",
        "Noise gives a face, too: a picture is no sign that somebody spoke.",
    ),
)
MATCHING = (
    "A trial is a voice, a face of the speaker and a face of somebody else. The network draws a "
    "face from the voice; the real face that is more like it, by the cosine of two vectors, is "
    "its answer. With others of one gender, gender is no help. The gender oracle knows the genders "
    "of voice and faces and nothing else. Intervals are over people, as trials of one person are "
    "not independent."
)
INDEPENDENT = (
    "“trunk” compares faces with the network the GAN was trained against, which its generator may "
    "have learnt to please; “independent” with one of the same kind that was trained to tell the "
    "real training faces and never saw a generated one."
)
LISTS = (
    "The trial lists lie as CSV beside the scores that this page was made from. Those of test "
    "people are the lists of the report on matching, as long as every clip is known to all systems "
    "there; those of training people are drawn here from the recordings that were trained on, "
    "there from all recordings of these people."
)
TRIALS_DOUBT = (
    "The paper’s 2,353,560 trials are a multiple of none of its counts of voices, faces or "
    "people: how they were made cannot be found out. Here each voice has equally many, against "
    "people drawn uniformly and faces drawn uniformly within a person, with a fixed seed. The "
    "printed rows agree with an impostor drawn without regard to gender."
)
PHI_DOUBT = (
    "The paper does not say how two faces are compared. Both ways are shown; the first is the "
    "headline."
)
IDENTITY = (
    "The classifier that the GAN was trained with names the speaker from the generated face. "
    "The recordings were kept from training, their speakers were not."
)
REALNESS_DOUBT = (
    "The paper does not say what noise, how long, or whether its voices were whole recordings."
)
NOISE = (
    "White, pink and brown noise and babble (at least eight test voices at once), taken for speech "
    "from end to end. The pixel deviation is that over pictures, so 0 is one picture for "
    "everything. The angle is that between features of every two pictures, by the data set’s own "
    "face encoder: how different they look to it. (LPIPS, the usual measure, needs weights that "
    "come in no package.)"
)
DURATIONS = (
    "The first seconds of a person’s speech, recordings joined where one is too short. Shown are "
    "the paper’s four speakers where the corpus has them, else the first with enough speech."
)
SEGMENTS = (
    "Different parts of what one person said. Faces of one speaker should differ less than those "
    "of two; the paper shows pictures only."
)
EXAMPLES = "Faces from one recording each of test people, none of whom was trained on."
GENDER = (
    "A classifier that saw real training faces alone reads the gender of each generated face; the "
    "speaker’s label is the truth. How often it errs on real faces limits what it can say."
)
LEAKS = (
    "Voices of the embedded corpus are synthetic and independent of ethnicity. If ethnicity could "
    "be told from the voice of somebody unseen, something would leak between voice and face; "
    "gender is the control, which voices do have."
)
LEAKS_REAL = (
    "What can be told of people not trained on. This corpus’ voices are real and may go with "
    "ethnicity by accent and language, so this is a measurement and no test."
)
GROUPS = (
    "The headline figures by who speaks. A group of fewer than 20 people says little, whatever its "
    "figure."
)
TRAINING = "Losses of the GAN and of the voice embedding, as they were logged."

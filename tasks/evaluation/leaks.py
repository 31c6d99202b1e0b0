"""Does a voice give away what it cannot know? On the embedded corpus ethnicity is such a thing.

Its voices are independent of its people's ethnicity, so from a voice of somebody unseen it must
come out at chance; gender, which the voices do have, is the control.
"""

from collections.abc import Iterator

from tasks.evaluation.attributes import score_agreement
from tasks.evaluation.bootstrap import encode_people
from tasks.evaluation.heads import LabelledFeatures
from tasks.evaluation.linear_head import LinearHead
from tasks.evaluation.store import Line

FACE_HEAD = "head of true face features"
VOICE_HEAD = "head of training voices"


def score_leaks(
    faces: LinearHead, heard: LabelledFeatures, unseen: LabelledFeatures, *, seed: int = 0
) -> Iterator[Line]:
    """Of fused features of unseen people; `heard` are those of training voices, on which a second
    head is fitted. Labels: attribute, head."""
    voices, people = LinearHead(heard.features, heard.labels), encode_people(unseen.people)
    for words, head in ((FACE_HEAD, faces), (VOICE_HEAD, voices)):
        found = head.predict(unseen.features)
        for attribute, true, said in (
            ("ethnicity", unseen.labels.ethnicities, found.ethnicities),
            ("gender", unseen.labels.genders, found.genders),
        ):
            score = score_agreement(f"leak_{attribute}", true, said, people=people, seed=seed)
            yield Line("leaks", (attribute, words), score)

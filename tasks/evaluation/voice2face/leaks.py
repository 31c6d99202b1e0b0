"""Does a voice give away what it cannot know?

On the embedded corpus voices are independent of ethnicity, which must therefore come out at chance
from the voice of somebody unseen; gender, which voices do have, is the control. On real corpora the
same figures are a measurement, no test.
"""

from collections.abc import Iterator, Sequence

from tasks.evaluation.attributes import score_agreement
from tasks.evaluation.linear_head import Attributes, LinearHead
from tasks.evaluation.store import Line
from tasks.evaluation.voice2face.classifiers import ClassifierRecipe, fit_classifier
from tasks.evaluation.voice2face.corpus import Faces, Voices
from tasks.evaluation.voice2face.networks import Networks

LEAK, CONTROL = "ethnicity", "gender"
FROM_VOICE, FROM_FACE = "the voice embedding", "the generated face"


def score_leaks(
    networks: Networks,
    heard: Voices,
    unseen: Voices,
    faces: Faces,
    *,
    recipe: ClassifierRecipe,
    seed: int = 0,
) -> Iterator[Line]:
    """Heads fitted on training voices `heard` and training `faces`, asked about `unseen`."""
    known = heard.who.labels
    labels = Attributes(known[CONTROL], [None] * len(heard.who), known[LEAK])
    said = LinearHead(heard.embeddings.numpy(), labels).predict(unseen.embeddings.numpy())
    yield _score(LEAK, FROM_VOICE, said.ethnicities, unseen, seed=seed)
    yield _score(CONTROL, FROM_VOICE, said.genders, unseen, seed=seed)
    network = fit_classifier(faces, faces.who.labels[LEAK], networks=networks, recipe=recipe)
    shown: Sequence[str | None] = [None] * len(unseen.who)
    if network is not None:
        shown = network.name(unseen.pictures)
    yield _score(LEAK, FROM_FACE, shown, unseen, seed=seed)


def _score(
    attribute: str, words: str, found: Sequence[str | None], unseen: Voices, *, seed: int
) -> Line:
    true, people = unseen.who.labels[attribute], unseen.who.people
    name = f"leak_{attribute}_{words.split()[-1]}"
    score = score_agreement(name, true, found, people=people, seed=seed)
    return Line("leaks", (attribute, words), score)

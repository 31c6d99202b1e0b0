"""Sections of the stages that evaluate; the defaults are the papers' values (SPEC 5)."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from tasks.params.types import STRICT, Count

Natural = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, config=STRICT)
class EvaluationParams:
    """What all evaluations share.

    `labelled_faces` is a folder named as UTKFace or FairFace, of which gender, age and ethnicity of
    pictures are learnt; without it the training split's own labelled faces are used.
    """

    labelled_faces: Path | None = None
    seed: Natural = 0


@dataclass(frozen=True, config=STRICT)
class Voice2FaceEvaluationParams:
    """WEN's tables and figures (SPEC 5.1, 5.2).

    About `train_trials` matching trials are made of the training people; `num_realness` faces of
    voices and of noise are shown to the discriminator; `num_segments` segments of each person
    are compared.
    """

    trials_per_voice: Count = 108
    train_trials: Count = 50000
    num_realness: Count = 1000
    num_segments: Count = 7
    classifier_steps: Count = 2000
    classifier_batch: Count = 128


@dataclass(frozen=True, config=STRICT)
class ArSpmEvaluationParams:
    """ARS's tables and figures (SPEC 5.6).

    At most about `max_samples` test pairs are read (the authors' scripts average 5,000);
    `prior_repeats` orders of the faces are averaged in Table 1; `num_subjects` people are shown in
    Fig. 6, `num_reconstructions` in Fig. 4.
    """

    max_samples: Count = 5000
    trials_per_voice: Count = 108
    prior_repeats: Count = 100
    num_subjects: Count = 10
    num_reconstructions: Count = 8


@dataclass(frozen=True, config=STRICT)
class Speech2FaceEvaluationParams:
    """S2F's tables and figures (SPEC 5.3 to 5.5).

    At most about `max_samples` test pairs are heard (Tables 2 and 3: 5,000), `num_drawn` of them
    drawn and looked at (Fig. 5: 1,000). Of the training people, `num_fitted` faces are drawn for
    the head that reads pictures and about `num_training` voices are heard for the test of leaks.
    `num_shown` people stand in each gallery.
    """

    max_samples: Count = 5000
    num_drawn: Count = 1000
    trials_per_voice: Count = 108
    num_fitted: Count = 2000
    num_training: Count = 2000
    num_shown: Count = 8

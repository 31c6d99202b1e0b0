"""What Speech2Face makes of held-out voices, and what is seen in its pictures."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tasks.data.readers import ShardIndex
from tasks.evaluation.fitting import Fitted, fit_picture_heads
from tasks.evaluation.heads import LabelledFeatures, draw_again
from tasks.evaluation.held_out import HeldOut, read_held_out
from tasks.evaluation.picture_scores import Pictures
from tasks.evaluation.scores import Floats
from tasks.evaluation.speech2face.ablations import hear_variants
from tasks.evaluation.speech2face.measure import Heard, join_heard
from tasks.evaluation.speech2face.pictures import Drawn, choose_rows, see_pictures
from tasks.evaluation.speech2face.segments import read_videos
from tasks.evaluation.speech2face.system import System, Window, hear, list_lengths
from tasks.params import EvaluationParams, FeatureParams, Speech2FaceEvaluationParams
from tasks.training.encoders import compute_mean_feature

logger = logging.getLogger(__name__)
LAST = "last part"


@dataclass(frozen=True)
class Source:
    """`variants` are folders of other encoders, by name, trained with the same `decoder`."""

    test: ShardIndex
    train: ShardIndex
    decoder: Path
    variants: Mapping[str, Path]


@dataclass(frozen=True)
class Examined:
    """`parts` are features of the first and last seconds of each voice, where it is long enough;
    `training` those of the training people's voices; `variants` of other networks, [N, D] each."""

    heard: Heard
    drawn: Drawn
    pictures: Pictures
    fitted: Fitted
    parts: tuple[Floats, Floats] | None
    videos: list[str]
    training: LabelledFeatures
    variants: Mapping[str, Floats]

    @property
    def held_out(self) -> HeldOut:
        return self.heard.held_out


def examine(
    system: System,
    source: Source,
    *,
    params: Speech2FaceEvaluationParams,
    evaluation: EvaluationParams,
    encoder: FeatureParams,
    num_workers: int = 1,
) -> Examined:
    """Draws, listens and looks; all that takes long."""
    heard, parts = hear_test(system, source, params=params, seed=evaluation.seed)
    held_out = heard.held_out
    again = partial(
        draw_again,
        draw=system.draw,
        encoder=encoder,
        num_workers=num_workers,
        max_faces=params.num_fitted,
    )
    fitted = fit_picture_heads(
        source.train.folder,
        again,
        labelled=evaluation.labelled_faces,
        encoder=encoder,
        num_workers=num_workers,
    )
    logger.info("heads: %s", fitted.source or "no labels are known")
    rows = choose_rows(len(held_out), limit=params.num_drawn, seed=evaluation.seed)
    drawn = Drawn(rows, {"from_face": held_out.features, "from_voice": heard.whole})
    pictures = see_pictures(
        held_out, drawn, system.draw, heads=fitted.heads, encoder=encoder, num_workers=num_workers
    )
    logger.info("%d pictures drawn from voices and as many from faces, and looked at", len(rows))
    return Examined(
        heard,
        drawn,
        pictures,
        fitted,
        parts,
        read_videos(source.test, held_out.groups),
        hear_training(system, source, limit=params.num_training, seed=evaluation.seed),
        hear_variants(source.variants, source.decoder, source.test, held_out.groups, system=system),
    )


def hear_test(
    system: System, source: Source, *, params: Speech2FaceEvaluationParams, seed: int
) -> tuple[Heard, tuple[Floats, Floats] | None]:
    """The test split at every length, and its first and last parts."""
    held_out = read_held_out(source.test, limit=params.max_samples, seed=seed)
    lengths = list_lengths(count_stored(source.test))
    windows = {name: Window(0, frames) for name, frames in lengths.items()}
    short = min(lengths.values())
    found = hear(
        system.encoder,
        source.test,
        held_out.groups,
        windows={**windows, LAST: Window(-short)},
        precision=system.precision,
    )
    last = found.pop(LAST)
    logger.info("%d voices of %d people heard", len(held_out), len(set(held_out.people)))
    constant = compute_mean_feature(source.train.folder).numpy()
    heard = join_heard(held_out, found, constant, num_per_probe=params.trials_per_voice, seed=seed)
    return heard, (next(iter(found.values())), last) if len(lengths) > 1 else None


def count_stored(index: ShardIndex) -> int:
    """Frames of the stored spectrograms."""
    metadata = index.schema.field("spectrogram").metadata
    _, num_frames, _ = json.loads(metadata[b"shape"])
    return int(num_frames)


def hear_training(system: System, source: Source, *, limit: int, seed: int) -> LabelledFeatures:
    """Features of about `limit` training voices, with what is known of their people."""
    known = read_held_out(source.train, limit=limit, seed=seed)
    found = hear(
        system.encoder,
        source.train,
        known.groups,
        windows={"whole": Window()},
        precision=system.precision,
    )
    return known.label(found["whole"])

"""Plans by published sizes, against arithmetic by hand."""

from pathlib import Path

import pytest

from tasks.estimate import CAMERA, estimate_published
from tasks.params import CorpusParams, DownloadParams, Params, RunParams


def test_avspeech_by_hand(tmp_path: Path) -> None:
    corpus = CorpusParams(source="sample", watch=tmp_path)
    download = DownloadParams(requests_per_minute=60)
    params = Params(corpus=corpus, download=download, run=RunParams(workers=64))
    estimate = estimate_published("avspeech", tmp_path, params)
    times = {stage.stage: stage.seconds for stage in estimate.stages}
    sizes = {stage.stage: stage.num_bytes for stage in estimate.stages}
    clips, videos = 2_621_845 + 183_273, 290_000  # rows of the two lists
    assert times["download"] == pytest.approx((clips + videos) * 60 / 60)
    assert times["align_faces"] == pytest.approx(clips * CAMERA.face_s / 64)
    assert sizes["write_shards"] > clips * 2 * 598 * 257 * 2  # the spectrograms alone, 1.7 TB
    assert sizes["write_shards"] < 1.4 * clips * 2 * 598 * 257 * 2

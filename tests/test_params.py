from pathlib import Path

import pytest

from tasks.params import CorpusParams, Params, flatten, read_params

ROOT = Path(__file__).parents[1]


def read_text(tmp_path: Path, text: str) -> object:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    return read_params(path)


def test_the_projects_own_file_is_valid() -> None:
    params = read_params(Path(__file__).parents[1] / "params.yaml")
    assert params.corpus.source == "sample"
    assert params.find_speech.aggressiveness == 2  # SPEC 2.1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("corpus: {source: sample, watch: a, bogus: 3}", "corpus.bogus: 3 unknown key"),
        ("corpus: {source: sample, watch: a}\nnope: {}", "nope: unknown key"),
        ("corpus: {source: tape, watch: a}", "corpus.source: 'tape'"),
        ("corpus: {source: sample, watch: a}\nfind_speech: {aggressiveness: 4}", "less than"),
        ("corpus: {source: sample, watch: a}\nfind_speech: {frame_ms: 25}", "frame_ms: 25"),
        ("corpus: {source: sample, watch: a, shard_size: 0}", "corpus.shard_size: 0"),
        ("corpus: {source: sample, watch: a}\nsplit: {val_share: 1.5}", "split.val_share: 1.5"),
        ("corpus: {source: avspeech, watch: a}", "needs corpus.lists"),
        ("corpus: {source: folder, watch: a}", "needs corpus.path"),
        ("corpus: {source: voxceleb1, watch: a, tracks: t}", "needs corpus.meta"),
        ("corpus: {source: sample, watch: a, url_template: http://x}", "must hold {video_id}"),
        ("corpus: {source: sample, watch: a}\nrun: {store: portraits}", "run.store: 'portraits'"),
        ("corpus: {source: sample, watch: a}\nrun: {store_cache_gb: 0}", "run.store_cache_gb: 0"),
        ("corpus: [", "not valid YAML"),
        ("", "(top level)"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"params\.yaml") as error:
        read_text(tmp_path, text)
    assert words in str(error.value)


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="run from the project's root"):
        read_params(tmp_path / "params.yaml")


def test_sections_become_plain_values(tmp_path: Path) -> None:
    params = read_params(Path(__file__).parents[1] / "params.yaml")
    assert flatten(params.corpus)["watch"] == "tasks/sample"
    assert flatten(params.download)["budget"] == {"hours": None, "clips": None, "gigabytes": None}


def test_the_papers_values_are_the_defaults() -> None:
    paper = read_params(ROOT / "params.paper.yaml")
    defaults = Params(CorpusParams("sample", Path("lists")))
    for name in (
        *("train_voice_embedding", "train_gan", "train_face_decoder", "train_speech2face"),
        *("train_ar_spm_decoder", "train_gender_classifier", "compute_priors", "train_ar_spm"),
    ):
        assert flatten(getattr(paper, name)) == flatten(getattr(defaults, name)), name


def test_the_papers_values_are_those_printed() -> None:
    paper = read_params(ROOT / "params.paper.yaml")
    gan, face, portrait = paper.train_gan, paper.train_speech2face, paper.train_ar_spm
    assert (gan.loop.num_steps, gan.loop.batch_size, gan.rate) == (100000, 128, 2e-4)  # SPEC 4.1
    # SPEC 4.2: 1.7 million pairs, 3 epochs of batches of 8; 0.95 every 10,000 steps.
    assert face.loop.num_steps == 3 * 1_700_000 // 8
    assert (face.loop.batch_size, face.rate, face.epsilon) == (8, 1e-3, 1e-4)
    assert (face.angle_weight, face.distillation_weight) == (0.025, 200)
    assert face.rate * face.decay.factor**63 == pytest.approx(3.95e-5, rel=1e-2)
    # SPEC 4.3: 0.15 million videos, 50 epochs of batches of 16; 0.9 every 2 epochs.
    assert portrait.loop.num_steps == 50 * 150_000 // 16
    assert portrait.decay.steps == 2 * 150_000 // 16
    assert portrait.rate * portrait.decay.factor**24 == pytest.approx(8.0e-5, rel=1e-2)
    weights = (portrait.angle_weight, portrait.code_weight, portrait.class_weight)
    assert weights == (1, 0.04, 1.2)

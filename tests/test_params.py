from pathlib import Path

import pytest

from tasks.params import flatten, read_params


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

"""extract_media: sound and candidate frames of one shard's downloads."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from prefect import task

from tasks.data.rows import join_clips, map_rows, read_rows, write_rows
from tasks.data.shards import ShardResult, read_records, shard_path
from tasks.media.extract import extract
from tasks.media.images import encode_png, read_picture
from tasks.params import ExtractParams
from tasks.records import EXTRACT_SCHEMA, Clip, Download, Extract

STAGE = "extract_media"
ROWS_PER_GROUP = 8


@task(task_run_name="extract_media-{index:05d}")
def extract_media_shard(
    index: int, key: str, clips: Path, media: Path, out: Path, params: ExtractParams
) -> ShardResult:
    """Reads shard `index` of `clips` and `media`, writes shard `index` of `out`."""
    downloads = read_rows(shard_path(media, index), Download, batch_rows=4)
    rows = join_clips(read_records(shard_path(clips, index), Clip), downloads)
    return write_rows(
        shard_path(out, index),
        map_rows(STAGE, rows, partial(extract_clip, params=params)),
        EXTRACT_SCHEMA,
        index=index,
        metadata={"stage": STAGE, "key": key},
        rows_per_group=ROWS_PER_GROUP,
        compression="none",  # PNG, and PCM that zstd takes a tenth off
    )


def extract_clip(item: tuple[Clip, Download], *, params: ExtractParams) -> Extract:
    """Decodes what the item's kind wants; raises Rejected."""
    clip, download = item
    sound = _decode(clip, download, params) if download.media is not None else None
    if download.picture is None:
        assert sound is not None, clip.clip_id
        return sound
    frame = encode_png(read_picture(download.picture))
    return Extract(sound.audio if sound else None, [frame], [0.0])


def _decode(clip: Clip, download: Download, params: ExtractParams) -> Extract:
    """The media goes through a private file whose name comes from us, never from a list."""
    duration_s = None if clip.end_s is None else clip.end_s - (clip.start_s or 0.0)
    with TemporaryDirectory(prefix="extract-") as folder:
        path = Path(folder) / "media"
        path.write_bytes(download.media or b"")
        return extract(
            path,
            start_s=download.offset_s,
            duration_s=duration_s,
            needs_video=clip.kind.has_face and download.picture is None,
            needs_audio=clip.kind.has_voice,
            params=params,
            near_middle=clip.x is None,
        )

"""What a media file holds, read from its headers; PyAV, so that no ffprobe is needed."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import ffmpeg
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from tasks.media.ffmpeg import FfmpegFailed, FfmpegTimedOut, run_ffmpeg
from tasks.outcomes import Reason, Rejected
from tasks.records import Seconds

# Formats that hold their media themselves: playlists and lists of other files are refused, whatever
# the file is called, and so is every protocol but plain files.
FORMATS = (
    "mov,matroska,avi,mpeg,mpegts,mpegvideo,flv,asf,ogg,nut,mxf,rm,"
    "wav,w64,aiff,caf,au,mp3,aac,ac3,flac,amr"
)
# How far headers are looked for (chosen): twice ffmpeg's usual 5 MB and 5 s.
SAFE_INPUT = {
    "protocol_whitelist": "file",
    "format_whitelist": FORMATS,
    "probesize": "10000000",
    "analyzeduration": "10000000",
}
# Containers in which a seek is a guess, and how far apart key frames may be in them (chosen).
WITHOUT_INDEX = frozenset({"mpeg", "mpegts", "mpegvideo"})
LONGEST_GOP_S = 10.0
ROTATION_PACKETS = 50
WORDS_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class VideoInfo:
    """A picture stream; width and height after rotation. Times count from the media's start."""

    index: int
    codec: str
    width: int
    height: int
    rotation_deg: int
    frame_rate: float | None
    start_s: Seconds
    end_s: Seconds | None


@dataclass(frozen=True)
class AudioInfo:
    """A sound stream; times count from the media's start."""

    index: int
    codec: str
    sample_rate: int
    num_channels: int
    start_s: Seconds
    end_s: Seconds | None


@dataclass(frozen=True)
class MediaInfo:
    """`start_s` is the timestamp at which the media's clock starts; other times count from it."""

    container: str
    start_s: Seconds
    duration_s: Seconds | None
    video: VideoInfo | None
    audio: AudioInfo | None


def probe(media: Path) -> MediaInfo:
    """The first picture stream (cover art does not count) and the first sound stream.

    Raises Rejected(unreadable_media) with ffmpeg's last words.
    """
    try:
        with av.open(get_url(media), options=SAFE_INPUT) as container:
            return read_info(container)
    except (av.FFmpegError, ValueError) as error:
        words = read_words_about(media) or str(error)
        raise Rejected(Reason.unreadable_media, hide_path(words, media)) from None


def find_run_up(info: MediaInfo) -> Seconds:
    """How much earlier to seek: without an index a seek may land behind the picture it needs."""
    return LONGEST_GOP_S if info.container in WITHOUT_INDEX else 0.0


def hide_path(words: str, media: Path) -> str:
    """ffmpeg's words without where the file lay, so that an outcome is the same everywhere."""
    for name in (get_url(media), str(media.absolute()), str(media)):
        words = words.replace(name, "media")
    return words


def get_url(media: Path) -> str:
    """The file as ffmpeg takes it: never an option, a protocol or a pattern, whatever its name."""
    return f"file:{media.absolute()}"


def read_info(container: InputContainer) -> MediaInfo:
    """Headers as records; frames are decoded only until one tells the rotation."""
    start_s = (container.start_time or 0) / av.time_base
    video = next((s for s in container.streams.video if is_picture(s)), None)
    audio = next((s for s in container.streams.audio if s.codec_context is not None), None)
    return MediaInfo(
        container=container.format.name,
        start_s=start_s,
        duration_s=container.duration / av.time_base if container.duration else None,
        audio=read_audio(audio, start_s) if audio else None,
        video=read_video(container, video, start_s) if video else None,
    )


def is_picture(stream: VideoStream) -> bool:
    """False for cover art, thumbnails, and what no decoder is known for."""
    aside = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return stream.codec_context is not None and not stream.disposition & aside


def read_audio(stream: AudioStream, start_s: Seconds) -> AudioInfo:
    begin_s, end_s = read_span(stream, start_s)
    context = stream.codec_context
    return AudioInfo(stream.index, context.name, stream.rate, stream.channels, begin_s, end_s)


def read_video(container: InputContainer, stream: VideoStream, start_s: Seconds) -> VideoInfo:
    begin_s, end_s = read_span(stream, start_s)
    rotation_deg = read_rotation(container, stream)
    width, height = stream.width, stream.height
    if rotation_deg % 180:
        width, height = height, width
    rate = stream.average_rate
    return VideoInfo(
        index=stream.index,
        codec=stream.codec_context.name,
        width=width,
        height=height,
        rotation_deg=rotation_deg,
        frame_rate=float(rate) if rate else None,
        start_s=begin_s,
        end_s=end_s,
    )


def read_span(
    stream: VideoStream | AudioStream, media_start_s: Seconds
) -> tuple[Seconds, Seconds | None]:
    """Start and end (None: unknown) from the media's start."""
    unit = stream.time_base or Fraction(1)
    start_s = float(stream.start_time * unit) - media_start_s if stream.start_time else 0.0
    end_s = start_s + float(stream.duration * unit) if stream.duration else None
    return start_s, end_s


def read_rotation(container: InputContainer, stream: VideoStream) -> int:
    """Degrees of the display matrix, counter-clockwise, from the first frame; 0 if none decodes."""
    stream.codec_context.thread_count = 1
    try:
        for packet in islice(container.demux(stream), ROTATION_PACKETS):
            for frame in packet.decode():
                return round(frame.rotation)
    except av.FFmpegError:
        return 0
    return 0


def read_words_about(media: Path) -> str | None:
    """What ffmpeg itself says to a file it cannot open; None if it opens it after all."""
    source = ffmpeg.input(get_url(media), t=0, **SAFE_INPUT)
    try:
        run_ffmpeg(source.output("pipe:1", f="null").get_args(), timeout_s=WORDS_TIMEOUT_S)
    except (FfmpegFailed, FfmpegTimedOut) as error:
        return str(error)
    return None

"""Pieces of a format, each fetched once per video: checked, bounded, decrypted."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tasks.outcomes import Reason
from tasks.records import Seconds
from tasks.remote.brake import check_brake
from tasks.remote.failures import HTML_INSTEAD, FetchFailed
from tasks.remote.http import Answer, Wish, fetch_url, is_html
from tasks.remote.playlist import Key, Piece
from tasks.remote.resolve import MediaUrl
from tasks.remote.session import Session

# Bounds on what a server may send (chosen): a playlist of twelve hours with URLs of 1.5 kB in
# pieces of 2 s has 32 MB, a piece of 10 s at 50 Mbit/s has 63 MB.
MAX_PLAYLIST_MB = 64.0
MAX_PIECE_MB = 200.0
PARTIAL_CONTENT = 206


@dataclass
class Attempt:
    """One attempt: its pieces lie in `folder`, its requests may take `left_s` together."""

    session: Session
    folder: Path
    left_s: Seconds


def start_attempt(session: Session, folder: Path) -> Attempt:
    return Attempt(session, folder, session.params.segment_timeout_s)


def fetch_text(media: MediaUrl, attempt: Attempt) -> tuple[str, str]:
    """The playlist of a media and the URL it was found at."""
    answer = _ask(Piece(media.url), media, attempt, max_mb=MAX_PLAYLIST_MB)
    return answer.data.decode("utf-8", "replace"), answer.url


def fetch_piece(piece: Piece, media: MediaUrl, attempt: Attempt) -> Path:
    """Its bytes, in a file; what an earlier attempt or clip has fetched is taken."""
    named = f"{piece.url} {piece.first_byte} {piece.num_bytes}"
    path = attempt.folder / hashlib.sha256(named.encode()).hexdigest()
    if not path.exists():
        data = take_range(_ask(piece, media, attempt, max_mb=MAX_PIECE_MB), piece)
        if piece.key is not None:
            key = fetch_piece(Piece(piece.key.url), media, attempt).read_bytes()
            data = decrypt(data, key, piece.key)
        path.write_bytes(data)
    return path


def forget_pieces(folder: Path) -> None:
    """What cannot be cut may come right when it is fetched again."""
    for path in folder.iterdir():
        path.unlink()


def take_range(answer: Answer, piece: Piece) -> bytes:
    """The piece's own bytes, of a server that heeds ranges or does not."""
    data = answer.data
    if piece.num_bytes is None:
        return data
    if answer.status != PARTIAL_CONTENT:
        data = data[piece.first_byte : piece.first_byte + piece.num_bytes]
    if len(data) != piece.num_bytes:
        message = f"{piece.url}: {len(data)} bytes of a range of {piece.num_bytes}"
        raise FetchFailed(Reason.truncated, message)
    return data


def decrypt(data: bytes, secret: bytes, key: Key) -> bytes:
    """Raises FetchFailed(truncated) for what is not whole or not encrypted by this key."""
    try:
        cipher = Cipher(algorithms.AES128(secret), modes.CBC(key.iv)).decryptor()
        unpadder = PKCS7(algorithms.AES128.block_size).unpadder()
        plain = unpadder.update(cipher.update(data) + cipher.finalize())
        return bytes(plain + unpadder.finalize())
    except ValueError as error:
        raise FetchFailed(Reason.truncated, f"a piece cannot be decrypted: {error}") from None


def _ask(piece: Piece, media: MediaUrl, attempt: Attempt, *, max_mb: float) -> Answer:
    """One request at its turn, unless the stage has been paused meanwhile."""
    session = attempt.session
    check_brake(session.brake)
    with session.gate():
        begin_s = time.monotonic()
        try:
            answer = fetch_url(
                piece.url,
                Wish(
                    headers=lambda url: build_headers(url, piece, media, session),
                    check_type=_refuse_pages,
                    max_mb=max_mb,
                    timeout_s=attempt.left_s,
                    unfit=Reason.no_format,
                ),
                params=session.params,
            )
        finally:
            attempt.left_s -= time.monotonic() - begin_s
    if is_html(answer.content_type, answer.data):
        raise FetchFailed(Reason.unknown, HTML_INSTEAD)
    return answer


def build_headers(url: str, piece: Piece, media: MediaUrl, session: Session) -> Mapping[str, str]:
    """The format's own, the cookies meant for this URL, and the bytes wanted of it."""
    headers = {**media.headers, "Accept-Encoding": "identity"}
    cookies = session.client.read_cookies(url)
    if cookies:
        headers["Cookie"] = cookies
    if piece.num_bytes is not None:
        last = piece.first_byte + piece.num_bytes - 1
        headers["Range"] = f"bytes={piece.first_byte}-{last}"
    return headers


def _refuse_pages(content_type: str) -> None:
    if is_html(content_type, b""):
        raise FetchFailed(Reason.unknown, HTML_INSTEAD)

"""A yt-dlp plugin for tests: YouTube's extractor with a player response taken from a file."""

import json
import os
from pathlib import Path

from yt_dlp.extractor.youtube import YoutubeIE, _video

# What the extractor notes in a response beside the client that it asked: one without tokens.
CLIENT = {
    _video.STREAMING_DATA_CLIENT_NAME: "tv",
    _video.STREAMING_DATA_FETCH_GVS_PO_TOKEN: lambda **_: None,
    _video.STREAMING_DATA_PLAYER_TOKEN_PROVIDED: False,
    _video.STREAMING_DATA_IS_PREMIUM_SUBSCRIBER: False,
}


class PlayabilityIE(YoutubeIE):
    """Everything after the network is the pinned extractor's own code, messages included."""

    IE_NAME = "playability"
    _VALID_URL = r"https?://youtube\.test/(?P<id>[\w-]{11})"
    _TESTS = ()

    def _initial_extract(self, url, *_):
        response = json.loads(Path(os.environ["PLAYABILITY_FILE"]).read_text(encoding="utf-8"))
        for warning in response.pop("warnings", []):
            self.report_warning(warning)
        if "streamingData" in response:
            available_at = response.pop("available_at", 0)
            named = {_video.STREAMING_DATA_AVAILABLE_AT_TIMESTAMP: available_at}
            response["streamingData"] |= CLIENT | named
        if response.pop("drm", False):
            self.report_drm(self._match_id(url))
        return "", {}, {}, False, [response], None

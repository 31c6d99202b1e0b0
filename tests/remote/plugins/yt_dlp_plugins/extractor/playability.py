"""A yt-dlp plugin for tests: YouTube's extractor with a player response taken from a file."""

import json
import os
from pathlib import Path

from yt_dlp.extractor.youtube import YoutubeIE


class PlayabilityIE(YoutubeIE):
    """Everything after the network is the pinned extractor's own code, messages included."""

    IE_NAME = "playability"
    _VALID_URL = r"https?://youtube\.test/(?P<id>[\w-]{11})"
    _TESTS = ()

    def _initial_extract(self, url, *_):
        response = json.loads(Path(os.environ["PLAYABILITY_FILE"]).read_text(encoding="utf-8"))
        for warning in response.pop("warnings", []):
            self.report_warning(warning)
        if response.pop("drm", False):
            self.report_drm(self._match_id(url))
        return "", {}, {}, False, [response], None

"""A face from a voice: `python -m flows.portrait VOICE --network … --out face.png`."""

import argparse
import logging
import sys
from pathlib import Path

from tasks.params import read_params
from tasks.portrait import NETWORKS, draw_portrait

logger = logging.getLogger("flows.portrait")


def main() -> int:
    """0 when the picture is written, 1 with a message when it cannot be made."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logger.setLevel(logging.INFO)
    given = _read_arguments()
    try:
        height, width = draw_portrait(
            given.voice,
            network=given.network,
            weights=given.weights,
            out=given.out,
            params=read_params(),
        )
    except ValueError as error:
        logger.error("%s", error)
        return 1
    logger.info("%s: %d x %d pixels", given.out, width, height)
    return 0


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m flows.portrait", description=__doc__)
    parser.add_argument("voice", type=Path, metavar="VOICE", help="any sound or video file")
    parser.add_argument("--network", required=True, choices=NETWORKS)
    parser.add_argument(
        "--weights",
        type=Path,
        default=Path("data/weights"),
        help="folder of trained weights; for voice2face also that of the released .pth files",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="face.png")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

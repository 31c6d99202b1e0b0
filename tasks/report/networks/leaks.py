"""The verdict on the embedded corpus's leak test: can ethnicity be told from an unseen voice?"""

from collections.abc import Iterator, Sequence

from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, select_lines
from tasks.report.networks.page import Caution, Item

LEAK, CONTROL = "ethnicity", "gender"


def judge_leaks(lines: Sequence[Line]) -> Iterator[Item]:
    """Of lines of table "leaks", labelled attribute and what it was told from."""
    leaks, controls = (
        [line for line in select_lines(lines, "leaks") if line.labels[0] == attribute]
        for attribute in (LEAK, CONTROL)
    )
    if all(line.score.value is None for line in leaks):
        yield "No ethnicity is known here: nothing was tested."
        return
    found = [line.labels[1] for line in leaks if is_told(line.score)]
    if found:
        yield Caution(f"Ethnicity comes out above chance ({', '.join(found)}): look for a leak.")
    else:
        yield "Ethnicity is at chance: no interval lies above chance and one answer for all."
    if not any(is_told(line.score) for line in controls):
        yield Caution("Gender, the control, does not come out either: the test says nothing.")


def is_told(score: Score) -> bool:
    """The whole interval lies above chance and above one answer for everybody."""
    baselines = [value for value in (score.chance, score.constant) if value is not None]
    return score.low is not None and bool(baselines) and score.low > max(baselines)

"""An evaluation of systems that match voices and faces, as its report looks things up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.evaluation.matching_table.measure import ORACLE_NAME
from tasks.evaluation.matching_table.rounds import STRATA
from tasks.evaluation.scores import Score
from tasks.evaluation.store import Line, select_lines

ALL, OF_GENDER = STRATA["U"], STRATA["G"]


@dataclass(frozen=True)
class Difference:
    """Accuracy of one system less that of another on the same trials, with its interval."""

    value: float
    low: float | None
    high: float | None

    @property
    def is_sure(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True)
class Found:
    """`systems` in the order of Table 3, without the oracle."""

    lines: Sequence[Line]
    systems: tuple[str, ...]
    scores: Mapping[tuple[str, ...], Score]
    differences: Mapping[tuple[str, ...], Score]

    def get(self, system: str, *, split: str = "test", stratum: str = ALL) -> Score:
        return self.scores[system, "V→F", split, stratum]

    @property
    def splits(self) -> list[str]:
        """Those that were measured, test first."""
        known = {labels[2] for labels in self.scores}
        return [split for split in ("test", "train") if split in known]

    def list_measured(self, *, stratum: str = ALL) -> list[str]:
        """Systems with a number for the test people, best first."""
        known = [name for name in self.systems if self.get(name, stratum=stratum).value is not None]
        return sorted(known, key=lambda name: -(self.get(name, stratum=stratum).value or 0.0))

    def compare(self, one: str, two: str, *, stratum: str = ALL) -> Difference | None:
        """None where one of them has no number."""
        if (score := self.differences.get((one, two, stratum))) is not None:
            return None if score.value is None else Difference(score.value, score.low, score.high)
        turned = self.differences.get((two, one, stratum))
        if turned is None or turned.value is None:
            return None
        low, high = (None if end is None else -end for end in (turned.high, turned.low))
        return Difference(-turned.value, low, high)


def read_found(lines: Sequence[Line]) -> Found:
    table = select_lines(lines, "table_3")
    systems = tuple(
        dict.fromkeys(line.labels[0] for line in table if line.labels[0] != ORACLE_NAME)
    )
    return Found(
        lines,
        systems,
        {line.labels: line.score for line in table},
        {line.labels: line.score for line in select_lines(lines, "differences")},
    )

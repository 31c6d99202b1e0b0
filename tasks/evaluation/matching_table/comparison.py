"""Systems against each other on the same trials, and which of their lines lead."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from tasks.evaluation.bootstrap import score_mean, score_pair_mean
from tasks.evaluation.matching_table.measure import ORACLE_NAME, TRAIN_STRATA, Found
from tasks.evaluation.matching_table.rounds import STRATA
from tasks.evaluation.scores import complete
from tasks.evaluation.store import GUARDED, HEADLINE, Line

HEADLINE_SYSTEMS = ("DIMNet-I", "WEN", "SVHF")  # the first of them that is there
MIXED_PUBLISHED = 0.472  # of the paper's test people, SPEC 5.2


def compare_systems(found: Found, *, split: str = "test") -> Iterator[Line]:
    """Differences between every two systems (and the oracle), trial by trial, V→F."""
    for stratum in TRAIN_STRATA:
        item = found.rounds.get(f"v2f_{split}_{stratum}")
        if item is None or not len(item.trials):
            continue
        owners = [np.array(items.people) for items in (item.probes, item.candidates)]
        codes = np.unique(np.concatenate(owners), return_inverse=True)[1]
        probes, candidates = codes[: len(owners[0])], codes[len(owners[0]) :]
        for one, two in combinations(found.won[item.key], 2):
            score = score_pair_mean(
                f"{one} less {two}",
                found.won[item.key][one].astype(np.float64) - found.won[item.key][two],
                first=probes[item.trials.probes],
                second=candidates[item.trials.others[:, 0]],
            )
            yield Line("differences", (one, two, STRATA[stratum]), score)


def count_mixed_pairs(found: Found, *, split: str = "test") -> Iterator[Line]:
    """The share P of unstratified trials between two genders (SPEC 5.2's consistency check)."""
    item = found.rounds.get(f"v2f_{split}_U")
    if item is not None and len(item.trials):
        # The oracle wins those trials and halves the others.
        values = 2 * found.won[item.key][ORACLE_NAME].astype(np.float64) - 1
        people = np.unique(item.probes.people, return_inverse=True)[1][item.trials.probes]
        score = score_mean("mixed_pairs", values, people=people)
        yield Line("mixed_pairs", (split,), complete(score, published=MIXED_PUBLISHED))


def name_headline(lines: Sequence[Line], systems: Sequence[str]) -> Iterator[Line]:
    """The headline, and the systems that a new model must not make worse."""
    known = {line.labels: line for line in lines if line.table == "table_3"}
    measured = [
        name for name in systems if known[name, "V→F", "test", STRATA["U"]].score.value is not None
    ]
    chosen = next((name for name in (*HEADLINE_SYSTEMS, *measured) if name in measured), None)
    for name in measured:
        line = known[name, "V→F", "test", STRATA["U"]]
        table = HEADLINE if name == chosen else GUARDED
        yield Line(table, (name,), line.score)

"""The record of `benchmarks.seeds`: a page, flat numbers, and tables as CSV."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.seed_scores import ORACLE, Row, Summary
from tasks.evaluation.scores import Score

FIELDS = ("value", "low", "high", "chance", "constant", "num_samples", "num_people")
INTRODUCTION = """# The chain of `make run`, trained with {count} seeds

```bash
{command}
```

Presets of `params.yaml` with another `loop.seed`, the embedded corpus's shards, the same trials of
the same {people} test people for every run. The interval is over people, of the mean over the runs;
"spread" is the deviation of the runs. The gender oracle knows the genders of voice and faces and
nothing else.
"""


def write_record(
    out: Path, rows: Sequence[Row], summaries: Sequence[Summary], *, command: str
) -> None:
    """README.md, metrics.json, seeds.csv and summary.csv below `out`; notes written by hand to
    NOTES.md go to the page's end."""
    out.mkdir(parents=True, exist_ok=True)
    write_csv(out / "seeds.csv", ("network", "metric", "seed", *FIELDS), list_seeds(rows))
    head = ("network", "metric", "mean", "spread", *FIELDS[1:], "gender_oracle")
    write_csv(out / "summary.csv", head, list_summaries(summaries))
    text = json.dumps(flatten(summaries), indent=2, sort_keys=True)
    (out / "metrics.json").write_text(text + "\n", encoding="utf-8")
    (out / "README.md").write_text(describe(summaries, command=command, out=out), encoding="utf-8")


def list_seeds(rows: Sequence[Row]) -> list[list[object]]:
    return [[row.network, row.metric, row.seed, *list_values(row.score)] for row in rows]


def list_summaries(summaries: Sequence[Summary]) -> list[list[object]]:
    return [
        [s.network, s.metric, s.score.value, s.spread, *list_values(s.score)[1:], oracle]
        for s, oracle in zip(summaries, find_oracles(summaries), strict=True)
    ]


def list_values(score: Score) -> list[object]:
    return [getattr(score, name) for name in FIELDS]


def find_oracles(summaries: Sequence[Summary]) -> list[float | None]:
    known = {s.metric: s.score.value for s in summaries if s.network == ORACLE}
    return [known.get(s.metric) for s in summaries]


def flatten(summaries: Sequence[Summary]) -> dict[str, float | int]:
    """`<network>_<metric>` and its ends, for `dvc metrics`."""
    flat: dict[str, float | int] = {}
    for item in summaries:
        words = "".join(c if c.isalnum() else " " for c in f"{item.network} {item.metric}")
        name = "_".join(words.lower().split())
        score = item.score
        values = {"": score.value, "_low": score.low, "_high": score.high, "_spread": item.spread}
        flat |= {name + end: round(v, 6) for end, v in values.items() if v is not None}
        flat[f"{name}_n"] = score.num_samples
    return flat


def describe(summaries: Sequence[Summary], *, command: str, out: Path) -> str:
    seeds = list(summaries[0].by_seed)
    people = max(item.score.num_people for item in summaries)
    parts = [INTRODUCTION.format(count=len(seeds), command=command, people=people)]
    titles = ["network", *(f"seed {seed}" for seed in seeds), "mean [95 %]", "spread"]
    for metric in dict.fromkeys(item.metric for item in summaries):
        chosen = [item for item in summaries if item.metric == metric]
        lines = [[*titles, "chance", "constant"], ["---"] * (len(titles) + 2)]
        lines += [describe_row(item) for item in chosen]
        parts.append(f"## {metric}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    notes = out / "NOTES.md"
    if notes.is_file():
        parts.append(notes.read_text(encoding="utf-8").strip())
    return "\n\n".join(part.strip() for part in parts) + "\n"


def describe_row(item: Summary) -> list[str]:
    score = item.score
    interval = f" [{format_share(score.low)}, {format_share(score.high)}]"
    return [
        item.network,
        *(format_share(value) for value in item.by_seed.values()),
        format_share(score.value) + (interval if score.low is not None else ""),
        format_share(item.spread),
        format_share(score.chance),
        format_share(score.constant),
    ]


def format_share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def write_csv(path: Path, head: Sequence[str], lines: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(
            [f"{cell:.6f}" if isinstance(cell, float) else cell for cell in line] for line in lines
        )

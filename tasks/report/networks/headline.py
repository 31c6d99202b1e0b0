"""The first screen: how good the network is, in words, and how sure we are.

    headline = build_headline(
        "Of two faces it picks the speaker’s own in {} of trials",
        score, kind="share", table="matching", figure="matching",
    )

`{}` is the value. Interval, chance, the constant answer and the paper's number are added, and a
verdict: does the interval lie on the good side of what knowing nothing gives?
"""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from tasks.evaluation.scores import Score
from tasks.report.render import link_number
from tasks.report.tables import Column, Format, Table, format_cell

NAME = "headline"
# Columns of headline.csv, which the index of all reports reads.
COLUMNS = (
    *("sentence", "verdict", "is_good", "figure", "metric", "ours", "low", "high", "chance"),
    *("constant", "paper", "samples", "people"),
)


@dataclass(frozen=True)
class Headline:
    """`figure` names the report's figure that the index shows beside it, if any."""

    words: Markup
    verdict: str
    is_good: bool
    score: Score
    figure: str = ""

    @property
    def sentence(self) -> str:
        return self.words.striptags()


def build_headline(
    text: str,
    score: Score,
    *,
    table: str,
    kind: Format = "share",
    unit: str = "",
    higher_is_better: bool = True,
    figure: str = "",
) -> Headline:
    """`table` is the CSV its numbers link to; `unit` follows every number ("°")."""
    if score.value is None:
        words = Markup(f"{text}: not measured ({{}}).").format("…", score.reason)
        return Headline(words, "Nothing can be said yet.", False, score, figure)

    def link(value: float) -> Markup:
        number = link_number(value, table, kind)
        return Markup("{}{}").format(number, unit)

    references = Markup("; ").join(_list_references(score, link))
    words = Markup(f"{text} ({{}}).").format(link(score.value), references)
    verdict, is_good = judge(score, kind=kind, unit=unit, higher_is_better=higher_is_better)
    return Headline(words, verdict, is_good, score, figure)


def _list_references(score: Score, link: Callable[[float], Markup]) -> list[Markup]:
    parts = []
    if score.low is not None and score.high is not None:
        parts.append(Markup("95 % interval {} to {}").format(link(score.low), link(score.high)))
    named = (
        ("chance", score.chance),
        ("one answer for everybody", score.constant),
        ("the paper, on its own data", score.published),
    )
    parts += [
        Markup("{} {}").format(name, link(value)) for name, value in named if value is not None
    ]
    counts = Markup("{:,} samples of {:,} people").format(score.num_samples, score.num_people)
    return [*parts, counts]


def judge(
    score: Score, *, kind: Format = "share", unit: str = "", higher_is_better: bool = True
) -> tuple[str, bool]:
    """The verdict, and whether it is a good one."""
    if score.low is None or score.high is None:
        return f"How sure that is cannot be said: {score.reason or 'no interval'}.", False
    known = [value for value in (score.chance, score.constant) if value is not None]
    if not known:
        return "There is nothing to compare it with but the paper.", True
    baseline = max(known) if higher_is_better else min(known)
    shown = f"{format_cell(baseline, kind)}{unit}"
    if score.low <= baseline <= score.high:
        words = f"This cannot be told from knowing nothing: {shown} lies within the interval."
        return words, False
    is_good = (score.low > baseline) == higher_is_better
    side = "above" if score.low > baseline else "below"
    if is_good:
        return f"Better than knowing nothing: the whole interval lies {side} {shown}.", True
    return f"Worse than one answer for everybody: the whole interval lies {side} {shown}.", False


def build_headline_table(headline: Headline) -> Table:
    """One row, for the index and for programs."""
    score = headline.score
    row = (
        *(headline.sentence, headline.verdict, "yes" if headline.is_good else "no"),
        *(headline.figure, score.name, score.value, score.low, score.high, score.chance),
        *(score.constant, score.published, score.num_samples, score.num_people),
    )
    return Table(NAME, "Headline", tuple(Column(name) for name in COLUMNS), (row,))

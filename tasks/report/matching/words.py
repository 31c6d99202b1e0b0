"""The order of systems in words, as far as the intervals carry it."""

from collections.abc import Iterator
from itertools import pairwise

from tasks.evaluation.matching_table.measure import ORACLE_NAME
from tasks.report.matching.found import OF_GENDER, Difference, Found
from tasks.report.tables import format_share

JUST_UNDER = 0.05  # of the oracle's accuracy, chosen: the paper's distance is 0.007
LARGE = 0.02  # a train minus test gap of which the words speak, chosen


def describe_order(found: Found, *, stratum: str) -> str:
    """Our systems from best to worst, and which neighbours can be told apart."""
    names = found.list_measured(stratum=stratum)
    if not names:
        return f"Among people {stratum}: nothing was measured."
    ranked = ", ".join(f"{name} {_show(found, name, stratum)}" for name in names)
    pairs = [
        compare_in_words(one, two, found.compare(one, two, stratum=stratum))
        for one, two in pairwise(names)
    ]
    return f"Faces {stratum}, best first: {ranked}. {' '.join(pairs)}"


def _show(found: Found, name: str, stratum: str) -> str:
    value = found.get(name, stratum=stratum).value
    return "–" if value is None else format_share(value)


def compare_in_words(one: str, two: str, difference: Difference | None) -> str:
    if difference is None:
        return f"{one} and {two} cannot be compared."
    shown = f"{format_points(difference.value)}, {format_range(difference)}"
    if not difference.is_sure:
        return f"{one} and {two} cannot be told apart ({shown})."
    leader, other = (one, two) if difference.value > 0 else (two, one)
    return f"{leader} is ahead of {other} ({shown})."


def format_points(value: float) -> str:
    return f"{100 * value:+.1f} points".replace("-", "−")


def format_range(difference: Difference) -> str:
    if difference.low is None or difference.high is None:
        return "no interval"
    return f"95 % from {100 * difference.low:+.1f} to {100 * difference.high:+.1f}".replace(
        "-", "−"
    )


def check_published_order(found: Found, *, stratum: str) -> Iterator[str]:
    """Each neighbouring pair of the published order: does it hold here?"""
    papers = {name: found.get(name, stratum=stratum).published for name in found.systems}
    known = {name: value for name, value in papers.items() if value is not None}
    for one, two in pairwise(sorted(known, key=lambda name: -known[name])):
        printed = f"{format_share(known[one])} and {format_share(known[two])}"
        difference = found.compare(one, two, stratum=stratum)
        if difference is None:
            verdict = "is not measured here"
        elif not difference.is_sure:
            verdict = f"is neither confirmed nor denied here: {format_range(difference)} points"
        elif difference.value > 0:
            verdict = f"holds here: {format_range(difference)} points"
        else:
            verdict = f"is the other way round here: {format_range(difference)} points"
        yield f"{one} ahead of {two} (printed: {printed}) {verdict}."


def describe_chance(found: Found, *, stratum: str) -> str:
    """Who is above chance, with the whole interval."""
    above, open_, below = list[str](), list[str](), list[str]()
    for name in found.list_measured(stratum=stratum):
        score = found.get(name, stratum=stratum)
        chance = score.chance or 0.5
        is_above = score.low is not None and score.low > chance
        is_below = score.high is not None and score.high < chance
        (above if is_above else below if is_below else open_).append(name)
    parts = [
        (above, "above chance with the whole interval"),
        (open_, "not told from chance"),
        (below, "below chance"),
    ]
    said = [f"{words}: {', '.join(names)}" for names, words in parts if names]
    return f"Faces {stratum}: {'; '.join(said) or 'nothing was measured'}."


def describe_memory(found: Found) -> str:
    """What the systems lose from people they were trained on to people they were not."""
    parts = []
    for name in found.list_measured(stratum=OF_GENDER):
        seen = found.get(name, split="train", stratum=OF_GENDER).value
        unseen = found.get(name, stratum=OF_GENDER).value
        if seen is not None and unseen is not None and seen - unseen > LARGE:
            parts.append(f"{name} {format_share(seen)} against {format_share(unseen)}")
    if not parts:
        return "No system is much better on the people it was trained on."
    return (
        "Within one gender, people a system was trained on are easier than strangers: "
        f"{'; '.join(parts)}. What is lost is memory of people, not what voice and face share."
    )


def check_gender_system(found: Found) -> tuple[str, bool] | None:
    """DIMNet-G must come close to the gender oracle and know nothing else; None without it."""
    name = "DIMNet-G"
    if name not in found.list_measured():
        return None
    oracle = found.compare(ORACLE_NAME, name)
    within = found.get(name, stratum=OF_GENDER)
    if oracle is None or within.low is None or within.high is None:
        return f"{name} cannot be checked: there is no interval.", False
    is_close = oracle.value <= JUST_UNDER and (oracle.low is None or oracle.low >= -JUST_UNDER)
    is_blind = within.low <= 0.5 <= within.high
    words = (
        f"{name} learns genders alone. It is {format_points(-oracle.value)} from an oracle that "
        f"knows them ({format_range(_turn(oracle))}), "
        f"{'as it should be' if is_close else f'more than {100 * JUST_UNDER:.0f} points off'}; "
        f"within one gender it has {format_share(within.value or 0.0)} (95 % from "
        f"{format_share(within.low)} to {format_share(within.high)}), "
        f"{'which is chance, as it should be' if is_blind else 'which is not chance'}."
    )
    return words, is_close and is_blind


def _turn(difference: Difference) -> Difference:
    low, high = (None if end is None else -end for end in (difference.high, difference.low))
    return Difference(-difference.value, low, high)


def compute_gender_accuracy(unstratified: float, stratified: float, *, mixed: float) -> float:
    """Accuracy x between two genders that both numbers imply: U = P·x + (1-P)·G (SPEC 5.2)."""
    return (unstratified - (1 - mixed) * stratified) / mixed

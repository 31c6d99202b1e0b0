"""The section `retrain`: when, with what bounds on the data, and what becomes of a promotion."""

import re
from zoneinfo import available_timezones

from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from tasks.params.types import STRICT, Count, Positive, Share

CRON = re.compile(r"[\w*/,-]+( [\w*/,-]+){4}")


@dataclass(frozen=True, config=STRICT)
class DataBounds:
    """What new data may look like before anything is trained on them (all chosen).

    The first three hold for any data, the others against the data of the version that is live:
    `max_shrink` of the kept clips may be gone, `max_lost_change` is of the share of listed clips
    that a reason costs, `max_distance` the Kolmogorov-Smirnov distance of clip lengths, speech and
    loudness, `max_demographics_change` the total variation distance of gender, age group or
    ethnicity, `max_feature_drift` how far the mean face feature moved, in the features' spread.
    """

    min_kept: Count = 10
    min_test_people: Count = 5
    max_lost: Share = 0.9
    max_shrink: Share = 0.05
    max_lost_change: Share = 0.1
    max_distance: Share = 0.2
    max_demographics_change: Share = 0.1
    max_feature_drift: Positive = 0.25


@dataclass(frozen=True, config=STRICT)
class RetrainParams:
    """The deployment's schedule, and what makes a model a version.

    `retry_failed` also tries again what failed to download for now, within `download.budget`. With
    `commit` a promotion is a git commit and a tag; without, only a record in `live/`. `remote` is
    the DVC remote that data and weights are pushed to, null for none; `notices` the slug of a
    Prefect block that can notify ("slack-webhook/team"), null for none.
    """

    cron: str = "0 2 * * *"
    timezone: str = "UTC"
    retry_failed: bool = True
    commit: bool = True
    remote: str | None = None
    notices: str | None = None
    bounds: DataBounds = Field(default_factory=DataBounds)

    @field_validator("cron")
    @classmethod
    def check_cron(cls, value: str) -> str:
        if not CRON.fullmatch(value):
            raise ValueError("not a cron schedule of five fields like '0 2 * * *'")
        return value

    @field_validator("timezone")
    @classmethod
    def check_timezone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("not a time zone like Europe/Berlin")
        return value

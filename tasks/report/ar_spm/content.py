"""AR-SPM's report: its sections, first screen and metrics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.ar_spm_priors import VARIANTS
from tasks.evaluation.ar_spm.distances import CONSTANT
from tasks.evaluation.ar_spm.facts import Facts, read_facts
from tasks.evaluation.ar_spm.recognition import ANYBODY, GENDER_ORACLE, SAME_GENDER
from tasks.evaluation.data_card import DataCard, read_data_card
from tasks.evaluation.scores import Score, flatten_scores
from tasks.evaluation.store import GUARDED, Line, get_headline, read_lines, select_lines
from tasks.report.ar_spm import figures, tables, words as texts
from tasks.report.ar_spm.pivot import index_lines
from tasks.report.networks.card import build_cards
from tasks.report.networks.headline import build_headline
from tasks.report.networks.page import Caution, Doubt, Item, Page, Section, build_page, words
from tasks.report.render import Report, link_number
from tasks.report.tables import Cell

TITLE = "AR-SPM (Wang et al. 2020)"

import pytest
import torch

from models.ar_spm_priors import VARIANTS, FacePriors, choose_priors, get_variant

PRIORS = FacePriors(male=torch.tensor([2.0, 0.0]), female=torch.tensor([0.0, 4.0]))


def test_table_4():
    table = {name: (v.fusion, v.prior, v.training_voices) for name, v in VARIANTS.items()}
    assert table == {
        "non-prior": ("non-prior", "none", "all"),
        "neutral": ("sum", "neutral", "all"),
        "neutral+fc": ("fc", "neutral", "all"),
        "gender": ("sum", "by_gender", "all"),
        "gender+fc": ("fc", "by_gender", "all"),
        "male": ("sum", "male", "male"),
        "female": ("sum", "female", "female"),
    }


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("neutral", [1.0, 2.0]),
        ("neutral+fc", [1.0, 2.0]),
        ("male", [2.0, 0.0]),
        ("female", [0.0, 4.0]),
        ("gender", [[2.0, 0.0], [0.0, 4.0]]),
        ("gender+fc", [[2.0, 0.0], [0.0, 4.0]]),
    ],
)
def test_priors(name, wanted):
    logits = torch.tensor([0.3, -0.3])
    found = choose_priors(get_variant(name), PRIORS, gender_logits=logits)
    assert found.tolist() == wanted


def test_no_prior():
    assert choose_priors(get_variant("non-prior"), PRIORS) is None


def test_errors_name_the_value():
    with pytest.raises(ValueError, match="got 'neutral-fc'"):
        get_variant("neutral-fc")
    with pytest.raises(ValueError, match="needs gender_logits"):
        choose_priors(get_variant("gender"), PRIORS)

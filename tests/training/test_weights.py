import json
from pathlib import Path

import pytest
import torch
from torch import nn

from models.voice2face import DiscriminatorHead, IdentityHead
from tasks.training.weights import (
    CARD,
    MODEL,
    Card,
    describe_class,
    load_tensors,
    load_weights,
    read_card,
    save_tensors,
    save_weights,
)


def save(folder: Path, **changes: object) -> IdentityHead:
    torch.manual_seed(0)
    head = IdentityHead(3, embedding_dim=4)
    config = {"num_classes": 3, "embedding_dim": 4} | changes
    save_weights(folder, head, Card(describe_class(head), config, metrics={"accuracy": 0.5}))
    return head


def edit_card(folder: Path, **changes: object) -> None:
    card = json.loads((folder / CARD).read_text()) | changes
    (folder / CARD).write_text(json.dumps(card))


def test_what_is_saved_comes_back_frozen(tmp_path: Path) -> None:
    head = save(tmp_path)
    loaded = load_weights(tmp_path, expected=IdentityHead)
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    for name, value in head.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value)
    card = read_card(tmp_path)
    assert (card.num_values, card.metrics) == (12, {"accuracy": 0.5})


def test_the_same_weights_are_the_same_bytes(tmp_path: Path) -> None:
    save(tmp_path / "a")
    save(tmp_path / "b")
    for name in (MODEL, CARD):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_missing_weights_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no weights yet; run the stage that trains them"):
        load_weights(tmp_path)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    save(tmp_path)
    path = tmp_path / MODEL
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ValueError, match="its card says"):
        load_weights(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    save(tmp_path)
    (tmp_path / MODEL).unlink()
    with pytest.raises(ValueError, match="SHA-256 is absent"):
        load_weights(tmp_path)


def test_another_network_is_refused(tmp_path: Path) -> None:
    save(tmp_path)
    with pytest.raises(ValueError, match=r"holds models\.voice2face\.IdentityHead, not Discrim"):
        load_weights(tmp_path, expected=DiscriminatorHead)


def test_a_state_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    save(tmp_path, num_classes=5)
    with pytest.raises(ValueError, match="weights do not fit"):
        load_weights(tmp_path)


@pytest.mark.parametrize("name", ["os.system", "torch.nn.Linear", "models.voice2face.nothing"])
def test_a_card_names_networks_of_this_project_only(tmp_path: Path, name: str) -> None:
    save(tmp_path)
    edit_card(tmp_path, network=name)
    with pytest.raises(ValueError, match="is no network of this project"):
        load_weights(tmp_path)


def test_an_unknown_card_is_refused(tmp_path: Path) -> None:
    save(tmp_path)
    edit_card(tmp_path, surprise=1)
    with pytest.raises(ValueError, match="not a card of this project"):
        read_card(tmp_path)


def test_tensors_that_are_no_network(tmp_path: Path) -> None:
    values = {"male": torch.arange(3.0), "female": torch.ones(3)}
    save_tensors(tmp_path, values, Card("models.ar_spm_priors.FacePriors", {}))
    assert torch.equal(load_tensors(tmp_path)["male"], torch.arange(3.0))
    with pytest.raises(ValueError, match="is no network"):
        load_weights(tmp_path)


def test_a_network_has_one_name() -> None:
    assert describe_class(nn.Linear(1, 1)) == "torch.nn.modules.linear.Linear"

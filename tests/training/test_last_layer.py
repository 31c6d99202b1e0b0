import torch
from torch import nn

from tasks.training import last_layer
from tasks.training.encoders import Predictions
from tasks.training.last_layer import choose_gain, set_last, stretch_answers
from tasks.training.precision import Precision
from tasks.training.ridge import Line

CPU = Precision(torch.device("cpu"))


def test_the_layer_answers_as_the_line_whatever_is_added() -> None:
    torch.manual_seed(0)
    line = Line(torch.randn(3, 5).double(), torch.randn(3).double())
    last, x, before, after = nn.Linear(5, 3), torch.randn(7, 5), torch.randn(5), torch.randn(3)
    set_last(last, line, before=before, after=after)
    torch.testing.assert_close(last(x + before) + after, line.predict(x).float())
    set_last(last, line)
    torch.testing.assert_close(last(x), line.predict(x).float())


def test_answers_come_to_lie_further_from_the_mean() -> None:
    torch.manual_seed(0)
    last, x, constant, after = nn.Linear(5, 3), torch.randn(7, 5), torch.randn(3), torch.randn(3)
    near = last(x) + after
    stretch_answers(last, 4.0, constant=constant, after=after)
    torch.testing.assert_close(last(x) + after - constant, 4 * (near - constant))


def test_the_gain_lets_the_cosine_see_more_than_the_mean(monkeypatch) -> None:
    torch.manual_seed(0)
    constant = torch.ones(16)
    target = constant + 0.2 * torch.randn(40, 16)
    shy = constant + 0.02 * (target - constant) + 0.001 * torch.randn(40, 16)
    found = Predictions(shy, target, [f"p{n}" for n in range(40)])
    monkeypatch.setattr(last_layer, "predict_split", lambda *_, **__: found)
    gains = [1.0, 50.0]
    assert choose_gain(None, None, constant=constant, gains=gains, precision=CPU) == 50.0
    assert choose_gain(None, None, constant=constant, gains=[2.0], precision=CPU) == 2.0

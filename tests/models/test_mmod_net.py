from itertools import pairwise

import torch

from models.mmod import FIRST_CENTER_PX, STRIDE, MmodNet


def test_shape_parameters_and_one_step():
    network = MmodNet()
    # 5 x 5 convolutions of 3-16-32-32 (stride 2), 45, 45, 45 channels, one 9 x 9; biases.
    widths, count = (3, 16, 32, 32, 45, 45, 45), 81 * 45 + 1
    count += sum(25 * a * b + b for a, b in pairwise(widths))
    assert sum(p.numel() for p in network.parameters()) == count == 180_711
    scores = network(torch.randn(2, 3, 117, 93))
    # Three times floor((n - 5) / 2) + 1, then the size stays.
    assert scores.shape == (2, 1, 12, 9)  # 117, 57, 27, 12 and 93, 45, 21, 9
    before = [p.detach().clone() for p in network.parameters()]
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    scores.square().mean().backward()
    optimiser.step()
    assert all(not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_places_lie_where_the_strides_say():
    # The centre of what the strided layers see, by the gradient with respect to the picture.
    picture = torch.zeros(1, 3, 120, 120, dtype=torch.float64, requires_grad=True)
    maps = picture
    for layer in MmodNet().double().layers[:5]:
        if isinstance(layer, torch.nn.Conv2d):
            maps = layer(maps)
    maps[0, 0, 3, 5].backward()
    seen = picture.grad.abs().sum(dim=(0, 1)).nonzero().double()
    expected = [STRIDE * 3 + FIRST_CENTER_PX, STRIDE * 5 + FIRST_CENTER_PX]
    middle = (seen.min(dim=0).values + seen.max(dim=0).values) / 2
    assert middle.tolist() == expected

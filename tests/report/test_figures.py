import io
import warnings

import numpy as np
import pytest
from PIL import Image

from tasks.report.figures import plot_bars, plot_histogram, plot_stacked_bars

HOSTILE = {"$\\frac{1}{2}$ <b>": 3, "x" * 500: 0, "\u202eabc\n": 7}


def open_png(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        return image


def test_bars_are_twice_as_dense_as_the_screen_and_the_same_every_time() -> None:
    first, second = (plot_bars({"a": 3, "b": 5}, width=420) for _ in range(2))
    assert first == second
    image = open_png(first)
    assert image.width == 840
    assert not {"Software", "Creation Time", "date"} & image.info.keys()


def test_bars_are_as_long_as_their_values() -> None:
    grey = np.asarray(open_png(plot_bars({"a": 100, "b": 50}, width=420)).convert("L"))
    bar = (grey > 60) & (grey < 100)  # the fill's grey level is 78
    lengths = sorted(length for length in bar.sum(axis=1).tolist() if length > 40)
    assert lengths[-1] / lengths[0] == pytest.approx(2, rel=0.05)


def test_kinds_differ_without_colour() -> None:
    legend = ("rejected", "failed", "may still come")
    pictures = [
        np.asarray(
            open_png(plot_bars({"a": 1}, kinds=[kind], legend=legend, width=300)).convert("L")
        )
        for kind in legend
    ]
    middle = pictures[0].shape[0] // 3
    means = [float(picture[:middle].mean()) for picture in pictures]
    assert len({round(mean) for mean in means}) == 3


def test_labels_are_never_taken_for_formulas() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_png(plot_bars(HOSTILE, width=420))
        open_png(
            plot_stacked_bars(
                {name: [n, 1, 0] for name, n in HOSTILE.items()}, legend="abc", width=420
            )
        )


@pytest.mark.parametrize("is_log", [False, True])
@pytest.mark.parametrize(
    "values",
    [[], [0.0], [2.0, 2.0], [1.0, 2.0, 3.0], [0.9, 0.9], list(np.geomspace(1, 1e6, 99))],
)
def test_any_values_give_a_histogram(values: list[float], is_log: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png = plot_histogram(np.array(values), xlabel="x [$s$]", width=420, is_log=is_log)
    assert open_png(png).width == 840

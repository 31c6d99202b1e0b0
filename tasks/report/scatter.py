"""Points on a plane, a marker for each group."""

from collections.abc import Sequence

import matplotlib

from tasks.report.figures import INK, PAPER, STYLE, encode_figure, open_figure

# Told apart by shape and filling, not by colour alone.
MARKERS = (
    ("o", INK, INK),
    ("^", PAPER, INK),
    ("s", "#9fb3c4", "#33526b"),
    ("x", INK, INK),
    ("D", PAPER, "#52606d"),
    ("v", "#52606d", "#52606d"),
)
UNKNOWN = "unknown"


def plot_groups(
    points: Sequence[tuple[float, float]], groups: Sequence[str | None], *, width: int
) -> bytes:
    """PNG; axes have no scale, as t-SNE's have none."""
    names = [name or UNKNOWN for name in groups]
    with matplotlib.rc_context(STYLE):
        canvas, axes = open_figure(width, height=width + 30)
        for group, (marker, face, edge) in zip(sorted(set(names)), MARKERS, strict=False):
            own = [point for point, name in zip(points, names, strict=True) if name == group]
            x, y = zip(*own, strict=True)
            (drawn,) = axes.plot(x, y, marker, markersize=5, label=group, color=edge)
            drawn.set_markerfacecolor(face)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(True)
        canvas.legend(loc="outside lower left", ncols=3)
        return encode_figure(canvas)

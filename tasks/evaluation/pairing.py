"""Wrong pairs, as a baseline for right ones."""

import numpy as np

from tasks.evaluation.scores import Indices


def shuffle(people: Indices, *, seed: int = 0) -> Indices:
    """A permutation [N] that gives everybody somebody else's sample where that is possible.

    Ordered by person and then moved by the size of the largest group, nobody keeps their own
    unless one person has more than half of all samples.
    """
    generator = np.random.default_rng(seed)
    codes = np.unique(people, return_inverse=True)[1]
    names = generator.permutation(int(codes.max()) + 1)[codes]
    order = np.lexsort((generator.random(len(people)), names))
    shifted = np.roll(order, int(np.bincount(codes).max()))
    target = np.empty(len(people), np.intp)
    target[order] = shifted
    return target

"""Networks of the trunk's architecture that never saw a generated face (SPEC 5.1, 5.2).

One tells genders, for the gender of generated faces; one tells the training people, as a second
way to compare faces (φ′) that the GAN was not trained against.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.losses import compute_identity_loss
from models.voice2face import FaceEmbedding, IdentityHead
from tasks.data.augment import Share, flip_faces, scale_faces
from tasks.data.orders import build_generator
from tasks.data.resident import compute_resident_rows
from tasks.evaluation.voice2face.corpus import Faces
from tasks.evaluation.voice2face.networks import Networks, embed_faces
from tasks.training.optimisers import build_adam

RATE = 1e-3  # chosen


@dataclass(frozen=True)
class ClassifierRecipe:
    """SPEC says only what is trained; steps, batch and rate are chosen."""

    num_steps: int
    batch_size: int
    seed: int


@dataclass(frozen=True)
class Classifier:
    """`head` gives logits [N, classes] of the trunk's vectors, in the order of `classes`."""

    trunk: nn.Module
    head: nn.Module
    classes: tuple[str, ...]
    device: torch.device

    @torch.no_grad()
    def name(self, pictures: Tensor) -> list[str | None]:
        """The most likely class of each face."""
        vectors = torch.from_numpy(embed_faces(self.trunk, pictures, device=self.device))
        answers = self.head(vectors.to(self.device)).argmax(dim=1).tolist()
        return [self.classes[answer] for answer in answers]


def fit_classifier(
    faces: Faces, labels: Sequence[str | None], *, networks: Networks, recipe: ClassifierRecipe
) -> Classifier | None:
    """Trained on the labelled ones of real `faces`; None for fewer than two classes."""
    classes = tuple(sorted({label for label in labels if label is not None}))
    if len(classes) < 2:
        return None
    rows = [row for row, label in enumerate(labels) if label is not None]
    numbers = torch.tensor([classes.index(str(labels[row])) for row in rows])
    torch.manual_seed(recipe.seed)
    trunk, head = _build(networks, len(classes))
    batch_size = min(recipe.batch_size, len(rows))
    adam = build_adam([*trunk.parameters(), *head.parameters()], rate=RATE)
    for step in range(recipe.num_steps):
        share = Share(0, batch_size, batch_size)
        chosen = compute_resident_rows(len(rows), step, seed=recipe.seed, share=share)
        pictures = faces.pictures[torch.tensor(rows)[chosen]]
        flipped = flip_faces(pictures, random=build_generator(recipe.seed, step), share=share)
        logits = head(trunk(scale_faces(flipped).to(networks.device)))
        adam.zero_grad(set_to_none=True)
        loss = compute_identity_loss(logits, numbers[chosen].to(networks.device))
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
    for network in (trunk, head):
        network.eval().requires_grad_(False)
    return Classifier(trunk, head, classes, networks.device)


def _build(networks: Networks, num_classes: int) -> tuple[nn.Module, nn.Module]:
    trunk = FaceEmbedding(**networks.trunk_config)
    head = IdentityHead(num_classes, embedding_dim=networks.trunk_config["embedding_dim"])
    return trunk.to(networks.device), head.to(networks.device)

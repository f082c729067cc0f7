"""What nets learn that answer with something other than sound, once their data are at hand.

Contents: `Task`, `Pupil`, `Lesson`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from avbench.training.loop import Batch

from .course import Course

Task = Callable[[nn.Module, Batch, int], tuple[Tensor, dict]]
"""`(net, batch, step) -> (loss, values to log)`."""


class Pupil(nn.Module):
    """A net while it learns: what it does for its loss is its forward pass, so that several processes can share it.

    Args:
        net: as it is trained; with a lip encoder `net.video` of `dim` features where it shall read visemes first.
        task: what it learns.
        dim: features of a picture.
        visemes: how many there are to read; 0 where lips are not read.
    """

    def __init__(self, net: nn.Module, task: Task, dim: int = 0, visemes: int = 0):
        super().__init__()
        self.net, self.task = net, task
        self.names = nn.Linear(dim, visemes) if visemes else None

    def forward(self, *mouth: Tensor, batch: Batch | None = None, step: int = 0, reading: bool = False):
        """Loss and values of a batch; where it reads, viseme scores `[B, F, visemes]` of crops `[B, F, 88, 88]`."""
        return self.names(self.net.video(*mouth)) if reading else self.task(self.net, batch, step)


@dataclass(frozen=True)
class Lesson:
    """What one system brings to the training that it shares with others.

    Args:
        system: full name, e.g. `mutud/avsr`.
        version: of the code that answers; enters the weights' metadata.
        net: as it is trained.
        task: what it learns.
        both: whether the deployed part takes both modalities, not only the one that all of its kind take.
        deployed: the part of the net whose weights are exported.
        monitor: `(net, batch) -> values` on a validation batch, beside those of the deployed part.
    """

    system: str
    version: str
    net: nn.Module
    task: Task
    both: bool
    deployed: Callable[[nn.Module], nn.Module] = lambda net: net
    monitor: Callable[[nn.Module, Batch], dict[str, float]] | None = None

    def course(self, pupil: Pupil, check: Callable, plain: Callable[[], Batch], **data) -> Course:
        """The course of this lesson.

        Args:
            pupil: of the net.
            check: `(deployed net) -> values`.
            plain: gives the batch that is monitored.
            **data: the other arguments of `Course`.
        """

        @torch.no_grad()
        def validate(pupil: Pupil, step: int) -> dict[str, float]:
            values = check(self.deployed(pupil.net).eval())
            if self.monitor is None:
                return values
            device = next(pupil.parameters()).device
            return values | self.monitor(pupil.net, {name: value.to(device) for name, value in plain().items()})

        return Course(
            self.system, pupil, validate=validate, deployed=lambda pupil: self.deployed(pupil.net), begins=self.net,
            version=self.version, **data,
        )  # fmt: skip

"""Still pictures as a data set.

Conventions: those of `stills`.

Contents: `StillDataset`.
"""

import numpy as np

from ....errors import MissingResource
from ....signal.video import FPS
from ....types import Clip, Video
from ..corpus import SynthDataset


class StillDataset(SynthDataset):
    """A split of clips that show one picture each; the arguments are those of `SynthDataset`."""

    def still(self, clip: Clip) -> Video:
        """`[1, 128, 128, 3]`: the picture; kept once it is drawn. Raises `UnknownName` or `MissingResource`."""
        return Video(np.array(self.pictures(clip)), float(FPS))

    def face(self, clip: Clip) -> Video:
        """The same as `still`."""
        return self.still(clip)

    def mouth(self, clip: Clip) -> Video:
        """Always raises `MissingResource`: a picture stands still."""
        raise MissingResource(f"{clip.id} is a still picture: {self.name} has no moving mouths.")

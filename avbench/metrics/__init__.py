"""Metrics of speech, pictures, words and choices.

A metric is a row of the subject file that holds its formula; to add one, write a file with its `ROWS` and add the file
to the table here. Importing this room loads neither compilers nor the packages behind the metrics: a formula is loaded
when it is first used.

Contents: `METRICS`, `get_metric`, `Metric`, `Parts`, `Score`, `measure_all`, `PersistentPool`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ..errors import UnknownName
from . import (
    detection,
    frames,
    frechet,
    intelligibility,
    landmarks,
    lips,
    naturalness,
    opinion,
    perceptual,
    pesq,
    preference,
    sdr,
    speaker,
    words,
)
from .batch import measure_all
from .metric import Metric, Parts, Score
from .pool import PersistentPool

__all__ = ["METRICS", "Metric", "Parts", "PersistentPool", "Score", "get_metric", "measure_all"]

_SUBJECTS = (
    intelligibility, sdr, pesq, naturalness, speaker, words,
    frames, perceptual, frechet, landmarks, lips, detection, preference, opinion,
)  # fmt: skip

METRICS: Mapping[str, Metric] = MappingProxyType({row.name: row for subject in _SUBJECTS for row in subject.ROWS})


def get_metric(name: str) -> Metric:
    """The metric of that name.

    Raises:
        UnknownName: there is none; the message names the nearest ones.
    """
    try:
        return METRICS[name]
    except KeyError:
        raise UnknownName("metric", name, METRICS) from None

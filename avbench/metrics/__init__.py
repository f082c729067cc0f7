"""Metrics of speech against a reference.

Every metric is a row of `METRICS`; to add one, write its formula in a file of this room and add its row here. Importing
this room loads neither compilers nor the packages behind the metrics: a formula is loaded when it is first used.

Contents: `METRICS`, `get_metric`, `Metric`, `Parts`, `Score`, `measure_all`, `PersistentPool`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ..errors import UnknownName
from . import intelligibility, pesq, sdr
from .batch import measure_all
from .metric import Metric, Parts, Score
from .pool import PersistentPool

__all__ = ["METRICS", "Metric", "Parts", "PersistentPool", "Score", "get_metric", "measure_all"]

_TABLE = (
    Metric(
        name="stoi",
        title="Short-time objective intelligibility",
        unit="",
        higher_is_better=True,
        low=-1.0,
        high=1.0,
        floor=0.0,
        cap=None,
        source="Taal et al. 2011, IEEE TASLP 19(7)",
        implementation="own, equal to pystoi 0.4.1",
        rates=(),
        shortest=0.4,
        formula=intelligibility.stoi_and_estoi,
        parallel="thread",
        percent=True,
        digits=1,
    ),
    Metric(
        name="estoi",
        title="Extended short-time objective intelligibility",
        unit="",
        higher_is_better=True,
        low=-1.0,
        high=1.0,
        floor=0.0,
        cap=None,
        source="Jensen and Taal 2016, IEEE/ACM TASLP 24(11)",
        implementation="own, equal to pystoi 0.4.1 (closed form)",
        rates=(),
        shortest=0.4,
        formula=intelligibility.stoi_and_estoi,
        parallel="thread",
        percent=True,
        digits=1,
    ),
    Metric(
        name="si-sdr",
        title="Scale-invariant signal-to-distortion ratio, means kept",
        unit="dB",
        higher_is_better=True,
        low=float("-inf"),
        high=float("inf"),
        floor=-60.0,
        cap=100.0,
        source="Le Roux et al. 2019, eq. 3; MUTUD, eq. 9",
        implementation="own, float64",
        rates=(),
        shortest=0.1,
        formula=sdr.si_sdr_and_zero_mean,
        parallel="thread",
        percent=False,
        digits=2,
    ),
    Metric(
        name="si-sdr-zm",
        title="Scale-invariant signal-to-distortion ratio, means removed",
        unit="dB",
        higher_is_better=True,
        low=float("-inf"),
        high=float("inf"),
        floor=-60.0,
        cap=100.0,
        source="Le Roux et al. 2019, eq. 3, of signals without their means",
        implementation="own, float64",
        rates=(),
        shortest=0.1,
        formula=sdr.si_sdr_and_zero_mean,
        parallel="thread",
        percent=False,
        digits=2,
    ),
    Metric(
        name="pesq-wb",
        title="Perceptual evaluation of speech quality, wide-band",
        unit="MOS-LQO",
        higher_is_better=True,
        low=1.0,
        high=4.65,
        floor=1.0,
        cap=None,
        source="ITU-T P.862.2",
        implementation="pesq 0.0.4",
        rates=(16_000,),
        shortest=0.3,
        formula=pesq.wide_band,
        parallel="process",
        percent=False,
        digits=2,
    ),
    Metric(
        name="pesq-nb",
        title="Perceptual evaluation of speech quality, narrow-band",
        unit="MOS-LQO",
        higher_is_better=True,
        low=1.0,
        high=4.56,
        floor=1.0,
        cap=None,
        source="ITU-T P.862 with the mapping of P.862.1",
        implementation="pesq 0.0.4",
        rates=(8_000, 16_000),
        shortest=0.3,
        formula=pesq.narrow_band,
        parallel="process",
        percent=False,
        digits=2,
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _TABLE})


def get_metric(name: str) -> Metric:
    """The metric of that name.

    Raises:
        UnknownName: there is none; the message names the nearest ones.
    """
    try:
        return METRICS[name]
    except KeyError:
        raise UnknownName("metric", name, METRICS) from None

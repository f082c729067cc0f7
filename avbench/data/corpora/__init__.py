"""The corpora that users bring, one file each.

Contents: `CORPORA`, `find_corpus`, `open_corpus`.
"""

from ...errors import UnknownName
from .avspeech import AVSPEECH
from .celeba_hq import CELEBA_HQ
from .corpus import Corpus
from .dns_eval import DNS_EVAL
from .easycom import EASYCOM
from .grid import GRID
from .lip2wav import LIP2WAV
from .lrs3 import LRS3
from .lrw import LRW
from .lrw_1000 import LRW_1000
from .vctk import VCTK
from .voicebank_demand import VOICEBANK_DEMAND

CORPORA: dict[str, Corpus] = {
    c.name: c
    for c in (
        GRID,
        LRS3,
        LRW,
        LRW_1000,
        EASYCOM,
        LIP2WAV,
        AVSPEECH,
        VCTK,
        VOICEBANK_DEMAND,
        DNS_EVAL,
        CELEBA_HQ,
    )
}
"""Every corpus by its name."""


def find_corpus(name: str) -> tuple[Corpus, str] | None:
    """The corpus and its variant that a data set's name means; None if no corpus is called so.

    Raises:
        UnknownName: the corpus has no such variant.
    """
    base, slash, variant = name.partition("/")
    corpus = CORPORA.get(base)
    if corpus is None:
        return None
    if slash and variant not in corpus.variants:
        raise UnknownName("data set", name, corpus.names)
    return corpus, variant


def open_corpus(name: str, split: str):
    """A split of a prepared corpus; None if no corpus is called so. Raises as `CorpusDataset` does."""
    from .opened import CorpusDataset

    found = find_corpus(name)
    if found is None:
        return None
    corpus, variant = found
    return corpus.views.get(variant, CorpusDataset)(corpus, variant, split)

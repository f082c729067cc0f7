"""What worker processes of the tests of `measure` do in place of scoring."""

import os
import signal

from avbench.evaluation.scoring import score as _score


def dies(job):
    """Score a pair, but let the library behind one metric take the process down on one of them."""
    if job.pair.name == "b" and "pesq-wb" in job.metrics:
        os.kill(os.getpid(), signal.SIGKILL)
    return _score(job)

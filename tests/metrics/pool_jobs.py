"""Jobs for the tests of the pool; a worker imports them by name."""

import os
import signal
import sys
import time
from pathlib import Path

from avbench.errors import EstimateFault


def double(x):
    return 2 * x


def die_if(x, bad, how=signal.SIGKILL):
    if x == bad:
        print("about to go", file=sys.stderr, flush=True)
        os.kill(os.getpid(), how)
    return x


def leave_if(x, bad):
    if x == bad:
        os._exit(3)
    return x


def die_once(x, marker):
    if x == 1 and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    return x


def hang_if(x, bad):
    if x == bad:
        time.sleep(600)
    return x


def stop_if(x, bad):
    if x == bad:
        os.kill(os.getpid(), signal.SIGSTOP)
    return x


def fail_if(x, bad):
    if x == bad:
        raise EstimateFault("a bad one") if bad == 1 else ValueError("not this")
    return x


def identity(x):
    return x


def worker(_):
    return os.getpid(), (os.environ["OPENBLAS_NUM_THREADS"], os.environ["OMP_WAIT_POLICY"])


def unpicklable(_):
    return lambda: None


def unloadable(x):
    return Unloadable() if x else x


class Unloadable:
    def __reduce__(self):
        return _refuse, ()


def _refuse():
    raise RuntimeError("cannot be made again")

"""What runs inside a worker process of the pool.

It reads jobs from a socket and answers each with `(value, None)` or `(None, (kind of fault, reason))`. It ignores
Ctrl-C, which is its caller's affair, and ends when the caller closes the socket. While a job runs the kernel holds an
alarm a little beyond the time the job may take, so that not even a job that holds the interpreter lock can outlive a
caller that is gone.

Contents: `main`, `serve`, `answer`.
"""

import pickle
import resource
import signal
from multiprocessing.connection import Connection

from ..errors import MachineFault, Unscorable

GRACE = 2.0
"""Seconds beyond the time of a job at which the kernel ends the process, if its caller has not."""


def main(descriptor: int) -> None:
    """Serve the caller behind this file descriptor."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with Connection(descriptor) as caller:
        serve(caller)


def serve(caller: Connection) -> None:
    """Answer jobs until the other side hangs up."""
    try:
        caller.send_bytes(pickle.dumps("ready"))
        while True:
            caller.send_bytes(answer(caller.recv_bytes()))
    except (EOFError, OSError):
        return


def answer(message: bytes) -> bytes:
    """Do one job.

    Args:
        message: pickle of `(time-out in seconds or None, function, arguments)`.

    Returns:
        Pickle of `(value, None)` or `(None, (kind of fault, reason))`.
    """
    try:
        timeout, function, arguments = pickle.loads(message)
        if timeout:
            signal.setitimer(signal.ITIMER_REAL, timeout + GRACE)
        return pickle.dumps((function(*arguments), None), protocol=pickle.HIGHEST_PROTOCOL)
    except Unscorable as fault:
        return pickle.dumps((None, (type(fault), fault.reason)))
    except Exception as error:
        return pickle.dumps((None, (MachineFault, f"{type(error).__name__}: {error}")))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)

"""Listening and preference tests: people judge what systems answered, and their votes become a metric of the run.

    build    a blind test from finished runs: media under opaque names, and a key that is kept apart
    serve    the test as pages on this machine, one trial a page, every vote kept the moment it is given
    tally    votes and key put together: values with intervals, agreement, checks of attention; written beside the run

Source: XFaVoT, section 4.3 (`cpr`); ITU-T P.800, annex B, absolute category rating (`mos`) and a paired comparison of
two systems (`ab`); Krippendorff 2011 (agreement); Owen 2007 (intervals).

Contents: `build_test`, `open_test`, `serve`, `tally`.
"""

from .blind import BlindTest, open_test
from .build import build_test
from .server import serve
from .tally import Tally, tally

__all__ = ["BlindTest", "Tally", "build_test", "open_test", "serve", "tally"]

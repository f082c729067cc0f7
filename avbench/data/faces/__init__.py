"""Faces in video files: decoding at 25 frames a second, finding and following a face, cutting it as the papers do.

What was done to a file is always said: `FilmFacts.notes` on its pictures and sound, `Track.notes` on its faces. Results
are kept in the cache. Finding faces needs the extra `faces`; decoding does not.

Contents: `MOUTH_CROP`, `STYLES`, `FilmFacts`, `Track`, `NoFace`, `find_track`, `aligned`, `cut`,
`mouth_of`, `cut_all`, `told`.
"""

from ...signal.film import FilmFacts
from .crops import MOUTH_CROP, STYLES, aligned
from .cut import cut, cut_all, mouth_of, told
from .track import NoFace, Track, find_track

__all__ = [
    "MOUTH_CROP",
    "STYLES",
    "FilmFacts",
    "NoFace",
    "Track",
    "aligned",
    "cut",
    "cut_all",
    "find_track",
    "mouth_of",
    "told",
]

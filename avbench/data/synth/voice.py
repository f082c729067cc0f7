"""Speech for a speaker and a text, with the time of every word and phoneme.

The engine runs in a process of its own (`espeak_worker`), which is asked through a pipe. Samples and times depend on
the speaker, the text, the rate, the pitch and the seed alone: not on what was said before, nor on the process.

Conventions: audio is mono float32 at 16 kHz; times are seconds from its first sample. The time of a plosive is its
release; its silent closure lies in the 40 ms before.

Contents: `Phoneme`, `Utterance`, `Voice`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np

from ...errors import AvbenchError, MissingResource, UsageError
from ...types import Word
from . import lexicon
from .speakers import Speaker
from .spec import ENGINE

RATE = 16_000

_PHONEME_INPUT = 0x100
_FAREWELL = 5.0  # seconds that a worker gets to end by itself
_WORKER = Path(__file__).with_name("espeak_worker.py")
_PAUSE = "_"  # how the names of all pauses begin
_STRESS = "',"  # primary, secondary


@dataclass(frozen=True)
class Phoneme:
    """One sound: the engine's mnemonic without its stress mark; a pause is `"_"`. It lasts until the next one."""

    symbol: str
    start: float
    stressed: bool


@dataclass(frozen=True, eq=False)
class Utterance:
    """What was said, and when.

    Args:
        samples: `[T]` float32 at 16 kHz.
        words: one per word of the text, in order.
        phonemes: in order of time, pauses among them.
    """

    samples: np.ndarray
    words: tuple[Word, ...]
    phonemes: tuple[Phoneme, ...]


class _Gone(Exception):
    """The worker died or did not answer in time."""


class Voice:
    """A speech engine at work. Use it as a context manager, or call `close`.

    One worker process belongs to a `Voice`; it is started at the first utterance, restarted once if it dies or hangs,
    and ends with this process at the latest. Calls from several threads wait for each other. A forked process gets a
    worker of its own.

    Args:
        timeout: seconds that one answer may take.
        worker: the script to run; another one only serves the tests.

    Example:
        >>> from avbench.data.synth.spec import CorpusSpec
        >>> from avbench.data.synth.speakers import make_speaker
        >>> with Voice() as voice:
        ...     said = voice.speak(make_speaker(CorpusSpec(), "s017"), "a quiet evening, at last.", seed=1)
        >>> [word.text for word in said.words]
        ['a', 'quiet', 'evening', 'at', 'last']
    """

    def __init__(self, timeout: float = 30.0, worker: Path = _WORKER):
        self._timeout, self._script = timeout, worker
        self._lock = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._folder: Path | None = None
        self._owner = os.getpid()
        self._rate = 0

    def __enter__(self) -> "Voice":
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        # A Voice that somebody forgot must not leave a process behind.
        if getattr(self, "_process", None) is not None and not sys.is_finalizing():
            self.close()

    def speak(self, speaker: Speaker, text: str, *, rate: float = 1.0, pitch: float = 1.0, seed: int) -> Utterance:
        """Say a text.

        Args:
            speaker: whose voice.
            text: words of the lexicon with punctuation (`, ; : . ? !`), or the engine's phonemes, one pair of brackets
                to a word: `"[[b'at]] [[p'at]]"`.
            rate: times the speaker's own speaking rate; the engine speaks 80 to 450 words per minute.
            pitch: times the speaker's own F0, 0.5 to 2.
            seed: of breath and flutter.

        Raises:
            UsageError: no word to say, or a rate or pitch that cannot be had.
            UnknownName: a word that the lexicon does not hold.
            MissingResource: no engine, another release than the corpus is defined by, or one that died or hung twice.
        """
        words, code = lexicon.to_phonemes(text)
        if not words:
            raise UsageError(f"There is no word to say in {text!r}.")
        if not 0.5 <= pitch <= 2:
            raise UsageError(f"A voice can be shifted by 0.5 to 2 times its F0, not by {pitch!r}.")
        wpm = speaker.rate_wpm * rate
        if not 80 <= wpm <= 450:
            raise UsageError(f"The engine speaks 80 to 450 words per minute, not {wpm:.0f}.")
        request = {
            "accent": speaker.accent,
            "variant": speaker.variant_at(pitch),
            "text": code,
            "flags": _PHONEME_INPUT,
            "wpm": round(wpm),
            # The engine's generator takes a C long: 32 bits on Windows.
            "seed": seed % 2**31,
        }
        header, pcm = self._ask(request)
        return _utterance(pcm, header["events"], words, self._rate)

    def phonemes_of(self, words: list[str], accent: str = "gmw/en") -> list[str]:
        """The engine's own pronunciation of single words: how the lexicon was made."""
        return self._ask({"accent": accent, "phonemes_of": words})[0]["phonemes"]

    def close(self):
        """End the worker; the next utterance would start another."""
        with self._lock:
            self._stop(patience=_FAREWELL)

    def _ask(self, request: dict) -> tuple[dict, bytes]:
        with self._lock:
            try:
                try:
                    header, payload = self._try(request)
                except _Gone:
                    self._stop()
                    header, payload = self._try(request)
            except _Gone as gone:
                self._stop()
                raise MissingResource(
                    f"The speech engine {gone}, twice in a row, so that no speech can be made here; "
                    "see whether this machine is out of memory or of processes."
                ) from None
            except BaseException:
                # Whatever interrupted the exchange (Ctrl-C above all), an answer may still be in the pipe.
                self._stop()
                raise
            if header.get("spent"):
                self._stop(patience=_FAREWELL)
        if "error" in header:
            raise AvbenchError(f"The speech engine failed: {header['error']}.")
        return header, payload

    def _try(self, request: dict) -> tuple[dict, bytes]:
        if self._owner != os.getpid():
            self._disown()
        if self._process is None:
            self._start()
        return self._exchange(json.dumps(request).encode() + b"\n")

    def _start(self):
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="avbench-voice-"))
        except OSError as error:
            raise MissingResource(f"The speech engine needs a temporary folder, and there is none: {error}.") from None
        # -P: the folder of the script, which is full of our modules, must not be searched by its imports.
        command = [sys.executable, "-P", str(self._script), str(self._folder)]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            raise MissingResource(f"The speech engine needs a process of its own: {error}.") from None
        greeting, _ = self._exchange(b"")
        if "broken" in greeting:
            raise MissingResource(
                f"The speech engine cannot be loaded ({greeting['broken']}); on Linux it needs glibc 2.29 or newer."
            )
        if greeting["loader"] != ENGINE:
            found = "no espeakng-loader is" if greeting["loader"] is None else f"{greeting['loader']} is"
            raise MissingResource(
                f"The embedded corpus is spoken by espeakng-loader {ENGINE}, and {found} installed: "
                f"pip install espeakng-loader=={ENGINE}."
            )
        self._rate = greeting["rate"]

    def _exchange(self, line: bytes) -> tuple[dict, bytes]:
        """Send a line, read an answer; a watchdog kills a worker that takes too long, which ends the read."""
        process, late = self._process, threading.Event()

        def bite():
            late.set()
            process.kill()

        watchdog = threading.Timer(self._timeout, bite)
        watchdog.daemon = True
        watchdog.start()
        try:
            process.stdin.write(line)
            process.stdin.flush()
            header = json.loads(process.stdout.readline() or b"null")
            payload = process.stdout.read(header.get("bytes", 0)) if header else b""
            whole = header is not None and len(payload) == header.get("bytes", 0)
        except (BrokenPipeError, ConnectionError, json.JSONDecodeError):
            whole = False
        finally:
            watchdog.cancel()
        if not whole:
            raise _Gone(f"did not answer within {self._timeout:g} s" if late.is_set() else "died")
        return header, payload

    def _stop(self, patience: float = 0.0):
        """End the worker: an empty line asks it to, killing it makes it; wait for it, and remove its folder."""
        if self._owner != os.getpid():
            self._disown()
        process, folder, self._process, self._folder = self._process, self._folder, None, None
        if process is not None:
            with suppress(OSError):  # the dead cannot be asked
                process.stdin.write(b"\n")
            with suppress(OSError):
                process.stdin.close()
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _disown(self):
        """Forget a worker that a fork copied: it is the parent's to end, not ours."""
        if self._process is not None:
            # A process object that goes before its process warns; this one's process is none of ours.
            self._process.returncode = 0
        self._process = self._folder = None
        self._owner = os.getpid()


def _utterance(pcm: bytes, events: list, words: tuple[str, ...], rate: int) -> Utterance:
    from scipy.signal import resample_poly

    spoken = np.frombuffer(pcm, "<i2") / 32768.0
    common = gcd(RATE, rate)
    samples = resample_poly(spoken, RATE // common, rate // common).astype(np.float32)
    phonemes = []
    for kind, sample, name in events:
        if kind == "phoneme" and name:
            symbol = _PAUSE if name.startswith(_PAUSE) else name.lstrip(_STRESS)
            if not (symbol == _PAUSE and phonemes and phonemes[-1].symbol == _PAUSE):
                phonemes.append(Phoneme(symbol, sample / rate, name[0] == _STRESS[0]))
    starts = [sample / rate for kind, sample, _ in events if kind == "word"]
    if len(starts) != len(words):
        raise AvbenchError(f"The speech engine reported {len(starts)} words for {len(words)}: {' '.join(words)!r}.")
    pauses = [p.start for p in phonemes if p.symbol == _PAUSE]
    ends = [*starts[1:], len(samples) / RATE]
    # A word ends where the next one or a pause begins, whichever comes first.
    times = [(s, min([e, *(p for p in pauses if s < p < e)])) for s, e in zip(starts, ends, strict=True)]
    return Utterance(samples, tuple(Word(w, s, e) for w, (s, e) in zip(words, times, strict=True)), tuple(phonemes))

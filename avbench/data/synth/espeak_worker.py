# SPDX-License-Identifier: GPL-3.0-or-later
"""The one file that touches the speech engine: a process that speaks what it reads from a pipe.

It loads espeak-ng (GPL-3.0-or-later) and is therefore under the same licence; it is run as a script, in a process of
its own, imports nothing of `avbench`, and nothing of `avbench` imports it.

Protocol: `python espeak_worker.py FOLDER`. A line of JSON comes in, a line of JSON goes out, in order. The first line
out greets: `{"engine": "1.52.0", "loader": "0.2.4", "rate": 22050}`, or is the last one: `{"loader": null}` where the
package is missing, `{"broken": reason}` where it cannot be loaded. An empty line in ends the process. Requests are

    {"accent", "variant", "wpm", "text", "flags", "seed"} → {"bytes", "events": [[kind, sample, name], …], "spent"}
                                                            and then so many bytes of int16 samples, little-endian
    {"accent", "phonemes_of": [word, …]}                  → {"phonemes": [mnemonics, …], "spent"}

and `{"error": reason, "spent"}` answers one that failed. Kinds of events are `"word"` and `"phoneme"`. `"spent"` is
true where the library could not be unloaded: the next utterance then needs a new process to be repeatable.

FOLDER must be empty and belong to this process: it receives the English part of the engine's data and one slot for
the current voice, and is removed when the pipe closes. Nothing is ever written next to the engine itself.
"""

import ctypes
import json
import os
import shutil
import signal
import sys
from importlib import metadata
from pathlib import Path

SYNCHRONOUS = 2
PHONEME_EVENTS, DONT_EXIT = 0x0001, 0x8000
RATE, VOLUME, RANGE = 1, 2, 4
CHARS_UTF8 = 1
END_OF_LIST, WORD, PHONEME = 0, 1, 7
LOUDNESS = 40  # of 200; at the usual 100 most of our voices clip, at 50 the loudest do
MELODY = 50  # of 100
SLOT = "cur"
DATA = ("en_dict", "phondata", "phonindex", "phontab", "intonations")


class _Name(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int),
        ("message", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Name),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class Engine:
    """The library, freshly loaded: its state (noise, flutter, wave phase) is that of a new process.

    Args:
        library: path of the shared library.
        data: folder of its data.

    Raises:
        OSError: the library or its data cannot be loaded.
    """

    def __init__(self, library: str, data: Path):
        self._path = library
        self._library = ctypes.CDLL(library)
        lib = self._library
        lib.espeak_Initialize.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int)
        self.rate = lib.espeak_Initialize(SYNCHRONOUS, 0, os.fsencode(data), DONT_EXIT | PHONEME_EVENTS)
        if self.rate <= 0:
            raise OSError(f"the engine does not accept its data in {data}")
        lib.espeak_Info.restype = ctypes.c_char_p
        lib.espeak_Info.argtypes = (ctypes.c_void_p,)
        self.version = lib.espeak_Info(None).decode().split()[0]
        lib.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
        lib.espeak_ng_SetRandSeed.argtypes = (ctypes.c_long,)
        lib.espeak_TextToPhonemes.restype = ctypes.c_char_p
        lib.espeak_TextToPhonemes.argtypes = (ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int)
        lib.espeak_Synth.argtypes = (
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        )  # fmt: skip
        self._pcm, self._events = [], []
        # The library keeps a bare pointer: without this reference Python would free the callback.
        self._callback = _Callback(self._receive)
        lib.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples, count, events):
        if samples and count > 0:
            self._pcm.append(ctypes.string_at(samples, 2 * count))
        i = 0
        while events[i].kind != END_OF_LIST:
            event = events[i]
            if event.kind == WORD:
                self._events.append(("word", event.sample, ""))
            elif event.kind == PHONEME:
                self._events.append(("phoneme", event.sample, event.id.string.decode("utf-8", "replace")))
            i += 1
        return 0

    def set_voice(self, name: str):
        """Choose the voice.

        Raises:
            ValueError: no such voice.
        """
        if self._library.espeak_SetVoiceByName(name.encode()) != 0:
            raise ValueError(f"the engine has no voice {name!r}")

    def speak(self, text: str, flags: int, wpm: int, seed: int) -> tuple[bytes, list]:
        """Synthesise; the generator of breath and flutter, else seeded by the clock, gets `seed`."""
        for parameter, value in ((RATE, wpm), (VOLUME, LOUDNESS), (RANGE, MELODY)):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._library.espeak_ng_SetRandSeed(seed)
        code = text.encode()
        status = self._library.espeak_Synth(code, len(code) + 1, 0, 1, 0, CHARS_UTF8 | flags, None, None)
        if status != 0:
            raise ValueError(f"the engine refused the text with status {status}")
        return b"".join(self._pcm), self._events

    def phonemes_of(self, word: str) -> str:
        """The engine's mnemonics for a word said by itself."""
        return self._library.espeak_TextToPhonemes(ctypes.byref(ctypes.c_char_p(word.encode())), CHARS_UTF8, 0).decode()

    def unload(self) -> bool:
        """Terminate and unload; True if the library has really left the process."""
        self._library.espeak_Terminate()
        handle = self._library._handle
        del self._library, self._callback
        if os.name == "nt":
            kernel = ctypes.WinDLL("kernel32")
            kernel.FreeLibrary.argtypes = (ctypes.c_void_p,)
            kernel.FreeLibrary(handle)
            return not kernel.GetModuleHandleW(self._path)
        import _ctypes

        _ctypes.dlclose(handle)
        try:  # opens only what is loaded already
            still_there = ctypes.CDLL(self._path, mode=os.RTLD_NOLOAD | os.RTLD_LAZY)
        except OSError:
            return True
        _ctypes.dlclose(still_there._handle)
        return False


def copy_data(source: Path, target: Path):
    """The English part of the engine's data: 1.3 MB of 19."""
    (target / "lang" / "gmw").mkdir(parents=True)
    (target / "voices" / "!v").mkdir(parents=True)
    for name in DATA:
        shutil.copyfile(source / name, target / name)
    for file in (source / "lang" / "gmw").glob("en*"):
        shutil.copyfile(file, target / "lang" / "gmw" / file.name)


def answer(request: dict, library: str, data: Path) -> tuple[dict, bytes]:
    """One request, in a freshly loaded library."""
    voice = request["accent"]
    if "variant" in request:
        try:
            (data / "voices" / "!v" / SLOT).write_text(request["variant"], encoding="utf-8", newline="\n")
        except OSError as error:
            return {"error": f"its voice cannot be written ({error})", "spent": False}, b""
        voice += f"+{SLOT}"
    engine = Engine(library, data)
    try:
        engine.set_voice(voice)
        if "phonemes_of" in request:
            header, pcm = {"phonemes": [engine.phonemes_of(word) for word in request["phonemes_of"]]}, b""
        else:
            pcm, events = engine.speak(request["text"], request["flags"], request["wpm"], request["seed"])
            header = {"bytes": len(pcm), "events": events}
    except ValueError as error:
        header, pcm = {"error": str(error)}, b""
    finally:
        gone = engine.unload()
    return header | {"spent": not gone}, pcm


def greet(folder: Path) -> tuple[dict, str]:
    """Find the engine, copy its data, load it once: what to say first, and the library's path."""
    try:
        import espeakng_loader
    except ModuleNotFoundError:
        return {"loader": None}, ""
    try:
        copy_data(Path(espeakng_loader.get_data_path()), folder)
        library = espeakng_loader.get_library_path()
        engine = Engine(library, folder)
    except (OSError, RuntimeError, AttributeError) as error:
        return {"broken": str(error)}, ""
    greeting = {"engine": engine.version, "loader": metadata.version("espeakng-loader"), "rate": engine.rate}
    engine.unload()
    return greeting, library


def main(folder: Path):
    """Serve until the pipe closes."""
    # An interrupt at the keyboard reaches the whole process group; only the client decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Whatever the library prints must not get into the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def send(header: dict, payload: bytes = b""):
        answers.write(json.dumps(header).encode() + b"\n" + payload)
        answers.flush()

    try:
        greeting, library = greet(folder)
        send(greeting)
        while library and (line := sys.stdin.buffer.readline().strip()):
            send(*answer(json.loads(line), library, folder))
    except BrokenPipeError:
        pass  # the client is gone; so is the reason to speak
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

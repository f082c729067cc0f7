"""How runner and sandbox talk: plain data over a pipe, nothing that could become an object.

    4 bytes    "avb1"
    4 bytes    length of the head, little endian
    head       JSON: what is said, and under "arrays" the name, type and shape of each array
    arrays     their bytes one after the other, in C order

Both ends bound what they take before they take it. The types are float32 and uint8, no other.

Contents: `WireError`, `encode`, `Reader`, `inputs_to_wire`, `inputs_of`, `prediction_to_wire`, `prediction_of`.
"""

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..types import Audio, Inputs, Prediction, Video

MAGIC = b"avb1"
HEAD = struct.Struct("<4sI")
LONGEST_HEAD = 1 << 20
LONGEST = 256 << 20  # bytes of all arrays of a message: more than three minutes of 128 × 128 film
LONGEST_TEXT = 1 << 16
MOST_ARRAYS = 64
FASTEST = 1e9  # Hz or pictures a second
TYPES = {"f4": np.dtype("<f4"), "u1": np.dtype("u1")}


class WireError(ValueError):
    """What came over the pipe is no message."""


def encode(said: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> bytes:
    """A message as bytes.

    Args:
        said: what JSON can hold.
        arrays: float32 or uint8, by name.
    """
    told, parts = [], []
    for name, array in (arrays or {}).items():
        kind = "u1" if array.dtype == np.uint8 else "f4"
        array = np.ascontiguousarray(array, TYPES[kind])
        told.append([name, kind, list(array.shape)])
        parts.append(array.tobytes())
    head = json.dumps({"said": dict(said), "arrays": told}).encode()
    return HEAD.pack(MAGIC, len(head)) + head + b"".join(parts)


class Reader:
    """Puts a message together from pieces as they come; what is announced as too long is refused before it is read."""

    def __init__(self):
        self._buffer = bytearray()
        self._head: dict[str, Any] | None = None
        self._layout: list[tuple[str, np.dtype, tuple[int, ...], int]] = []

    def feed(self, piece: bytes) -> None:
        """Take a piece. Raises `WireError`."""
        self._buffer += piece
        if self._head is None and len(self._buffer) >= HEAD.size:
            magic, length = HEAD.unpack_from(self._buffer)
            if magic != MAGIC or length > LONGEST_HEAD:
                raise WireError("it does not begin as a message does")
            if len(self._buffer) >= HEAD.size + length:
                self._open(bytes(self._buffer[HEAD.size : HEAD.size + length]))
                del self._buffer[: HEAD.size + length]
        if self._head is not None and self.missing < 0:
            raise WireError("it holds more than it announces")

    def _open(self, head: bytes) -> None:
        try:
            found = json.loads(head)
            self._layout = [_layout(entry) for entry in found["arrays"]]
            self._head = dict(found["said"])
        except (ValueError, TypeError, KeyError, RecursionError, AttributeError, OverflowError) as error:
            raise WireError(f"its head cannot be read ({type(error).__name__})") from None
        if len(self._layout) > MOST_ARRAYS or sum(each[3] for each in self._layout) > LONGEST:
            raise WireError("it announces more than a message may hold")

    @property
    def missing(self) -> int:
        """Bytes that are still to come, as far as known; never 0 before the head is there."""
        if self._head is None:
            return HEAD.size
        return sum(each[3] for each in self._layout) - len(self._buffer)

    @property
    def whole(self) -> bool:
        """The message is here."""
        return self._head is not None and self.missing == 0

    def message(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What was said, and the arrays. Raises `WireError`."""
        arrays, place = {}, 0
        for name, kind, shape, size in self._layout:
            try:
                arrays[name] = np.frombuffer(self._buffer, kind, size // kind.itemsize, place).reshape(shape).copy()
            except ValueError as error:
                raise WireError(f"an array cannot be made ({error})") from None
            place += size
        return dict(self._head or {}), arrays


def _layout(entry: Any) -> tuple[str, np.dtype, tuple[int, ...], int]:
    name, kind, shape = entry
    if not isinstance(name, str) or not all(isinstance(n, int) and 0 <= n <= LONGEST for n in shape) or len(shape) > 4:
        raise ValueError("an array needs a name and a shape")
    if math.prod(max(n, 1) for n in shape) > LONGEST:  # also where there is a 0 among them
        raise ValueError("an array needs a shape that can be")
    count = math.prod(shape)
    return name, TYPES[kind], tuple(shape), count * TYPES[kind].itemsize


def inputs_to_wire(one: Inputs) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What a system may see of one trial, as a message."""
    things = {"audio": one.audio, "video": one.video, "face": one.face}
    things |= {f"reference {role}": thing for role, thing in one.references.items()}
    kinds, arrays = {}, {}
    for name, thing in things.items():
        if thing is not None:
            sound = isinstance(thing, Audio)
            kinds[name] = ["audio", thing.rate] if sound else ["video", thing.fps]
            arrays[name] = thing.samples if sound else thing.frames
    return {"id": one.id, "seed": one.seed, "wanted": dict(one.wanted), "kinds": kinds}, arrays


def inputs_of(said: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Inputs:
    """The inputs of a message that the runner sent."""
    things = {name: _thing(*said["kinds"][name], array) for name, array in arrays.items()}
    references = {name.removeprefix("reference "): t for name, t in things.items() if name.startswith("reference ")}
    return Inputs(
        said["id"], things.get("audio"), things.get("video"), said["seed"], things.get("face"), references,
        said["wanted"],
    )  # fmt: skip


def _thing(kind: str, rate: Any, array: np.ndarray) -> Audio | Video:
    return Audio(array, int(rate)) if kind == "audio" else Video(array, float(rate))


def prediction_to_wire(answer: Any, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """An answer (what `AnswerKind.take` gives) as a message."""
    if kind == "text":
        return {"text": answer}, {}
    if kind == "scores":
        return {}, {"scores": answer}
    return ({"rate": answer.rate}, {"audio": answer.samples}) if kind == "audio" else (
        {"rate": answer.fps}, {"video": answer.frames}
    )  # fmt: skip


def prediction_of(said: Mapping[str, Any], arrays: Mapping[str, np.ndarray], kind: str) -> Prediction:
    """The prediction in a message that came out of the sandbox.

    Raises:
        WireError: it has none of that kind, or none that is one.
    """
    try:
        if kind == "text":
            if not isinstance(said["text"], str) or len(said["text"]) > LONGEST_TEXT:
                raise TypeError(f"a text of at most {LONGEST_TEXT} signs is wanted")
            return Prediction(text=said["text"])
        if kind == "scores":
            return Prediction(scores=arrays["scores"])
        rate = said["rate"]
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < FASTEST:
            raise TypeError("no rate")
        if kind == "audio":
            return Prediction(audio=Audio(arrays["audio"], rate))
        return Prediction(video=Video(arrays["video"], float(rate)))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise WireError(f"it holds no {kind} ({error})") from None

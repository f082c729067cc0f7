"""Films, sounds and pictures as bytes, each with the words that it is synthetic in its metadata.

Sources: the IPTC's digital source types; ISO/IEC 11172-2 for the user data of MPEG-1 video, which its container has no
field for; Adobe's XMP specification part 3 for XMP in JPEG. MPEG audio layer II sounds 481 samples late by its filter
bank (ISO/IEC 11172-3); an export leaves out as many at the beginning, so that sound and pictures stay together.

Conventions: frames `[F, H, W, 3]` uint8 RGB at 25 fps; equal input gives equal bytes with the same libraries.

Contents: `SOURCE_TYPE`, `TAG`, `mp4`, `mpeg`, `sound`, `jpeg`, `scaled`, `widened`.
"""

import io
from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from ...errors import MissingResource
from ...signal.audio import resample, to_int16
from ...signal.video import FPS
from ...types import Audio

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
TAG = f"Synthetic media: no human spoke or was filmed. Digital source type: {SOURCE_TYPE}"
CODECS = ("libx264", "mpeg4")  # of pictures in an mp4: the first that this build of FFmpeg has
LATE = 481  # samples by which MPEG audio layer II sounds late
_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    f'Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/></rdf:RDF></x:xmpmeta>'
)


def mp4(pictures: np.ndarray, heard: Audio, about: Mapping[str, str] | None = None) -> bytes:
    """A film with H.264 pictures and mono AAC at the sound's own rate; `about` is more to say in its metadata.

    Raises:
        MissingResource: no encoder.
    """
    codec = _first(CODECS)
    content = io.BytesIO()
    import av

    with av.open(content, "w", format="mp4") as film:
        film.metadata.update({**(about or {}), "comment": TAG})
        seen = film.add_stream(codec, rate=FPS, options={"crf": "18"} if codec == "libx264" else {"qscale": "3"})
        spoken = film.add_stream(_first(["aac"]), rate=heard.rate, layout="mono")
        _show(film, seen, pictures)
        _sound(film, spoken, to_int16(heard.samples)[None], "mono")
    return content.getvalue()


def mpeg(pictures: np.ndarray, heard: Audio) -> bytes:
    """An MPEG-1 film as GRID has them: stereo at 44.1 kHz, 224 kbit/s. Raises `MissingResource` without an encoder."""
    import av

    content = io.BytesIO()
    samples = to_int16(resample(heard, 44100).samples)[LATE:]
    with av.open(content, "w", format="mpeg") as film:
        seen = film.add_stream(_first(["mpeg1video"]), rate=FPS)
        seen.bit_rate = 850_000
        spoken = film.add_stream(_first(["mp2"]), rate=44100, layout="stereo")
        spoken.bit_rate = 224_000
        _show(film, seen, pictures, tag=True)
        _sound(film, spoken, np.repeat(samples, 2)[None], "stereo", LATE)
    return content.getvalue()


def sound(heard: Audio, form: str) -> bytes:
    """16 bits, mono, at the sound's own rate; `form` is `"WAV"` or `"FLAC"`."""
    import soundfile

    memory = io.BytesIO()
    with soundfile.SoundFile(memory, "w", heard.rate, 1, "PCM_16", format=form) as file:
        file.comment = TAG
        file.write(to_int16(heard.samples))
    return memory.getvalue()


def jpeg(picture: np.ndarray) -> bytes:
    """`[H, W, 3]` as JPEG, with an XMP packet."""
    from PIL import Image

    memory = io.BytesIO()
    Image.fromarray(picture).save(memory, "JPEG", quality=95, comment=TAG.encode())
    packet = b"http://ns.adobe.com/xap/1.0/\0" + _XMP.encode()
    content = memory.getvalue()
    return content[:2] + b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet + content[2:]


def scaled(pictures: np.ndarray, side: int) -> np.ndarray:
    """Square pictures brought to another side, by Lanczos' filter: `[F, side, side, 3]`."""
    from PIL import Image

    return np.stack([np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.LANCZOS)) for p in pictures])


def widened(pictures: np.ndarray, width: int) -> np.ndarray:
    """Wider pictures: the wall at both sides goes on as in a mirror. `[F, H, width, 3]`."""
    left = (width - pictures.shape[2]) // 2
    return np.pad(pictures, ((0, 0), (0, 0), (left, width - pictures.shape[2] - left), (0, 0)), "reflect")


def _first(codecs) -> str:
    import av

    codec = next((c for c in codecs if c in av.codecs_available), None)
    if codec is None:
        raise MissingResource(f"This build of FFmpeg has no encoder {' or '.join(codecs)}: install another av.")
    return codec


def _show(film, stream, pictures: np.ndarray, tag: bool = False) -> None:
    import av

    stream.height, stream.width, stream.pix_fmt = *pictures.shape[1:3], "yuv420p"
    stream.codec_context.thread_count = 1  # other clips have the other processors
    for picture in [*pictures, None]:
        frame = None if picture is None else av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        for packet in stream.encode(frame):
            film.mux(_tagged(packet) if tag else packet)
            tag = False


def _tagged(packet):
    """The first packet of MPEG-1 video with user data where its sequence header ends, before the group of pictures."""
    import av

    head, mark, rest = bytes(packet).partition(b"\x00\x00\x01\xb8")
    tagged = av.Packet(head + b"\x00\x00\x01\xb2" + TAG.encode() + mark + rest)
    tagged.stream, tagged.time_base = packet.stream, packet.time_base
    tagged.pts, tagged.dts, tagged.duration = packet.pts, packet.dts, packet.duration
    tagged.is_keyframe = packet.is_keyframe
    return tagged


def _sound(film, stream, samples: np.ndarray, layout: str, begin: int = 0) -> None:
    """Packed samples `[1, T · channels]` int16, from sample `begin` of the film on."""
    import av

    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = stream.rate, begin, Fraction(1, stream.rate)
    fit = av.AudioResampler(format=stream.format, layout=layout, rate=stream.rate, frame_size=stream.frame_size or 1024)
    for piece in [*fit.resample(frame), *fit.resample(None), None]:
        film.mux(stream.encode(piece))

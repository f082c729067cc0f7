"""Video files of given pictures: at any rate or times, turned, with sound that begins when it should, or without."""

from fractions import Fraction

import av
import numpy as np

from avbench.signal.audio import RATE

TICK = Fraction(1, 1000)


def write_film(path, pages, rate=25, times=None, sound=None, turned=0, seconds=None):
    """A video of `[F, H, W]` or `[F, H, W, 3]`; lossless, unless its name ends in mp4.

    `times`: seconds at which pictures are shown; `sound`: seconds at which noise begins, or None for no sound;
    `turned`: degrees; `seconds`: how long the noise is, as long as the pictures unless given.
    """
    lossy, colour = path.suffix == ".mp4", pages.ndim == 4
    times = np.arange(len(pages)) / rate if times is None else times
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4" if lossy else "ffv1", rate=rate)
        video.height, video.width = pages.shape[1:3]
        video.pix_fmt = "yuv420p" if lossy else "bgr0" if colour else "gray"
        video.codec_context.time_base = TICK
        if lossy:
            video.bit_rate = 4_000_000
        if turned:
            video.set_display_rotation(turned)
        if sound is not None:
            audio = out.add_stream("aac" if lossy else "pcm_s16le", rate=RATE, layout="mono")
        for page, time in zip(pages, times, strict=True):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(page), "rgb24" if colour else "gray")
            picture.pts, picture.time_base = round(time / TICK), TICK
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        if sound is not None:
            count = round(RATE * (times[-1] + 1 / rate - sound if seconds is None else seconds))
            noise = np.random.RandomState(1).uniform(-9000, 9000, count).astype(np.int16)
            heard = av.AudioFrame.from_ndarray(noise[None], "s16", "mono")
            heard.rate, heard.pts, heard.time_base = RATE, round(sound * RATE), Fraction(1, RATE)
            out.mux(audio.encode(heard))
            out.mux(audio.encode(None))
    return path

"""Reading pictures and laying them on the corpus' time grid."""

import av
import numpy as np
import pytest

from avbench.errors import BadFile
from avbench.signal.video import fit_frames, frames_for, is_container, read_video


def film(path, fps, frames):
    """A video whose frame k has the grey level 8 k."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=fps)
        stream.width = stream.height = 88
        stream.pix_fmt = "gray"
        for k in range(frames):
            picture = av.VideoFrame.from_ndarray(np.full((88, 88), 8 * k, np.uint8), format="gray")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def test_frames_cover_samples():
    assert [frames_for(n) for n in (0, 1, 640, 641)] == [0, 1, 1, 2]


def test_fit_frames_puts_small_differences_right_and_refuses_others():
    frames = np.arange(10)
    assert fit_frames(frames, 8).tolist() == list(range(8))
    assert fit_frames(frames, 12).tolist() == [*range(10), 9, 9]
    for count in (7, 13):
        with pytest.raises(ValueError, match="10 frames"):
            fit_frames(frames, count)


def test_a_video_at_25_fps_is_read_frame_by_frame(tmp_path):
    film(tmp_path / "a.mkv", 25, 20)
    video = read_video(tmp_path / "a.mkv", grey=True)
    assert video.frames.shape == (20, 88, 88, 1) and video.fps == 25
    assert video.frames[:, 0, 0, 0].tolist() == [8 * k for k in range(20)]
    assert read_video(tmp_path / "a.mkv").frames.shape == (20, 88, 88, 3)
    assert is_container("x/A.MKV") and not is_container("a.wav")


def test_another_rate_is_met_by_the_frame_shown_at_the_time(tmp_path):
    film(tmp_path / "a.mkv", 30, 30)
    video = read_video(tmp_path / "a.mkv", grey=True)
    assert video.frames[:, 0, 0, 0].tolist() == [8 * int(k * 30 / 25 + 0.02) for k in range(25)]
    film(tmp_path / "b.mkv", 10, 4)
    slow = read_video(tmp_path / "b.mkv", grey=True).frames[:, 0, 0, 0] // 8
    assert slow.tolist() == [0, 0, 0, 1, 1, 2, 2, 2, 3, 3]


def test_a_broken_video_is_one_sentence(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"nothing" * 100)
    with pytest.raises(BadFile, match="cannot be read as video"):
        read_video(tmp_path / "a.mp4")


def test_real_videos(shared_data):
    grid = shared_data / "av" / "grid_s1" / "bbaf2n.mpg"
    assert read_video(grid, grey=True).frames.shape == (75, 288, 360, 1)

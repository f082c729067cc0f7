"""The picture of the README."""

import pytest

from avbench.data.synth.gallery import gallery
from avbench.errors import UnknownName


def test_gallery(tmp_path):
    path = gallery(tmp_path / "gallery.png")
    header = path.read_bytes()[:24]
    assert header[1:4] == b"PNG"
    assert (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) == (1200, 500)


def test_gallery_of_an_unknown_word(tmp_path):
    with pytest.raises(UnknownName, match="xylophonist"):
        gallery(tmp_path / "gallery.png", sentence="xylophonist.")

"""The sample film: pictures, sound, and what it says of itself."""

import pytest

from avbench.cli import main
from avbench.data.dataset import open_dataset
from avbench.data.export.media import SOURCE_TYPE
from avbench.data.synth.sample import choose, sample
from avbench.errors import UsageError


def test_a_film_has_faces_mouths_sound_and_says_that_it_is_synthetic(tmp_path, monkeypatch):
    import av

    monkeypatch.setenv("AVBENCH_CACHE", str(tmp_path))
    data = open_dataset("avbench-synth/commands/tiny", "validation")
    assert len({i[:4] for i in choose(data, 3)}) == 3
    assert "1 clips, 3.0 s, tagged as synthetic" in sample(data, tmp_path / "a film.mp4", clips=1)
    with av.open(str(tmp_path / "a film.mp4")) as film:
        assert film.metadata["comment"].startswith("Synthetic media") and SOURCE_TYPE in film.metadata["comment"]
        assert film.metadata["title"].startswith("avbench-synth/commands/tiny")
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert (video.width, video.height, float(video.average_rate), audio.rate) == (768, 384, 25.0, 16000)
        pictures = [f.to_ndarray(format="rgb24") for f in film.decode(video)]
    assert len(pictures) == 75 and pictures[30][:, :384].std() > 20 and pictures[30][:, 384:].std() > 10
    grey = pictures[30][:, 384:].astype(int)
    assert abs(grey[..., 0] - grey[..., 2]).mean() < 3


def test_what_cannot_be_filmed_is_one_sentence(tmp_path, capsys):
    with pytest.raises(UsageError, match="ends in"):
        sample(open_dataset("avbench-synth/words/tiny"), tmp_path / "film.gif")
    assert main(["data", "show", f"folder:{tmp_path}", "--sample", str(tmp_path / "x.mp4")]) == 2
    assert capsys.readouterr().err.count("\n") == 1

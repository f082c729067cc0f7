"""Light-ASD on films: stretches of speech, squares at the picture's edge, and a real person's sentence."""

from pathlib import Path

import numpy as np
import pytest
from avbench.baselines.light_asd.films import _square, main, stretches

WEIGHTS = Path(__file__).resolve().parents[3] / "shared" / "weights" / "light-asd" / "pretrain_AVA_CVPR.model"


def test_stretches_are_where_scores_are_above_zero():
    assert stretches(np.array([1.0, 1.0, -1.0, 0.0, 2.0]), 25.0) == [(0.0, 0.08), (0.16, 0.2)]
    assert stretches(np.full(5, -1.0)) == []


def test_a_square_that_leaves_the_picture_is_black_there():
    picture = np.arange(1, 13, dtype=np.uint8).reshape(3, 4)
    assert _square(picture[..., None], np.array([2, 1]), 2).tolist() == [[7, 8], [11, 12]]
    assert _square(picture, np.array([-1, -1]), 2).tolist() == [[0, 0], [0, 1]]
    assert not _square(picture, np.array([9, 9]), 2).any()


@pytest.mark.slow
def test_a_real_sentence_is_found_and_a_mute_film_is_one_sentence(shared_data, tmp_path, capsys):
    pytest.importorskip("dlib", reason="dlib is not installed: pip install 'avbench[faces]'")
    if not WEIGHTS.is_file():
        pytest.skip("Light-ASD's weights are not here: put them in ../shared/weights/light-asd to run this test")
    film = shared_data / "av" / "grid_s1" / "bbaf2n.mpg"
    mute = next((shared_data / "av" / "silent").glob("*.mp4"))
    assert main([str(film), str(mute), "--weights", str(WEIGHTS), "--out", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert "no audio stream" in said.err and said.err.count("\n") == 1
    assert "75 pictures" in said.out
    time, score = np.loadtxt(tmp_path / "bbaf2n.tsv").T
    rows = [line.split() for line in film.with_suffix(".align").read_text().splitlines()]
    words = [(int(a) / 25_000, int(b) / 25_000) for a, b, word in rows if word != "sil"]
    spoken = (time + 0.02 > words[0][0]) & (time + 0.02 < words[-1][1])
    assert np.mean((score > 0) == spoken) > 0.9


def test_films_of_one_name_and_no_weights_are_refused(monkeypatch, capsys):
    monkeypatch.delenv("AVBENCH_ASSETS", raising=False)
    assert main(["a/x.mp4", "b/x.mp4"]) == 2 and main(["x.mp4"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "one name" in first and "light-asd has no weights" in second

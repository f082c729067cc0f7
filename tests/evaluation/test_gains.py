"""MUTUD's claims from finished runs: here of systems that mix in so much of the answer, so the shares are known."""

import json

import pytest
from avbench.systems.mutud.gains import gains, main
from fakes import Gain, fake_exam, sit_exam, speech

from avbench.errors import UsageError
from avbench.types import Audio, Prediction

ROWS = {"gcrn": 0.2, "mutud__no-video": 0.3, "gcrn__matched": 0.4, "mutud": 0.6, "av-gcrn": 0.8}


class Mix(Gain):
    """Takes a share of the noise's amplitude away."""

    def __init__(self, share):
        super().__init__()
        self.share, self.digest = share, f"mix{share}"

    def one(self, given):
        clean = speech(f"c{int(given.id[5:9]):02d}").samples
        mixed = (1 - self.share) * given.audio.samples + self.share * clean
        return Prediction(audio=Audio(mixed.astype("float32"), 16000))


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    home = tmp_path_factory.mktemp("claims")
    exam = fake_exam(snr=(-5.0, 0.0))
    for name, share in ROWS.items():
        sit_exam(exam, Mix(share), home / name)
    sit_exam(exam, "noisy", home / "noisy")
    return home


def test_every_claim_has_its_sign_and_its_share(claims):
    found = gains(claims)
    assert found["missing"] == []
    for claim in ("audio-visual - mutud", "mutud - audio-only", "mutud - matched", "video in training"):
        rows = [r for r in found["differences"][claim] if r["metric"] == "si-sdr" and "snr" in r["condition"]]
        assert len(rows) == 2
        assert all(r["difference"] > 0 and r["ci95"][0] > 0 for r in rows)
    # In decibels the noise left over counts: 20 lg of 0.8, 0.4, 0.2 of it, and all of it where noisy is the low end.
    for claim, expected in {"av_gain_over_audio": 0.5, "av_gain_over_noisy": 0.5693}.items():
        for row in found["shares"][claim]:
            if row["metric"] == "si-sdr":
                assert row["share"] == pytest.approx(expected, abs=0.02)


def test_what_was_not_run_is_named(claims, tmp_path):
    (tmp_path / "mutud").symlink_to(claims / "mutud")
    (tmp_path / "gcrn").symlink_to(claims / "gcrn")
    found = gains(tmp_path)
    assert found["missing"] == ["av-gcrn", "gcrn/matched", "mutud/no-video", "noisy"]
    assert list(found["differences"]) == ["mutud - audio-only"] and found["shares"] == {}
    with pytest.raises(UsageError, match="holds no run of mutud"):
        gains(tmp_path / "nothing")


def test_the_table_and_its_numbers(claims, tmp_path, capsys):
    assert main([str(claims), "--json", str(tmp_path / "claims.json")]) == 0
    printed = capsys.readouterr().out
    assert "av_gain_over_noisy" in printed and "-5 dB" in printed and "synthetic" in printed
    assert json.loads((tmp_path / "claims.json").read_text()) == gains(claims)

"""`avbench check` and `avbench score`, typed: exit codes, files, and what they leave alone."""

import json

import avbench as package


def test_run_then_kept_then_checked_then_judged_again(avbench, options, home, material):
    code, _, err = avbench("run", "--system", "own_systems:Half,own_systems:Short", "--snr", "-5,5", *options)
    assert code == 0, err

    code, out, err = avbench("check", "own_systems-Half", "--against", "kept/half.json", "--renew")
    assert code == 0 and "is kept as kept/half.json" in out, err
    code, out, err = avbench("check", "own_systems-Half", "--against", "kept/half.json")
    assert code == 0 and "Passed" in out and "half.json was kept without it" in " ".join(out.split()), err
    code, out, err = avbench(
        "check", "own_systems-Short", "--against", "kept/half.json", "--json", "-", "--junit", "junit.xml"
    )
    assert code == 1 and "Failed: lost in stoi" in err and (home / "junit.xml").is_file()
    result = json.loads(out)
    assert not result["passed"] and result["worse"][0]["status"] == "failed" and len(result["worse"]) == 48
    assert result == package.check("own_systems-Short", against="kept/half.json")
    code, out, err = avbench("check", "own_systems-Half", "--against", "kept/half.json", "--metrics", "pesq-wb")
    assert code == 2 and "pesq-wb" in err and not out
    code, out, err = avbench("check", "own_systems-Half", "--against", "nothing.json")
    assert code == 2 and "There is no run nothing.json" in err

    again = ("score", "own_systems-Half", "--metrics", "si-sdr-zm", "--workers", 1)
    code, out, err = avbench(*again)
    assert code == 2 and "--dataset" in err and "Traceback" not in err
    given = ("--dataset", f"folder:{material / 'speech'}", "--noise", f"folder:{material / 'noise'}")
    code, out, err = avbench(*again, *given)
    assert code == 0 and "si-sdr-zm" in out and "noisy" in out and "oracle" in out, err
    assert len(list((home / "runs/avse").glob("own_systems-Half-*"))) == 2
    typed = [word if word != "stoi,si-sdr" else "si-sdr-zm" for word in options]
    code, shown, err = avbench("run", "--system", "own_systems:Half", "--snr", "-5,5", *typed)
    assert code == 0 and err.count("shown as cached") == 4 and shown == out
    table = package.load_runs("runs")
    assert set(table.metric) == {"stoi", "si-sdr", "si-sdr-zm"} and set(table.snr) == {-5, 5}
    assert {name.split("/")[0] for name in table.run} == {"runs"}
    other = ("--dataset", f"folder:{material / 'noise'}", "--noise", f"folder:{material / 'noise'}")
    code, out, err = avbench(*again, *other)
    assert code == 2 and not out

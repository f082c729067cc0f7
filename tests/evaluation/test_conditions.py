from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbench.errors import UnknownName, UsageError
from avbench.evaluation.conditions import conditions, fill_axes, marginals, parse_axes, parse_snr, plain, shown
from avbench.protocols import Plan, get_protocol, load_plan
from avbench.tasks import get_task

AVSE = get_task("avse")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-15:5", (-15.0, -10.0, -5.0, 0.0, 5.0)),
        ("-15:5:10", (-15.0, -5.0, 5.0)),
        ("0:1:0.1", tuple(i / 10 for i in range(11))),
        ("-0.5:0.5:.25", (-0.5, -0.25, 0.0, 0.25, 0.5)),
        ("5", (5.0,)),
        ("-5", (-5.0,)),
        ("5,-5,2.5", (5.0, -5.0, 2.5)),
        ("clean", ("clean",)),
        ("clean, -5:5", ("clean", -5.0, 0.0, 5.0)),
        (-5, (-5.0,)),
        (2.5, (2.5,)),
        ([-5, "clean", "0:10"], (-5.0, "clean", 0.0, 5.0, 10.0)),
        ("3:3", (3.0,)),
    ],
)
def test_snr_grammar(text, expected):
    assert parse_snr(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("loud", "not a number"),
        ("", "not a number"),
        ("5,,0", "not a number"),
        ("-15:4", r"does not hit 4 .* end it at 0"),
        ("0:1:0.3", "end it at 0.9"),
        ("5:-15", "must ascend: write -15:5"),
        ("-15:5:0", "must be above 0"),
        ("-15:5:-5", "must be above 0"),
        ("1:2:3:4", "4 parts"),
        (":5", "not a number"),
        ("5,5", "SNR 5 was given twice"),
        ("0,-0", "twice"),
        ("clean,clean", "twice"),
        ("-5:5,0", "SNR 0 was given twice"),
        ("nan", "outside"),
        ("inf", "outside"),
        ("1e9", "outside"),
        ("-75", "outside -74 to 74 dB"),
        ("-70:70:0.001", "at most 200"),
        ([], "No SNR"),
        ("0.0001", "more than 3 decimals"),
        ("0:70:1e-30", "more than 3 decimals"),
        ("5.00001,5.00002", "more than 3 decimals"),
        ("1e-9999999", "more than 3 decimals"),
        ("1e9999999", "outside"),
    ],
)
def test_snr_refusals_say_why(text, words):
    with pytest.raises(UsageError, match=words) as caught:
        parse_snr(text)
    assert "\n" not in str(caught.value)


@given(st.integers(-70, -30), st.integers(0, 20), st.sampled_from(["1", "2.5", "5", "0.1"]))
def test_a_range_hits_both_ends_and_ascends_evenly(first, count, step):
    from decimal import Decimal

    last = first + count * Decimal(step)
    values = parse_snr(f"{first}:{last}:{step}")
    assert len(values) == count + 1 and values[0] == first and values[-1] == float(last)
    assert all(float(Decimal(step)) == pytest.approx(b - a) for a, b in pairwise(values))


def _filled(name, **axes):
    plan = load_plan(name)
    return fill_axes(axes, get_protocol(plan.header["protocol"]), plan)


def test_what_nobody_set_the_plan_says():
    assert parse_axes(AVSE) == {} and parse_axes(AVSE, "0") == {"snr": (0.0,)}
    assert _filled("3-bn") == {"snr": (-15.0, -10.0, -5.0, 0.0, 5.0)}
    assert list(_filled("3-bn", modality=("av",), snr=(0.0,)).items()) == [("snr", (0.0,)), ("modality", ("av",))]
    assert _filled("asd")["snr"] == (-5.0, 0.0, 5.0, 10.0, "clean")
    assert _filled("words") == {} and _filled("face-to-face") == {"identity": ("own", "other", "swapped")}


def test_a_noise_or_a_reference_that_the_plan_lacks_is_refused():
    talking = _filled("talking-face", noise=("babble",))
    assert list(talking) == ["noise", "snr"] and talking["noise"] == ("babble",) and len(talking["snr"]) == 9
    with pytest.raises(UnknownName, match="Did you mean babble"):
        _filled("talking-face", noise=("bable",))
    with pytest.raises(UnknownName, match="reference in the plan"):
        _filled("image-translation", reference=(10,))


def test_a_plan_that_adds_no_noise_has_no_snr_to_set():
    plan = load_plan("asd")
    quiet = Plan.of({k: v for k, v in plan.header.items() if k not in ("noise", "noise_fingerprint", "snr")}, plan.rows)
    protocol = get_protocol("conversation")
    assert fill_axes({}, protocol, quiet) == fill_axes({"snr": ("clean",)}, protocol, quiet) == {"snr": ("clean",)}
    with pytest.raises(UsageError, match="adds no noise"):
        fill_axes({"snr": (0.0,)}, protocol, quiet)


@pytest.mark.parametrize(
    "settings", [["modality=av,audio"], "modality=av,audio", {"modality": ["av", "audio"]}, {"modality": "av,audio"}]
)
def test_settings_as_text_or_mapping(settings):
    assert parse_axes(AVSE, "-5,0", settings) == {"snr": (-5.0, 0.0), "modality": ("av", "audio")}


@pytest.mark.parametrize(
    ("snr", "settings", "kind", "words"),
    [
        (None, ["modalty=av"], UnknownName, "Did you mean modality"),
        (None, ["modality=aud"], UnknownName, "Did you mean audio"),
        (None, ["modality=av,av"], UsageError, "twice"),
        (None, ["modality=av", "modality=audio"], UsageError, "set twice"),
        ("0", ["snr=5"], UsageError, "set twice"),
        (None, ["offset=1.5"], UsageError, "whole numbers"),
        (None, ["offset=2,2"], UsageError, "twice"),
        (None, ["modality"], UsageError, "AXIS=VALUE"),
        (None, ["=av"], UsageError, "AXIS=VALUE"),
    ],
)
def test_settings_refused(snr, settings, kind, words):
    with pytest.raises(kind, match=words):
        parse_axes(AVSE, snr, settings)


def test_whole_numbers_of_an_axis():
    assert parse_axes(AVSE, None, ["offset=-2,0,2"])["offset"] == (-2, 0, 2)
    assert parse_axes(AVSE, None, {"offset": [1, 2]})["offset"] == parse_axes(AVSE, None, {"offset": "1,2"})["offset"]


def test_a_task_without_noise_refuses_an_snr():
    from dataclasses import replace

    silent = replace(AVSE, noise=None)
    assert parse_axes(silent) == {}
    with pytest.raises(UsageError, match="no noise"):
        parse_axes(silent, "0")


def test_conditions_and_marginals():
    axes = {"snr": (0.0, 5.0), "modality": ("av", "audio")}
    assert conditions(axes)[1] == {"snr": 0.0, "modality": "audio"} and len(conditions(axes)) == 4
    assert list(marginals(axes)) == [
        {"snr": 0.0}, {"snr": 5.0}, {"modality": "av"}, {"modality": "audio"}, *conditions(axes), {},
    ]  # fmt: skip
    assert list(marginals({"snr": (0.0,)})) == [{"snr": 0.0}, {}]
    assert conditions({}) == [{}] and list(marginals({})) == [{}]


def test_whole_numbers_are_written_as_integers():
    assert [shown(v) for v in (-15.0, 2.5, "clean")] == ["-15", "2.5", "clean"]
    assert isinstance(plain(-15.0), int) and plain("av") == "av"

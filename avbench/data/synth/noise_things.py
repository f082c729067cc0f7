"""Noises of things, animals and music: alarm, appliance, typing, steps, animals, music.

Source: own recipes.

Conventions: those of `noise_parts`.

Contents: `THINGS`.
"""

import numpy as np

from ...seeds import Draw
from .noise_parts import (
    RATE,
    Family,
    Span,
    blend,
    burst,
    cycle,
    high,
    low,
    paced,
    peak,
    phase_of,
    poisson,
    ring,
    room,
    scatter,
    shaped,
    unit,
    wander,
)


def _bed(draw: Draw, n: int, corner: float = 800) -> np.ndarray:
    """The quiet hum of any place, so that a pause between events is not digital silence."""
    return shaped(draw, n, lambda f: low(f, corner, 1.0) * high(f, 60)) * wander(draw, n, 1, 0.7, 1.3)


def alarm(draw: Draw, n: int, pattern: str, pitch: float, pace: float, bright: float, hall: float) -> np.ndarray:
    """A beeper, two-tone horn, siren, bell or buzzer; `pace` patterns a second."""
    turn = phase_of(pace * (1 + 0.01 * wander(draw, n, 0.5, -1, 1)), n) % 1.0
    on = np.clip(np.minimum(turn, 0.62 - turn) * RATE / pace / 80, 0, 1)  # 5 ms ramps
    if pattern == "bell":
        modes = pitch * np.array([1.0, 2.0, 2.8, 4.1, 5.4])
        strike = ring(draw, modes[modes < 7500], np.array([0.35, 0.25, 0.2, 0.12, 0.1])[modes < 7500])
        sound = scatter(draw, n, paced(draw, n, 1 / (4 * pace), 0.03), [strike], 1.0)
    else:
        hz = {
            "beep": pitch,
            "two-tone": pitch * np.where(turn < 0.5, 1.0, 1.26),
            "siren": pitch * 2 ** (0.8 * np.sin(2 * np.pi * turn / 1.0)),
            "buzzer": pitch / 8,
        }[pattern]
        top = float(np.max(hz))
        harmonics = np.arange(1, int(min(60, 7800 / top)) + 1)
        steep = 1.2 if pattern == "buzzer" else 2.5  # a buzzer is a square wave, whatever its horn
        sound = cycle(draw, phase_of(hz, n), harmonics ** (-steep + bright * (steep - 0.5)))
        sound = sound * (on if pattern in ("beep", "buzzer") else 1.0) * wander(draw, n, 3, 0.85, 1.0)
    return blend((1, room(draw, sound, hall, 0.5)), (0.03, _bed(draw, n)))


def appliance(draw: Draw, n: int, mains: float, drum: float, slosh: float, chirp: float, every: float) -> np.ndarray:
    """A washing machine, dishwasher or microwave oven: hum, a turning drum, and beeps `every` so many seconds."""
    hum = cycle(
        draw, phase_of(mains * (1 + 0.004 * wander(draw, n, 0.5, -1, 1))), np.exp(draw.normals(24)) / np.arange(1, 25)
    )
    swing = np.sin(np.pi * phase_of(1 / drum, n)) ** 4
    wash = shaped(draw, n, lambda f: peak(f, 900, 1.0)) * (0.1 + swing) * wander(draw, n, 8, 0.5, 1.5)
    thud = [ring(draw, draw.uniforms(5, 50, 400), draw.uniforms(5, 0.02, 0.08)) for _ in range(3)]
    thuds = scatter(draw, n, paced(draw, n, drum, 0.05), thud, 3.0)
    t = np.arange(int(0.16 * RATE)) / RATE
    tone = np.sin(2 * np.pi * chirp * t) * np.clip(np.minimum(t, 0.16 - t) / 0.005, 0, 1)
    starts = paced(draw, n, every, 0.05)
    starts = np.concatenate([starts + int(0.3 * RATE * i) for i in range(3)])
    beeps = scatter(draw, n, starts[starts < n], [tone], 0.0)
    sound = blend((slosh, wash), (0.5, thuds), (0.45, beeps))
    return blend((1.0, room(draw, sound, 0.35, 0.5)), (0.6, hum), (0.05, _bed(draw, n)))


def typing(draw: Draw, n: int, keys: float, body: float, click: float, desk: float, pauses: float) -> np.ndarray:
    """A keyboard on a desk: presses and softer releases in runs, `keys` a second, with pauses to think."""
    press, release = [], []
    for _ in range(24):
        top = ring(draw, click * draw.uniforms(5, 0.6, 1.6), draw.uniforms(5, 0.001, 0.006))
        base = ring(draw, body * draw.uniforms(3, 0.7, 1.5), draw.uniforms(3, 0.004, 0.02))
        base[: len(top)] += 1.2 * top[: len(base)]
        press.append(base)
        release.append(0.4 * ring(draw, click * draw.uniforms(3, 0.9, 2.0), draw.uniforms(3, 0.001, 0.004)))
    starts = paced(draw, n, 1 / keys, 0.25)
    starts = starts[wander(draw, n, 0.9)[starts] > pauses]
    if not len(starts):
        starts = paced(draw, n, 1.0, 0.1)
    up = starts + (draw.uniforms(len(starts), 0.06, 0.11) * RATE).astype(np.int64)
    sound = scatter(draw, n, starts, press, 2.5) + scatter(draw, n, up[up < n], release, 2.5)
    thump = [ring(draw, draw.uniforms(4, 90, 320), draw.uniforms(4, 0.01, 0.04))]
    sound = blend((1, sound), (desk, scatter(draw, n, starts, thump, 3.0)))
    return blend((1, room(draw, sound, 0.25, 0.4)), (0.06, _bed(draw, n)))


# Per surface: band of the scrape in Hz and its length in seconds, lowest and highest mode, decay of the modes.
_FLOORS = {
    "wood": ((150, 1500, 0.09), (90, 900), 0.03),
    "tile": ((800, 5000, 0.05), (600, 4500), 0.008),
    "gravel": ((1200, 7000, 0.22), (1500, 6000), 0.004),
    "metal": ((500, 4000, 0.08), (250, 3500), 0.12),
}


def steps(draw: Draw, n: int, floor: str, stride: float, walkers: float, clatter: float, hall: float) -> np.ndarray:
    """People who walk on a floor and handle dishes; `clatter` pieces a second."""
    (bottom, top, length), (lowest, highest), decay = _FLOORS[floor]
    sound = np.zeros(n)
    for _ in range(int(walkers)):
        grains = []
        for _ in range(6):
            grain = np.zeros(int(0.3 * RATE))
            scrape = unit(burst(draw, length, bottom, top, 0.15))
            body = unit(ring(draw, draw.uniforms(5, lowest, highest), decay * draw.uniforms(5, 0.4, 1.0))[: len(grain)])
            grain[: len(scrape)] += scrape
            grain[: len(body)] += 1.2 * body
            grains.append(grain)
        heel = paced(draw, n, stride * draw.uniform(0.85, 1.2), 0.03)
        toe = heel + int(0.11 * RATE)
        gain = 10 ** (draw.normal(0, 4) / 20)
        sound += gain * (scatter(draw, n, heel, grains, 2.0) + 0.45 * scatter(draw, n, toe[toe < n], grains, 2.0))
    dishes = [ring(draw, draw.uniforms(6, 1200, 6500), draw.uniforms(6, 0.01, 0.1)) for _ in range(10)]
    pieces = scatter(draw, n, poisson(draw, n, clatter), dishes, 5.0)
    sound = blend((1, sound), (min(0.8, 0.4 * clatter), pieces))
    return blend((1, room(draw, sound, hall, 0.6)), (0.08, _bed(draw, n)))


def _call(draw: Draw, species: str, pitch: float) -> np.ndarray:
    """One call of an animal."""
    if species == "bird":
        t = np.linspace(0, 1, int(draw.uniform(0.05, 0.22) * RATE))
        bend = draw.uniform(-0.5, 0.5) * t + draw.uniform(0.0, 0.12) * np.sin(2 * np.pi * draw.uniform(1, 6) * t)
        return np.sin(2 * np.pi * phase_of(np.minimum(3600 * pitch * 2**bend, 7600))) * np.sin(np.pi * t) ** 0.7
    if species == "cricket":
        t = np.arange(int(draw.uniform(0.25, 0.7) * RATE)) / RATE
        pulse = np.maximum(np.sin(2 * np.pi * 32 * pitch * t), 0) ** 2
        return np.sin(2 * np.pi * 4300 * pitch**0.3 * t) * pulse
    if species == "dog":
        t = np.linspace(0, 1, int(draw.uniform(0.15, 0.28) * RATE))
        hz = 420 * pitch * (0.75 + 0.5 * np.sin(np.pi * t**0.6))
        voice = cycle(
            draw,
            phase_of(hz),
            np.arange(1, 11) ** -0.8 * np.exp(-0.5 * ((np.arange(1, 11) * 420 * pitch - 1100) / 700) ** 2),
        )
        rough = burst(draw, len(t) / RATE, 500, 3000)[: len(t)]
        return (
            (unit(voice) + 0.5 * np.pad(unit(rough), (0, len(t) - len(rough))))
            * np.minimum(t / 0.06, 1)
            * (1 - t) ** 0.8
        )
    t = np.linspace(0, 1, int(draw.uniform(0.3, 0.6) * RATE))  # a gull
    hz = 950 * pitch * 2 ** (0.5 * np.sin(np.pi * t**0.5) - 0.4 * t)
    return (
        cycle(draw, phase_of(hz), [1, 0.9, 0.6, 0.3])
        * np.sin(np.pi * t) ** 0.5
        * (1 + 0.3 * np.sin(2 * np.pi * 28 * t * len(t) / RATE))
    )


def animals(draw: Draw, n: int, species: str, pitch: float, pace: float, number: float, air: float) -> np.ndarray:
    """Birds, crickets, dogs or gulls out of doors, `number` of them."""
    sound = np.zeros(n)
    for _ in range(int(number)):
        own = pitch * 2 ** draw.normal(0, 0.12)
        calls = [_call(draw, species, own) for _ in range(5)]
        calls = [np.concatenate([c, np.zeros(int(0.05 * RATE)), c]) if draw.chance(0.4) else c for c in calls]
        sound += 10 ** (draw.normal(0, 4) / 20) * scatter(draw, n, paced(draw, n, 1 / pace, 0.3), calls, 3.0)
    place = shaped(draw, n, lambda f: low(f, 500, 0.8) * high(f, 60)) * wander(draw, n, 0.6, 0.5, 1.5)
    return blend((1, room(draw, sound, 0.8, 0.35)), (air, place))


_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10), "pentatonic": (0, 2, 4, 7, 9)}


def music(
    draw: Draw, n: int, scale: str, tempo: float, root: float, bright: float, hold: float, drums: float
) -> np.ndarray:
    """A small band: bass, chords, a melody that walks the scale, and drums; `tempo` in beats a minute."""
    beat = 60 / tempo
    degrees = _SCALES[scale]

    def note(degree: int, seconds: float, decay: float) -> np.ndarray:
        hz = root * 2 ** ((degrees[degree % len(degrees)] + 12 * (degree // len(degrees))) / 12)
        t = np.arange(int(seconds * RATE)) / RATE
        orders = np.arange(1, max(2, int(min(14, 7000 / hz))) + 1)
        wave = cycle(draw, phase_of(hz * (1 + 0.003 * np.sin(2 * np.pi * 5 * t))), orders ** (-2.2 + 1.5 * bright))
        return wave * np.minimum(t / 0.008, 1) * np.exp(-t / decay) * np.clip((seconds - t) / 0.02, 0, 1)

    def lay(track: np.ndarray, when: float, sound: np.ndarray) -> None:
        start = int(when * RATE)
        sound = sound[: max(0, n - start)]
        track[start : start + len(sound)] += sound

    bass, chords, tune, kit = np.zeros((4, n))
    kick = ring(draw, np.array([55.0, 90.0]), np.array([0.09, 0.04]))
    snare, hat = unit(burst(draw, 0.16, 300, 6000)), unit(burst(draw, 0.06, 5000, 7900))
    place = len(degrees)
    for count in range(int(n / RATE / beat) + 1):
        now = count * beat
        if count % 4 == 0:
            chord = draw.integer(len(degrees))
            lay(bass, now, note(chord, 3.5 * beat, 2 * hold))
        if count % 2 == 0:
            for step in (0, 2, 4):
                lay(chords, now, note(chord + step + len(degrees), 2 * beat, hold))
        for half in (0.0, 0.5):
            if draw.chance(0.6):
                place = min(max(place + draw.integer(-2, 3), 0), 2 * len(degrees))
                lay(tune, now + half * beat, note(place + 2 * len(degrees), 0.9 * beat, 0.6 * hold))
            lay(kit, now + half * beat, 0.25 * hat)
        lay(kit, now, (kick if count % 2 == 0 else 0.5 * snare))
    return blend((0.6, bass), (0.6, chords), (0.7, tune), (drums, kit), (0.01, _bed(draw, n)))


THINGS = (
    Family(
        "alarm",
        alarm,
        {
            "pattern": ("beep", "two-tone", "siren", "bell", "buzzer"),
            "pitch": Span(480, 2600, log=True),
            "pace": Span(0.5, 4, log=True),
            "bright": Span(0.1, 0.9),
            "hall": Span(0.2, 1.5),
        },
    ),
    Family(
        "appliance",
        appliance,
        {
            "mains": Span(48, 130, log=True),
            "drum": Span(0.5, 2.5, log=True),
            "slosh": Span(0.2, 1.0),
            "chirp": Span(900, 3600, log=True),
            "every": Span(2.0, 6.0),
        },
    ),
    Family(
        "typing",
        typing,
        {
            "keys": Span(3.5, 12, log=True),
            "body": Span(250, 1300, log=True),
            "click": Span(1800, 4800, log=True),
            "desk": Span(0.1, 0.8),
            "pauses": Span(0.05, 0.4),
        },
    ),
    Family(
        "steps",
        steps,
        {
            "floor": tuple(_FLOORS),
            "stride": Span(0.35, 0.75),
            "walkers": Span(1, 5),
            "clatter": Span(0.1, 3.0),
            "hall": Span(0.3, 1.4),
        },
    ),
    Family(
        "animals",
        animals,
        {
            "species": ("bird", "cricket", "dog", "gull"),
            "pitch": Span(0.65, 1.5, log=True),
            "pace": Span(0.5, 2.0, log=True),
            "number": Span(1, 6),
            "air": Span(0.03, 0.25, log=True),
        },
    ),
    Family(
        "music",
        music,
        {
            "scale": tuple(_SCALES),
            "tempo": Span(70, 150),
            "root": Span(45, 110, log=True),
            "bright": Span(0.0, 0.9),
            "hold": Span(0.25, 1.2, log=True),
            "drums": Span(0.0, 0.8),
        },
    ),
)

"""Noises of machines: engine, car, traffic, train, fan, tool; and, kept out of training, motorcycle and factory.

Source: own recipes after how the machines work. A four-stroke engine fires every half turn divided by its cylinders, so
its lines are multiples of half the shaft's frequency; a passing vehicle's level is that of a moving point source; rail
joints strike in pairs, one for each axle of a bogie.

Conventions: those of `noise_parts`.

Contents: `MACHINES` (families of training and test), `UNSEEN_MACHINES` (never in training).
"""

import numpy as np

from ...seeds import Draw
from .noise_parts import (
    RATE,
    Family,
    Span,
    band,
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


def _firing(draw: Draw, rpm: np.ndarray, cylinders: int, slope: float) -> tuple[np.ndarray, np.ndarray]:
    """The exhaust note of a four-stroke engine, and a curve that peaks at every firing."""
    phase = phase_of(rpm / 120)
    orders = int(min(160, 0.45 * RATE / (rpm.max() / 120)))
    order = np.arange(1, orders + 1)
    weights = np.where(order % cylinders == 0, 1.0, 0.3) * order**-slope * np.exp(0.4 * draw.normals(orders))
    pulses = np.maximum(np.cos(2 * np.pi * cylinders * phase), 0) ** 6
    return cycle(draw, phase, weights), pulses


def engine(draw: Draw, n: int, cylinders: int, rpm: float, swing: float, rough: float, muffle: float) -> np.ndarray:
    """A car or lorry engine, idling or revved."""
    speed = rpm * (1 + swing * wander(draw, n, 0.35, -1, 1)) * (1 + 0.01 * wander(draw, n, 6, -1, 1))
    note, pulses = _firing(draw, speed, cylinders, 0.6)
    knock = band(draw.normals(n), 0.6 * muffle, 5 * muffle) * pulses * wander(draw, n, 15, 0.5, 1.5)
    intake = shaped(draw, n, lambda f: low(f, muffle, 1.2) * high(f, 60))
    return blend((1, low_passed(note, muffle)), (rough, knock), (0.3 * rough + 0.1, intake)) * (speed / rpm)


def low_passed(x: np.ndarray, corner: float) -> np.ndarray:
    """What a muffler or a bonnet leaves: 12 dB per octave above `corner`, with a floor, for no wall stops all."""
    return 0.9 * band(x, 25, corner) + 0.1 * x


def car(draw: Draw, n: int, speed: float, road: float, tyre: float, window: float) -> np.ndarray:
    """The inside of a driving car; `speed` in km/h, `window` how far it is open."""
    surface = wander(draw, n, 0.5, 0.7, 1.3) * wander(draw, n, 7, 0.85, 1.15)
    rumble = shaped(draw, n, lambda f: low(f, 50 + 0.6 * speed, 1.7)) * surface
    tyres = shaped(draw, n, lambda f: peak(f, tyre, 0.7)) * surface
    air = shaped(draw, n, lambda f: low(f, 700 + 6 * speed, 1.0) * high(f, 200)) * wander(draw, n, 1.5, 0.4, 1.6)
    note, _ = _firing(draw, 18 * speed + 900 + wander(draw, n, 0.2, -150, 150), 4, 1.0)
    thumps = scatter(
        draw, n, poisson(draw, n, 0.4), [ring(draw, draw.uniforms(4, 35, 180), draw.uniforms(4, 0.03, 0.09))], 5.0
    )
    quick = speed / 130
    return blend((1, rumble), (0.6 * road, tyres), (window * quick, air), (0.25, note), (0.3 * road, thumps))


def traffic(draw: Draw, n: int, passes: float, near: float, tyre: float, lorries: float) -> np.ndarray:
    """A street from the pavement: `passes` vehicles a minute, `near` metres away."""
    t = np.arange(n) / RATE
    car_noise = shaped(draw, n, lambda f: peak(f, tyre, 0.9) + 0.3 * low(f, 250))
    lorry_noise = shaped(draw, n, lambda f: low(f, 350, 1.3) * high(f, 40))
    lorry_note, _ = _firing(draw, 1500 + wander(draw, n, 0.4, -250, 250), 6, 0.7)
    lorry_noise = blend((1, lorry_noise), (0.6, lorry_note))
    sound = 0.15 * unit(shaped(draw, n, lambda f: low(f, 300, 1.0) * high(f, 30))) * wander(draw, n, 0.3, 0.6, 1.2)
    for start in poisson(draw, n + 4 * RATE, passes / 60):
        metres = draw.uniform(8, 20) * (t - start / RATE + 2)
        envelope = near / np.hypot(metres, near * draw.uniform(0.7, 1.6))
        if draw.chance(lorries):
            sound = sound + 1.3 * envelope * unit(lorry_noise)
        else:
            sound = sound + envelope * unit(car_noise)
    return sound


def train(draw: Draw, n: int, joint: float, rolling: float, squeal: float, pitch: float, body: float) -> np.ndarray:
    """Inside a train: rolling noise, strokes of rail joints every `joint` seconds, a wheel that squeals in curves."""
    strokes = paced(draw, n, joint, 0.015)
    gap = int(0.16 * joint * RATE)
    starts = np.concatenate([strokes, strokes + gap])
    grains = [ring(draw, body * draw.uniforms(6, 0.5, 6), draw.uniforms(6, 0.02, 0.09)) for _ in range(4)]
    clacks = scatter(draw, n, starts[starts < n], grains, 1.5)
    roll = shaped(draw, n, lambda f: low(f, rolling, 1.1) * high(f, 40)) * wander(draw, n, 2.5, 0.7, 1.3)
    whine = cycle(draw, phase_of(pitch * (1 + 0.01 * wander(draw, n, 3, -1, 1))), [1, 0.5])
    whine *= np.maximum(wander(draw, n, 0.5, -1, 1), 0)
    return blend((1, roll), (0.9, room(draw, clacks, 0.3, 0.5)), (squeal, whine))


def fan(draw: Draw, n: int, blade: float, whine: float, tone: float, corner: float, flutter: float) -> np.ndarray:
    """Anything that moves air: table fan, air conditioner, vacuum cleaner, hair dryer."""
    drift = 1 + 0.01 * wander(draw, n, 0.7, -1, 1)
    pulse = 1 + flutter * np.sin(2 * np.pi * phase_of(blade * drift))
    air = shaped(draw, n, lambda f: low(f, corner, 1.0) * high(f, 50)) * pulse * wander(draw, n, 1.2, 0.85, 1.15)
    blades = cycle(draw, phase_of(blade * drift), [1, 0.6, 0.5, 0.3, 0.2, 0.15])
    motor = cycle(draw, phase_of(whine * drift), [1, 0.5] if 2 * whine < 7500 else [1])
    return blend((1, air), (tone, blades), (0.5 * tone, motor))


def tool(draw: Draw, n: int, spin: float, bite: float, rasp: float, hammer: float) -> np.ndarray:
    """A drill, saw, sander or hammer drill: the motor slows and roars while it bites, every few seconds."""
    load = np.clip(4 * wander(draw, n, bite, -0.5, 1), 0, 1)
    hz = spin * (1 - 0.3 * load + 0.02 * wander(draw, n, 12, -1, 1))
    harmonics = int(min(60, 7200 / hz.max()))
    note = cycle(draw, phase_of(hz), np.arange(1, harmonics + 1) ** -0.7 * np.exp(0.6 * draw.normals(harmonics)))
    grind = shaped(draw, n, lambda f: peak(f, rasp, 0.8)) * (1 + 0.8 * np.cos(2 * np.pi * phase_of(hz / 2)))
    workshop = shaped(draw, n, lambda f: low(f, 1000) * high(f, 60))
    sound = unit(note) * (0.3 + 0.3 * load) + unit(grind) * (0.05 + load) + 0.03 * unit(workshop)
    if hammer > 20:  # the lower half of the range is a tool without percussion
        grains = [ring(draw, draw.uniforms(5, 400, 4500), draw.uniforms(5, 0.002, 0.01)) for _ in range(3)]
        starts = paced(draw, n, 1 / hammer, 0.04)
        sound = sound + 1.2 * unit(scatter(draw, n, starts, grains, 1.5, load[starts]))
    return sound


def motorcycle(draw: Draw, n: int, cylinders: int, rpm: float, swing: float, exhaust: float, rasp: float) -> np.ndarray:
    """A motorcycle ridden through its gears. Unmuffled: its exhaust band carries to `exhaust` Hz and beyond."""
    gear = 1 + swing * (phase_of(wander(draw, n, 0.3, 0.2, 0.6)) % 1.0 - 0.5)  # pulls up, then shifts
    gear = np.convolve(gear, np.full(1601, 1 / 1601), "same")
    gear[:801], gear[-801:] = gear[801], gear[-802]
    speed = rpm * gear * (1 + 0.015 * wander(draw, n, 8, -1, 1))
    note, pulses = _firing(draw, speed, cylinders, 0.45)
    bark = shaped(draw, n, lambda f: peak(f, exhaust, 0.8)) * (0.15 + pulses) * wander(draw, n, 20, 0.6, 1.4)
    wind = shaped(draw, n, lambda f: low(f, 300, 1.2))
    return blend((1, note), (rasp, bark), (0.25, wind)) * gear**1.5


def factory(draw: Draw, n: int, press: float, clicks: float, grinder: float, hiss: float, hall: float) -> np.ndarray:
    """A hall with a press, metal parts that fall, a grinder and leaking air; `press` its period in seconds."""
    hum = cycle(draw, phase_of(50.0, n), [1, 0.7, 0.4, 0.3, 0, 0.25, 0, 0.2, 0, 0, 0, 0.15])
    strike = ring(draw, draw.uniforms(7, 140, 2600), draw.uniforms(7, 0.03, 0.2))
    puff = burst(draw, 0.25, 100, 3000)
    strike[: len(puff)] += 1.5 * unit(puff)[: len(strike)] * np.std(strike[: len(puff)])
    blows = scatter(draw, n, paced(draw, n, press, 0.03), [strike], 1.5)
    grains = [ring(draw, draw.uniforms(5, 800, 5500), draw.uniforms(5, 0.01, 0.06)) for _ in range(12)]
    metal = scatter(draw, n, poisson(draw, n, clicks), grains, 6.0)
    air = shaped(draw, n, lambda f: high(f, 2500, 2)) * np.clip(5 * wander(draw, n, 0.8, -1.2, 1), 0, 1)
    turning = 1 + 0.5 * np.sin(2 * np.pi * phase_of(grinder * (1 + 0.02 * wander(draw, n, 1, -1, 1))))
    grind = shaped(draw, n, lambda f: peak(f, 1500, 1.0)) * turning * wander(draw, n, 0.4, 0.2, 1.2)
    loud = blend((1.0, blows), (0.6, metal), (0.5, grind))
    return blend((1.0, room(draw, loud, hall, 0.8)), (0.5, hum), (hiss, air))


MACHINES = (
    Family(
        "engine",
        engine,
        {
            "cylinders": (3, 4, 6, 8),
            "rpm": Span(650, 3600, log=True),
            "swing": Span(0.03, 0.35),
            "rough": Span(0.15, 0.9),
            "muffle": Span(250, 1600, log=True),
        },
    ),
    Family(
        "car",
        car,
        {
            "speed": Span(30, 130),
            "road": Span(0.2, 1.0),
            "tyre": Span(220, 900, log=True),
            "window": Span(0.0, 1.2),
        },
    ),
    Family(
        "traffic",
        traffic,
        {
            "passes": Span(12, 45),
            "near": Span(4, 16, log=True),
            "tyre": Span(600, 1500, log=True),
            "lorries": Span(0.05, 0.5),
        },
    ),
    Family(
        "train",
        train,
        {
            "joint": Span(0.35, 1.1, log=True),
            "rolling": Span(180, 1200, log=True),
            "squeal": Span(0.0, 0.4),
            "pitch": Span(1400, 3600, log=True),
            "body": Span(90, 300, log=True),
        },
    ),
    Family(
        "fan",
        fan,
        {
            "blade": Span(18, 140, log=True),
            "whine": Span(300, 4000, log=True),
            "tone": Span(0.05, 0.7),
            "corner": Span(250, 4500, log=True),
            "flutter": Span(0.0, 0.35),
        },
    ),
    Family(
        "tool",
        tool,
        {
            "spin": Span(60, 420, log=True),
            "bite": Span(0.35, 1.0),
            "rasp": Span(1000, 4800, log=True),
            "hammer": Span(0, 45),
        },
    ),
)

UNSEEN_MACHINES = (
    Family(
        "motorcycle",
        motorcycle,
        {
            "cylinders": (1, 2, 4),
            "rpm": Span(2000, 5500, log=True),
            "swing": Span(0.2, 0.7),
            "exhaust": Span(1900, 3600, log=True),
            "rasp": Span(0.7, 1.1),
        },
    ),
    Family(
        "factory",
        factory,
        {
            "press": Span(0.5, 1.4, log=True),
            "clicks": Span(1.0, 5.0),
            "grinder": Span(40, 130, log=True),
            "hiss": Span(0.1, 0.5),
            "hall": Span(0.6, 1.6),
        },
    ),
)

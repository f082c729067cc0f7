"""What the speakers of the embedded corpus say: English sentences from eight templates.

Sentences of validation and test take their objects ("the rusty key") and their adverbials ("behind the old barn") from
phrases that training never hears, and that they do not share with each other: otherwise a model of the language could
explain a part of what the picture is meant to. Almost all single words are shared.

Conventions: lower case, words of the lexicon, punctuation where the speaker pauses.

Contents: `sentence`, `objects`, `adverbials`, `words`, `TEMPLATES`, `Thing`, `Adverbial`.
"""

from dataclasses import dataclass
from functools import cache

from ...errors import UnknownName
from ...seeds import Draw, seed_of
from . import vocabulary as v
from .spec import SPLITS, CorpusSpec, split_of_clip

_DETERMINERS = {
    "one": "the the a a my his her our their this that another".split(),
    "many": "the the my his her our their these those some many several two three four".split(),
    "some": "the the some some my his her our their this more".split(),
}
_INDEFINITE = {"one": ["a"], "many": ["some", "many", "several", *v.NUMBERS.split()], "some": ["some"]}
_THEIRS = "the the my his her our their your".split()
_APPOSED = "a our my the".split()
_PRONOUNS = "we they she he i you nobody somebody everyone".split()
# Of ten parts of the phrases, by hash: test gets two, validation one.
_PARTS = {"test": (0, 1), "validation": (2,), "train": (3, 4, 5, 6, 7, 8, 9)}


@dataclass(frozen=True)
class Thing:
    """The core of an object: adjective and noun.

    Args:
        words: e.g. `"rusty key"`.
        kind: key of `vocabulary.KINDS`.
        number: `"one"`, `"many"` or `"some"` (not countable).
    """

    words: str
    kind: str
    number: str


@dataclass(frozen=True)
class Adverbial:
    """Where, when or how: e.g. `"after lunch"`; `sort` is `"place"`, `"time"` or `"manner"`."""

    words: str
    sort: str


@cache
def objects(split: str) -> tuple[Thing, ...]:
    """Every object that a split may speak of; the three splits share none.

    Raises:
        UnknownName: no such split.
    """
    things = (
        Thing(f"{adjective} {noun}", name, number)
        for name, kind in v.KINDS.items()
        for number in ("one", "many", "some")
        for noun in getattr(kind, number).split()
        for adjective in kind.adjectives.split()
    )
    return tuple(t for t in things if _belongs(t.words, split))


@cache
def adverbials(split: str) -> tuple[Adverbial, ...]:
    """Every adverbial that a split may use; the three splits share none.

    Raises:
        UnknownName: no such split.
    """
    return tuple(a for a in _all_adverbials() if _belongs(a.words, split))


def _belongs(words: str, split: str) -> bool:
    if split not in SPLITS:
        raise UnknownName("split", split, SPLITS)
    return seed_of("avbench-synth", "phrase", words) % 10 in _PARTS[split]


def _all_adverbials() -> list[Adverbial]:
    found = [
        Adverbial(f"{preposition} the {noun}", "place")
        for prepositions, nouns in v.PLACES.items()
        for preposition in prepositions.split()
        for noun in nouns.split()
    ]
    for prepositions, nouns in v.TIMES.items():
        for preposition in prepositions.split("|") if "|" in prepositions else prepositions.split():
            for noun in nouns.split():
                if preposition == "for":
                    found += [Adverbial(f"for {n} {noun}", "time") for n in v.NUMBERS.split()]
                elif preposition == "on":
                    found += [Adverbial(f"on {noun} {part}", "time") for part in v.DAY_PARTS.split()]
                else:
                    found.append(Adverbial(f"{preposition} {noun}", "time"))
    for preposition, nouns in v.MANNERS.items():
        found += [Adverbial(f"{preposition} {noun}".strip(), "manner") for noun in nouns.split()]
    return found


class _Writer:
    """Fills the slots of one sentence.

    Args:
        draw: where the choices come from.
        split: which objects and adverbials may be used.
    """

    def __init__(self, draw: Draw, split: str):
        self.draw, self.split = draw, split

    def of(self, words: str) -> str:
        return self.draw.choice(words.split())

    def subject(self) -> str:
        """Who does it."""
        case = self.draw.integer(10)
        if case < 3:
            return self.of(v.NAMES)
        if case < 5:
            return self.draw.choice(_PRONOUNS)
        return self.person(plural=case == 9)

    def person(self, plural: bool = False) -> str:
        """A person with a determiner, and in two of three cases an adjective."""
        adjective = f"{self.of(v.PEOPLE_ADJECTIVES)} " if self.draw.chance(0.67) else ""
        determiner = self.draw.choice([*_THEIRS, "many", "some", "three"] if plural else _THEIRS)
        return f"{determiner} {adjective}{self.of(v.PEOPLE_PLURAL if plural else v.PEOPLE)}"

    def thing(self, concrete: bool = False) -> Thing:
        """An object of the split; kinds are equally likely, whatever the number of their nouns."""
        kind = self.draw.choice([k for k, kind in v.KINDS.items() if kind.concrete or not concrete])
        return self.draw.choice(_objects_of(self.split, kind))

    def definite(self, thing: Thing) -> str:
        """The object with some determiner."""
        return _join(self.draw.choice(_DETERMINERS[thing.number]), thing.words)

    def verb(self, thing: Thing, past: bool = True) -> str:
        """A verb that goes with the object."""
        return self.of(v.KINDS[thing.kind].verbs).split(":")[past]

    def adverbial(self, *sorts: str) -> str:
        """An adverbial of the split, of one of the sorts (any, if none is named), each equally likely."""
        sort = self.draw.choice(sorts or ("place", "time", "manner"))
        return self.draw.choice(_adverbials_of(self.split, sort)).words

    def predicate(self, past: bool = True) -> str:
        """Verb and object."""
        thing = self.thing()
        return f"{self.verb(thing, past)} {self.definite(thing)}"


@cache
def _objects_of(split: str, kind: str) -> tuple[Thing, ...]:
    return tuple(t for t in objects(split) if t.kind == kind)


@cache
def _adverbials_of(split: str, sort: str) -> tuple[Adverbial, ...]:
    return tuple(a for a in adverbials(split) if a.sort == sort)


def _join(determiner: str, words: str) -> str:
    return f"{'an' if determiner == 'a' and words[0] in 'aeiou' else determiner} {words}"


def _statement(w: _Writer) -> str:
    return f"{w.subject()} {w.predicate()} {w.adverbial()}."


def _fronted(w: _Writer) -> str:
    return f"{w.adverbial('place', 'time')}, {w.subject()} {w.predicate()}."


def _paired(w: _Writer) -> str:
    return f"{w.subject()} {w.predicate()}, and {w.subject()} {w.of(v.INTRANSITIVE)} {w.adverbial('place', 'time')}."


def _reported(w: _Writer) -> str:
    return f"{w.subject()} {w.of(v.REPORTS)} that {w.subject()} {w.predicate()}."


def _there_was(w: _Writer) -> str:
    thing = w.thing(concrete=True)
    indefinite = _join(w.draw.choice(_INDEFINITE[thing.number]), thing.words)
    was, it = ("were", "them") if thing.number == "many" else ("was", "it")
    return f"there {was} {indefinite} {w.adverbial('place')}, but nobody {w.verb(thing)} {it}."


def _question(w: _Writer) -> str:
    return f"did {w.subject()} {w.predicate(past=False)} {w.adverbial()}?"


def _request(w: _Writer) -> str:
    return f"{w.of(v.NAMES)}, please {w.predicate(past=False)} {w.adverbial('place')}."


def _apposition(w: _Writer) -> str:
    name, adjective, person = w.of(v.NAMES), w.of(v.PEOPLE_ADJECTIVES), w.of(v.PEOPLE)
    return f"{name}, {_join(w.draw.choice(_APPOSED), f'{adjective} {person}')}, {w.predicate()}."


TEMPLATES = (_statement, _fronted, _paired, _reported, _there_was, _question, _request, _apposition)


def sentence(spec: CorpusSpec, clip_id: str) -> str:
    """What is said in a clip: a pure function of the corpus' version and the clip's name.

    Raises:
        UsageError: not the name of a clip.
    """
    writer = _Writer(Draw("avbench-synth", spec.version, "sentence", clip_id), split_of_clip(clip_id))
    return writer.draw.choice(TEMPLATES)(writer)


def words() -> frozenset[str]:
    """Every word that some sentence may hold."""
    found = "a an the there was were it them but nobody did please that and".split()
    for determiners in (*_DETERMINERS.values(), *_INDEFINITE.values(), _THEIRS, _APPOSED, _PRONOUNS):
        found += determiners
    for kind in v.KINDS.values():
        found += f"{kind.one} {kind.many} {kind.some} {kind.adjectives} {kind.verbs.replace(':', ' ')}".split()
    for text in (v.NAMES, v.PEOPLE, v.PEOPLE_PLURAL, v.PEOPLE_ADJECTIVES, v.REPORTS, v.INTRANSITIVE, "many some three"):
        found += text.split()
    for adverbial in _all_adverbials():
        found += adverbial.words.split()
    return frozenset(found)

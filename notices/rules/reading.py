"""How easy a text is to read for a family: long sentences, hard words with plainer ones, an estimated reading age.

Advice, never a refusal. The estimate is the Flesch–Kincaid grade (Kincaid et al., 1975: 0.39 words a sentence + 11.8
syllables a word − 15.59) plus five years; syllables are counted by the British hyphenation patterns, so it is rough.
"""

import re
from dataclasses import dataclass
from functools import cache

import pyphen

LONG_SENTENCE_WORDS = 25
# Below this many words an average says nothing.
LEAST_WORDS = 20
_GRADE_TO_AGE = 5

# What letters of this kind say, and what the people who get them say.
PLAINER: dict[str, str] = {
    "abscond": "leave without permission",
    "absconded": "left without permission",
    "absconding": "leaving without permission",
    "accordingly": "so",
    "acquire": "get",
    "additional": "more",
    "adhere": "keep to",
    "alleviate": "ease",
    "alternatively": "or",
    "apprise": "tell",
    "ascertain": "find out",
    "attain": "reach",
    "attributable": "due",
    "cease": "stop",
    "cohort": "year group",
    "commence": "begin",
    "commenced": "began",
    "commencing": "beginning",
    "comprise": "be made up of",
    "concerning": "about",
    "consequently": "so",
    "de-escalation": "calming down",
    "demonstrate": "show",
    "demonstrated": "showed",
    "detrimental": "harmful",
    "discontinue": "stop",
    "dysregulated": "upset and out of control",
    "dysregulation": "finding it hard to stay calm",
    "endeavour": "try",
    "facilitate": "help",
    "forthwith": "at once",
    "furthermore": "also",
    "hereby": "by this letter",
    "implement": "carry out",
    "implemented": "carried out",
    "inappropriate": "not acceptable",
    "intervention": "extra help",
    "interventions": "extra help",
    "methodology": "way of working",
    "modify": "change",
    "notwithstanding": "even though",
    "obtain": "get",
    "optimum": "best",
    "participate": "take part",
    "persistent": "repeated",
    "physiological": "of the body",
    "prior": "before",
    "provision": "place or help",
    "pursuant": "under",
    "reintegrate": "return to school",
    "reintegration": "the return to school",
    "remuneration": "pay",
    "requisite": "needed",
    "sanction": "punishment",
    "sanctions": "punishments",
    "subsequent": "later",
    "subsequently": "later",
    "sufficient": "enough",
    "terminate": "end",
    "terminated": "ended",
    "thereafter": "then",
    "trajectory": "course",
    "transition": "change",
    "utilise": "use",
    "utilised": "used",
    "utilising": "using",
    "whilst": "while",
}

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"”’)]*\s+|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")


@dataclass(frozen=True)
class Reading:
    """What would make a text easier; ``age`` in years, None for a text too short to tell."""

    long_sentences: tuple[tuple[str, int], ...]
    hard_words: tuple[tuple[str, str], ...]
    age: int | None

    @property
    def advises(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.long_sentences or self.hard_words)


@cache
def _patterns() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_GB", left=1, right=1)


def syllables(word: str) -> int:
    """About how many syllables an English word has: its places to hyphenate, at least one."""
    return sum(len(_patterns().positions(part.lower())) + 1 for part in re.split(r"[-’']", word) if part)


def reading_of(text: str) -> Reading:
    """The advice for a text in English."""
    sentences = [part.strip() for part in _SENTENCE_END.split(text) if _WORD.search(part)]
    words = [_WORD.findall(sentence) for sentence in sentences]
    long_ones = tuple(
        (_start(sentence), len(found))
        for sentence, found in zip(sentences, words, strict=True)
        if len(found) > LONG_SENTENCE_WORDS
    )
    hard: dict[str, str] = {}
    for found in words:
        for word in found:
            plainer = PLAINER.get(word.lower())
            if plainer:
                hard.setdefault(word.lower(), plainer)
    total = sum(len(found) for found in words)
    age: int | None = None
    if total >= LEAST_WORDS:
        per_word = sum(syllables(word) for found in words for word in found) / total
        age = max(_GRADE_TO_AGE, round(0.39 * total / len(words) + 11.8 * per_word - 15.59 + _GRADE_TO_AGE))
    return Reading(long_ones, tuple(hard.items()), age)


def _start(sentence: str) -> str:
    """The first six words of a sentence."""
    parts = sentence.split()
    return " ".join(parts[:6]) + (" …" if len(parts) > 6 else "")

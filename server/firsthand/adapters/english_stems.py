"""Stems of English words as the full-text index of LanceDB makes them.

The algorithm is Porter's second one, https://snowballstem.org/algorithms/english/stemmer.html, in the state that was
found by comparison with LanceDB 0.40. Names of code are words like others to it; letters beyond a to z are consonants.
"""

import re

_VOWELS = frozenset("aeiouy")
_DOUBLES = ("bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt")
_BEFORE_LI = frozenset("cdeghkmnrt")

_WHOLE = {
    "skis": "ski", "skies": "sky", "idly": "idl", "gently": "gentl",
    "ugly": "ugli", "early": "earli", "only": "onli", "singly": "singl", "sky": "sky", "news": "news",
    "howe": "howe", "atlas": "atlas", "cosmos": "cosmos", "bias": "bias", "andes": "andes",
}  # fmt: skip
_AFTER_PLURAL = frozenset(("inning", "outing", "canning", "herring", "earring", "evening"))
_BEFORE_CEED = frozenset(("proc", "exc", "succ"))
_FIRST_REGION = re.compile(
    r"arsen|commun|emerg|gener|inter|later|organ|past|univers|.*?[aeiouy][^aeiouy]", re.DOTALL
)
_NEXT_REGION = re.compile(r".*?[aeiouy][^aeiouy]", re.DOTALL)
_SHORT_SYLLABLE = re.compile(r"(?:.*[^aeiouy][aeiouy][^aeiouywxY]|[aeiouy][^aeiouy]|past)\Z", re.DOTALL)

# Longer endings stand before those that they end with.
_SECOND = (
    ("ational", "ate"), ("fulness", "ful"), ("iveness", "ive"), ("ization", "ize"), ("ousness", "ous"),
    ("biliti", "ble"), ("lessli", "less"), ("tional", "tion"), ("alism", "al"), ("aliti", "al"), ("ation", "ate"),
    ("entli", "ent"), ("fulli", "ful"), ("iviti", "ive"), ("ousli", "ous"), ("abli", "able"), ("alli", "al"),
    ("anci", "ance"), ("ator", "ate"), ("enci", "ence"), ("izer", "ize"), ("bli", "ble"), ("ogi", "og"), ("li", ""),
)  # fmt: skip
_THIRD = (
    ("ational", "ate"), ("tional", "tion"), ("alize", "al"), ("ative", ""), ("icate", "ic"), ("iciti", "ic"),
    ("ical", "ic"), ("ness", ""), ("ful", ""),
)  # fmt: skip
_FOURTH = (
    *(
        "ement",
        "able",
        "ance",
        "ence",
        "ible",
        "ment",
        "ant",
        "ate",
        "ent",
        "ion",
        "ism",
        "iti",
        "ive",
        "ize",
        "ous",
    ),
    *("al", "er", "ic"),
)


def english_stem(word: str) -> str:
    """Return the stem of a lower-case word."""
    if len(word) < 3:
        return word
    if word in _WHOLE:
        return _WHOLE[word]
    word = _with_consonant_y(word.removeprefix("'"))
    first = _region(_FIRST_REGION, word, 0)
    second = _region(_NEXT_REGION, word, first)
    word = _without_plural(_without_apostrophe(word))
    if word in _AFTER_PLURAL:
        return word
    word = _without_tense(word, first)
    if len(word) > 2 and word[-1] in "yY" and word[-2] not in _VOWELS:
        word = f"{word[:-1]}i"
    word = _derived(word, first)
    word = _adjective(word, first, second)
    word = _last_suffix(word, second)
    return _without_final(word, first, second).replace("Y", "y")


def _with_consonant_y(word: str) -> str:
    if "y" not in word:
        return word
    letters = list(word)
    for place, letter in enumerate(letters):
        if letter == "y" and (place == 0 or letters[place - 1] in _VOWELS):
            letters[place] = "Y"
    return "".join(letters)


def _region(pattern: re.Pattern[str], word: str, start: int) -> int:
    found = pattern.match(word, start)
    return found.end() if found else len(word)


def _without_apostrophe(word: str) -> str:
    for ending in ("'s'", "'s", "'"):
        if word.endswith(ending):
            return word[: -len(ending)]
    return word


def _without_plural(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ied", "ies")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")) and not _VOWELS.isdisjoint(word[:-2]):
        return word[:-1]
    return word


def _without_tense(word: str, first: int) -> str:
    for ending in ("eedly", "eed"):
        if word.endswith(ending):
            rest = word[: -len(ending)]
            return f"{rest}ee" if rest not in _BEFORE_CEED and len(rest) >= first else word
    for ending in ("ingly", "edly", "ing", "ed"):
        if word.endswith(ending):
            rest = word[: -len(ending)]
            if ending == "ing" and len(rest) == 2 and rest[1] == "y" and rest[0] not in _VOWELS:
                return f"{rest[0]}ie"
            return _mended(rest, first) if not _VOWELS.isdisjoint(rest) else word
    return word


def _mended(word: str, first: int) -> str:
    """Return the infinitive of a verb whose ending was cut off: `hop` of `hopp`, `hope` of `hop`."""
    if word.endswith(("at", "bl", "iz")):
        return f"{word}e"
    if word.endswith(_DOUBLES):
        return word if len(word) == 3 and word[0] in "aeo" else word[:-1]
    return f"{word}e" if first >= len(word) and _SHORT_SYLLABLE.match(word) else word


def _derived(word: str, first: int) -> str:
    for ending, shorter in _SECOND:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            fits = (ending != "ogi" or rest.endswith("l")) and (ending != "li" or rest[-1:] in _BEFORE_LI)
            return rest + shorter if fits and len(rest) >= first else word
    return word


def _adjective(word: str, first: int, second: int) -> str:
    for ending, shorter in _THIRD:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            return rest + shorter if len(rest) >= (second if ending == "ative" else first) else word
    return word


def _last_suffix(word: str, second: int) -> str:
    for ending in _FOURTH:
        if word.endswith(ending):
            rest = word[: -len(ending)]
            fits = ending != "ion" or rest.endswith(("s", "t"))
            return rest if fits and len(rest) >= second else word
    return word


def _without_final(word: str, first: int, second: int) -> str:
    rest = word[:-1]
    if word.endswith("e"):
        goes = len(rest) >= second or (len(rest) >= first and not _SHORT_SYLLABLE.match(rest))
        return rest if goes else word
    return rest if word.endswith("ll") and len(rest) >= second else word

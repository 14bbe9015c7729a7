"""Passwords that everybody knows: common words and runs of the keyboard, also disguised, doubled, with a year."""

import re
from typing import Final

# What leads the lists of leaked passwords, in the languages of the desk, and what is near at hand here.
_WORDS: Final = (
    "password", "passwort", "passwd", "contrasena", "contrasenia", "clave", "senha", "motdepasse",
    "welcome", "bienvenido", "bienvenue", "willkommen", "letmein", "iloveyou", "teamo", "tequiero", "admin",
    "administrator", "administrador", "root", "user", "usuario", "guest", "login", "master", "qwerty",
    "qwertz", "azerty", "football", "futbol", "baseball", "basketball", "soccer", "monkey", "dragon",
    "sunshine", "princess", "princesa", "superman", "batman", "pokemon", "charlie", "michael", "jordan",
    "hunter", "shadow", "trustno", "secret", "secreto", "changeme", "default", "test", "testing", "hello",
    "hola", "computer", "internet", "google", "facebook", "whatever", "starwars", "freedom", "flower",
    "summer", "sommer", "verano", "winter", "invierno", "spring", "autumn", "otono", "january", "february",
    "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre",
    "noviembre", "diciembre", "monday", "dispatcher", "reminder", "debt", "debts", "collection", "company",
    "the", "my", "is", "a", "this", "and", "new", "good", "god", "love", "abc",
)  # fmt: skip
_RUNS: Final = (
    "01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiop", "asdfghjkl", "zxcvbnm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "q1w2e3r4t5y6u7i8o9p0",
)  # fmt: skip
_PLAIN: Final = str.maketrans("@4310$5!7|", "aaelossiti")
_SHORTEST_RUN = 3
_FEW = 2  # letters and digits that no word or run explains


def is_known(password: str, *, name: str = "") -> bool:
    """Whether words, runs and repeats that guessers try first explain nearly all of it."""
    lower = password.lower()
    spellings = (re.sub(r"[\W_]", "", lower), re.sub(r"[\W_]", "", lower.translate(_PLAIN)))
    words = sorted({*_WORDS, *filter(None, [re.sub(r"[\W_]", "", name.lower())])}, key=len, reverse=True)
    return any(len(_unexplained(text, words)) <= _FEW for text in spellings)


def _unexplained(text: str, words: list[str]) -> str:
    for word in words:
        text = text.replace(word, " ")
    for run in _RUNS:
        for length in range(len(run), _SHORTEST_RUN - 1, -1):
            for start in range(len(run) - length + 1):
                text = text.replace(run[start : start + length], " ")
    text = re.sub(r"(19|20)\d\d", " ", text)
    return re.sub(r"(.)\1+", " ", text).replace(" ", "")

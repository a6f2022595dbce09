"""Nicknames that may stand on the wall."""

import unicodedata
from collections.abc import Iterable

LONGEST = 24  # characters
MOST_WORDS = 2000
MOST_MARKS = 2  # combining marks on one letter: more pile up over the lines above and below
_LOOKS_LIKE = str.maketrans("013457@$!|", "oieastasil")  # how letters are hidden from word lists


class Names:
    """Lets nicknames through, or not."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {folded for word in words if (folded := _folded(word))}

    def hide(self, word: str) -> None:
        """No nickname may hold this word from now on."""
        if (folded := _folded(word)) and len(self._words) < MOST_WORDS:
            self._words.add(folded)

    def may(self, name: str) -> bool:
        """Whether a cleaned name holds none of the words, however it is spelt."""
        folded = _folded(name)
        return not any(word in folded for word in self._words)

    def cleaned(self, name: str) -> tuple[str, str]:
        """The name as it may be shown, and why it is not as wished, or ""."""
        visible = "".join(
            " " if character.isspace() else character
            for character in unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode())
            if character.isspace() or unicodedata.category(character)[0] not in "CZ"
        )
        short = _without_piles(" ".join(visible.split()))[:LONGEST].rstrip()
        if not self.may(short):
            return "", "this name is not shown here; choose another"
        return short, "" if short == name.strip() else "the name was shortened or cleaned"


def _without_piles(name: str) -> str:
    """The name without letters that carry more marks than any language writes."""
    out, marks = [], 0
    for character in name:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MOST_MARKS:
            out.append(character)
    return "".join(out)


def _folded(text: str) -> str:
    """Letters only, without accents, case, blanks and the digits that stand for letters."""
    plain = unicodedata.normalize("NFKD", text.encode("utf-8", "ignore").decode()).casefold().translate(_LOOKS_LIKE)
    return "".join(character for character in plain if character.isalnum())

"""Cards and a cache of their own for each test."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footlights.models import cards

CONTENT = b"weights " * 1000
Write = Callable[..., None]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no mirror."""
    monkeypatch.setenv("FOOTLIGHTS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FOOTLIGHTS_MODEL_MIRROR", raising=False)
    return tmp_path / "cache" / "models"


@pytest.fixture
def write_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """`write_card(name, source, path="", content=CONTENT)` makes a card the only cards there are."""
    folder = tmp_path / "cards"
    folder.mkdir()
    monkeypatch.setattr(cards, "FOLDER", folder)
    cards.cards.cache_clear()

    def write(name: str, source: str, path: str = "", content: bytes = CONTENT) -> None:
        (folder / f"{name}.toml").write_text(
            f'title = "A model"\nsource = "{source}"\npath = "{path}"\nsize = {len(content)}\nlicence = "MIT"\n'
            f'sha256 = "{hashlib.sha256(content).hexdigest()}"\n'
            '[input]\nwidth = 8\nheight = 8\n[head]\nkind = "yolox"\n'
        )
        cards.cards.cache_clear()

    yield write
    cards.cards.cache_clear()

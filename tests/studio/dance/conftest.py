"""A very small corpus, and a very small training on it."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs torch: pip install 'footlights[train]'")

from footlights.recognition.dance.performing import perform
from footlights.recognition.dance.planner import Wishes, plan
from footlights.studio.dance.corpus import Corpus, Writer, read
from footlights.studio.dance.settings import Settings
from footlights.studio.dance.tracks import made_track
from footlights.studio.dance.training import Run

TINY = Settings(
    codec_steps=4, composer_steps=4, codec_batch=3, composer_batch=3, channels=16, width=32, layers=2, heads=2,
    length=24,
)  # fmt: skip


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    writer = Writer(folder, ("disco", "groove"))
    for number, split in enumerate(("train", "train", "valid")):
        made = made_track(number, 24)
        dance = perform(plan(made.song, Wishes(style=("disco", "groove")[number % 2], seed=number)), made.song)
        writer.add(f"made-{number}", dance, made.sound, made.rate, split=split)
    return folder


@pytest.fixture(scope="session")
def corpus(corpus_folder: Path) -> Corpus:
    return read(corpus_folder)


@pytest.fixture(scope="session")
def trained(corpus: Corpus) -> Run:
    run = Run(corpus, TINY)
    while not run.ended:
        run.step()
    return run

"""Can the learned dancer learn twelve dances by heart? Pixels between what it was shown and what it dances alone.

    python bench/quality/dance_overfit.py FOLDER [--threads 1]

Twelve pairs of 15 s: music made to order, danced by the planner (six) or a chain of rehearsal motions (six). Both
nets are trained on them (about two minutes of one quiet core); then each song is danced free-running, always with
the likeliest code, and both dances are seen by one camera at 640x360 in which a person is about 300 pixels tall. Error:
mean |dx|, |dy| over 24 joints and all frames, without locking feet. Controls: the mean pose, and the codec alone.
Target: 5 px. The clips of the system that this replaces are not at hand; they are harder: their mean pose scores 12.5.
"""

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import torch

from footlights.media.rehearsal.body import Body
from footlights.media.rehearsal.camera import Camera, placed
from footlights.media.rehearsal.motion import curve, motion, names, vary
from footlights.media.rehearsal.motion import perform as act
from footlights.media.rehearsal.skeleton import solve
from footlights.recognition.dance.dance import Dance, joints24
from footlights.recognition.dance.learned import Sampling, compose, danced, open_model
from footlights.recognition.dance.music import Sound
from footlights.recognition.dance.performing import perform
from footlights.recognition.dance.phrase import styles
from footlights.recognition.dance.planner import Wishes, plan
from footlights.recognition.dance.song import Song
from footlights.recognition.dance.tokens import grid
from footlights.studio import checkpoint
from footlights.studio.dance.corpus import Writer, read
from footlights.studio.dance.export import export
from footlights.studio.dance.net import Codec, Composer
from footlights.studio.dance.scores import corpus_dances
from footlights.studio.dance.settings import Settings
from footlights.studio.dance.tracks import made_track
from footlights.studio.dance.training import Run, coded
from footlights.studio.dance.videos import cut

SECONDS, PAIRS, TARGET = 15.6, 12, 5.0
SETTINGS = Settings(
    codec_steps=1800, codec_batch=12, codec_rate=2.5e-3, composer_steps=450, composer_rate=1.5e-3, average=0.99,
    dropout=0.0, unheard=0.1, smoothing=0.0, mirror=False, length=128, composer_batch=12,
)  # fmt: skip
BY_HEART = Sampling(temperature=0.0, guidance=1.0, repetition=0.0, reuse=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    write_pairs(given.folder)
    run = trained(given.folder)
    codec, composer = run.codec.average, run.composer.average
    assert isinstance(codec, Codec) and isinstance(composer, Composer)
    export(codec, composer, run.corpus, given.folder / "dancer.onnx")
    report(run, codec, given.folder / "dancer.onnx")


def write_pairs(folder: Path) -> None:
    writer = Writer(folder, styles())
    for seed in range(PAIRS):
        made = made_track(seed + 100, 60)
        song, sound = cut(made.song, 0.0, SECONDS), made.sound[:, : int(SECONDS * made.rate)]
        dance = perform(plan(song, Wishes(seed=seed)), song) if seed % 2 else rehearsed(song, seed)
        add(writer, f"p{seed:02}", dance, sound, made.rate)


def add(writer: Writer, name: str, dance: Dance, sound: Sound, rate: int) -> None:
    if name not in writer:
        writer.add(name, dance, sound, rate, split="train")


def rehearsed(song: Song, seed: int) -> Dance:
    """A chain of gestures and exercises, whatever the music."""
    rng, keys = np.random.default_rng((seed, 5)), []
    pool = [name for name in names() if motion(name).posture in ("standing", "bent", "squatting")]
    pool = [name for name in pool if motion(name).kind != "everyday"]
    while sum(key.seconds for key in keys) < song.seconds + 1:
        chosen = motion(str(rng.choice(pool)))
        keys += act(chosen, vary(chosen, rng))[0]
    joints = solve(curve(keys).at(np.arange(int(song.seconds * 60)) / 60), Body())
    return Dance(60.0, joints, Body(), joints.ankles[..., 1] < 0.1, dataclasses.replace(song))


def trained(folder: Path) -> Run:
    run, kept = Run(read(folder), SETTINGS), folder / "checkpoint.pt"
    if kept.exists():
        run.restore(checkpoint.read(kept))
    while not run.ended:
        trainee = run.step()
        if run.done % 250 == 0:
            checkpoint.save(kept, run.state())
            print(f"{run.done}: {trainee.loss:.4f}", flush=True)
    checkpoint.save(kept, run.state())
    return run


def seen(dance: Dance, camera: Camera) -> np.ndarray:
    """(T, 24, 2) pixels."""
    places = (joints24(dance) - camera.position) @ camera.axes.T
    return places[..., :2] / places[..., 2:] * camera.focal


def report(run: Run, codec: Codec, path: Path) -> None:
    model, body = open_model(path), Body()
    camera = placed(640, 360, "full", [body], np.zeros((1, 3)))
    rows = []
    for pair in run.corpus.pairs:
        counts, ticks = grid(pair.song), len(pair.motion)
        true = seen(corpus_dances([pair])[0], camera)
        known = coded(codec, pair.motion, torch.device("cpu"))
        alone = compose(model, pair.music, None, Wishes(), BY_HEART)
        errors = [
            np.abs(true - seen(danced(model.decode(codes)[:ticks].astype(float), pair.song, counts, body, lock=False),
                               camera)).mean()
            for codes in (alone, known)
        ]  # fmt: skip
        rows.append((*errors, np.abs(true - true.mean(0)).mean(), (alone == known).mean(), np.ptp(true[0, :, 1])))
        print(f"{pair.name}: {rows[-1][0]:.2f} px alone, {rows[-1][1]:.2f} codec, {rows[-1][2]:.2f} mean pose")
    alone, codec_only, mean_pose, same, tall = np.mean(rows, axis=0)
    print(
        f"L1 {alone:.2f} px free-running (target {TARGET:g}), {codec_only:.2f} px the codec alone, {mean_pose:.2f} px "
        f"the mean pose; {same:.1%} of the codes are those of the data; a person is {tall:.0f} px tall"
    )


if __name__ == "__main__":
    main()

"""Our landmarks against mediapipe 0.10.21 `solutions`: frames a second of one 640x480 file, on the same cores.

The peer lives in an environment of its own, because it pins what footlights does not:

    python3.11 -m venv /tmp/peer
    /tmp/peer/bin/pip install mediapipe==0.10.21
    python bench/pose_vs_mediapipe.py --peer /tmp/peer/bin/python [--clip FILE] [--rounds 3]

Both read the same file, find pose (`model_complexity=1`), or pose and hands (peer: `solutions.pose` and then
`solutions.hands` on each frame; with `--holistic`: `solutions.holistic`), and draw nothing. They take turns, round by
round, each in a fresh process; the clock runs from the first finished frame to the last, and the best round of each
side counts, because whatever else runs on the machine only makes a round worse. Ours is the engine as the
command runs it, with the detector at its usual pace, and two threads a model call on two cores, which is what the
command takes for one stream. Without `--clip` the file is made from the signing clips under FOOTLIGHTS_DATA.

Targets: pose at least 2 times, pose and hands at least 1.8 times the frame rate, landmarks within 4 pixels (median).
"""

import argparse
import os
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
JOBS = {"pose": 2.0, "pose+hands": 1.8}  # and the ratio to reach
WITHIN = 4.0  # pixels


def make_clip(path: Path) -> None:
    """Every signing clip, one after the other."""
    import av

    folder = Path(os.environ["FOOTLIGHTS_DATA"]) / "gesture" / "intel_asl"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30, options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        count = 0
        for clip in sorted(folder.glob("*.mkv")):
            with av.open(str(clip)) as source:
                for frame in source.decode(video=0):
                    picture = av.VideoFrame.from_ndarray(frame.to_ndarray(format="rgb24"), format="rgb24")
                    picture.pts, picture.time_base = count, Fraction(1, 30)
                    count += 1
                    out.mux(stream.encode(picture))
        out.mux(stream.encode())


def run(command: list[str], job: str, clip: Path, out: Path) -> tuple[float, float, dict[str, np.ndarray]]:
    """Frames a second, processor milliseconds a frame, and the landmarks, of one fresh process."""
    command = [*command, job, str(clip), str(out)]
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True, timeout=1800)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    with np.load(out) as found:
        result = {name: found[name] for name in found}
    times = result.pop("times")
    return (len(times) - 1) / float(times[-1] - times[0]), float(result.pop("cpu")) / (len(times) - 1) * 1000, result


def difference(ours: np.ndarray, peers: np.ndarray) -> float:
    """Median distance in pixels of the landmarks of what both found: (frames, N, K, 2), nearest to each other."""
    apart = np.linalg.norm(ours[:, :, None] - peers[:, None], axis=-1)  # (frames, N, M, K)
    middle = np.where(np.isnan(apart).any(axis=-1), np.inf, np.median(apart, axis=-1))
    nearest = middle.argmin(axis=1)  # for each of the peer's, ours
    both = np.take_along_axis(middle, nearest[:, None], axis=1)[:, 0] < 60
    chosen = np.take_along_axis(apart, nearest[:, None, :, None], axis=1)[:, 0]
    return float(np.median(chosen[both]))


def compare(job: str, clip: Path, peer: list[str], rounds: int, folder: Path) -> bool:
    rates, cpus = [], []
    for _ in range(rounds):
        our_rate, our_cpu, ours = run(
            [sys.executable, str(HERE / "sides" / "pose_ours.py")], job, clip, folder / "ours.npz"
        )
        peer_rate, peer_cpu, peers = run(peer, job, clip, folder / "peer.npz")
        rates.append((our_rate, peer_rate))
        cpus.append((our_cpu, peer_cpu))
    our_best, peer_best = (max(column) for column in zip(*rates, strict=True))
    our_cpu, peer_cpu = (min(column) for column in zip(*cpus, strict=True))
    ratio = our_best / peer_best
    print(f"\n{job}: {ratio:.2f} times the frame rate (best of each side's rounds)")
    print(
        f"  frames a second {our_best:.1f} against {peer_best:.1f}, CPU ms a frame {our_cpu:.1f} against {peer_cpu:.1f}"
    )
    print(f"  round by round  {', '.join(f'{ours:.0f}/{peers:.0f}' for ours, peers in rates)}")
    good = ratio >= JOBS[job]
    for what in sorted(set(ours) & set(peers)):
        apart = difference(ours[what], peers[what])
        found = [int(np.isfinite(side[what][..., 0, 0]).sum()) for side in (ours, peers)]
        print(f"  {what}: median difference {apart:.2f} px; found {found[0]} against {found[1]}")
        good &= apart <= WITHIN
    print(f"  target: {JOBS[job]} times, within {WITHIN:.0f} px: {'reached' if good else 'MISSED'}")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", default=os.environ.get("MEDIAPIPE_PYTHON"), help="the Python with mediapipe 0.10.21")
    parser.add_argument("--clip", type=Path, help="a 640x480 video file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--holistic", action="store_true", help="compare pose and hands with solutions.holistic")
    given = parser.parse_args()
    if given.peer is None or (given.clip is None and "FOOTLIGHTS_DATA" not in os.environ):
        print("left out: it needs --peer or MEDIAPIPE_PYTHON, and --clip or FOOTLIGHTS_DATA; see the top of this file")
        return 0
    peer = [given.peer, str(HERE / "sides" / "pose_peer.py"), *(["--holistic"] if given.holistic else [])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = given.clip or folder / "clip.mp4"
        if given.clip is None:
            make_clip(clip)
        print(f"{clip.name}, {os.cpu_count()} cores, {given.rounds} rounds")
        good = [compare(job, clip, peer, given.rounds, folder) for job in JOBS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

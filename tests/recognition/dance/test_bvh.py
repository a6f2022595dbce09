"""Motion files, read back by another reader than the package's own: a small one below that shares no code with it."""

import os
from pathlib import Path

import numpy as np
import pytest

from footlights.core.errors import SinkError, SourceError
from footlights.media.rehearsal.skeleton import rotation
from footlights.recognition.dance.bvh import on_stage, parse, read_bvh, write_bvh
from footlights.recognition.dance.dance import Dance, joints24
from footlights.recognition.dance.rig import rig
from tests.recognition.dance.performed import a_dance


def independent(path: Path) -> dict[str, np.ndarray]:
    """(T, 3) centimetres for each joint of a BVH file: recursive, one frame after the other, with 4 x 4 matrices."""
    lines = path.read_text().split("\n")
    stack: list[list[object]] = []
    joints: list[list[object]] = []  # name, parent, offset, channels
    at = 0
    while lines[at].strip() != "MOTION":
        words = lines[at].split()
        if words and words[0] in ("ROOT", "JOINT", "End"):
            name = words[1] if words[0] != "End" else f"{stack[-1][0]}.end"
            joints.append([name, stack[-1][0] if stack else None, None, []])
        elif words and words[0] == "{":
            stack.append(joints[-1])
        elif words and words[0] == "}":
            stack.pop()
        elif words and words[0] == "OFFSET":
            stack[-1][2] = [float(word) for word in words[1:4]]
        elif words and words[0] == "CHANNELS":
            stack[-1][3] = words[2 : 2 + int(words[1])]
        at += 1
    frames = int(lines[at + 1].split()[1])
    rows = [[float(word) for word in line.split()] for line in lines[at + 3 : at + 3 + frames]]
    found: dict[str, list[np.ndarray]] = {str(joint[0]): [] for joint in joints}
    for row in rows:
        matrices: dict[object, np.ndarray] = {None: np.eye(4)}
        column = 0
        for name, parent, offset, channels in joints:
            local = np.eye(4)
            local[:3, 3] = offset
            for channel in channels:
                step = np.eye(4)
                value, axis = row[column], "XYZ".index(channel[0])
                column += 1
                if channel.endswith("position"):
                    local[axis, 3] = value
                    continue
                cos, sin = np.cos(np.radians(value)), np.sin(np.radians(value))
                step[:3, :3] = {
                    0: [[1, 0, 0], [0, cos, -sin], [0, sin, cos]],
                    1: [[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]],
                    2: [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]],
                }[axis]
                local = local @ step
            matrices[name] = matrices[parent] @ local
            found[str(name)].append(matrices[name][:3, 3])
    return {name: np.array(places) for name, places in found.items()}


def expected(dance: Dance) -> dict[str, np.ndarray]:
    joints = dance.joints
    places = {"Hips": joints.pelvis, "Spine": joints.waist, "Neck": joints.neck, "Head": joints.head}
    for side, name in enumerate(("Left", "Right")):
        for part, bone in (
            ("shoulders", "Arm"), ("elbows", "ForeArm"), ("wrists", "Hand"), ("hips", "UpLeg"), ("knees", "Leg"),
            ("ankles", "Foot"), ("toes", "ToeBase"),
        ):  # fmt: skip
            places[name + bone] = getattr(joints, part)[:, side]
    return places


@pytest.mark.parametrize("motions", ["jumping_jack+clap", "push_up", "burpee+wave", "cat_cow+dab"])
def test_another_reader_finds_every_joint_to_a_millimetre(tmp_path: Path, motions: str) -> None:
    dance = a_dance(5.0, motions, fps=30.0, roam=0.6)
    write_bvh(dance, tmp_path / "d.bvh")
    found = independent(tmp_path / "d.bvh")
    for name, places in expected(dance).items():
        assert np.abs(found[name] / 100 - places).max() < 0.001, name
    tips = dance.joints.hands[:, 0, 12]
    assert np.median(np.linalg.norm(found["LeftHand.end"] / 100 - tips, axis=-1)) < 0.12
    assert found["LeftToeBase.end"].shape == found["Head.end"].shape


def test_our_own_reader_agrees_with_the_other(tmp_path: Path) -> None:
    write_bvh(a_dance(2.0, fps=30.0), tmp_path / "d.bvh")
    clip = parse((tmp_path / "d.bvh").read_text())
    found = independent(tmp_path / "d.bvh")
    assert clip.fps == pytest.approx(30.0, abs=1e-4)
    for index, name in enumerate(clip.names):
        np.testing.assert_allclose(clip.places[:, index], found[name.replace(" end", ".end")], atol=1e-9)


def test_a_dance_that_was_written_is_read_again(tmp_path: Path) -> None:
    dance = a_dance(4.0, "jumping_jack", fps=30.0)
    write_bvh(dance, tmp_path / "d.bvh")
    again = read_bvh(tmp_path / "d.bvh")
    assert len(again) == len(dance)
    assert again.body.stature == pytest.approx(dance.body.stature, abs=0.12)
    before, after = joints24(dance), joints24(again)
    limbs = [1, 2, 4, 5, 7, 8, 16, 17, 18, 19, 20, 21]
    spot = np.median(dance.joints.pelvis, axis=0) * [1, 0, 1]
    moved = after[:, limbs] - (before[:, limbs] - spot)
    assert np.abs(moved - np.median(moved, axis=(0, 1))).max() < 0.03


def test_which_way_is_up_and_how_long_a_metre_is_follows_from_the_body() -> None:
    places = joints24(a_dance(3.0, "wave", fps=30.0))
    turned = (places * 39.37)[..., [2, 0, 1]] + 70  # inches, z up
    found = on_stage(turned)
    centred = on_stage(places)
    np.testing.assert_allclose(found, centred, atol=0.004)
    assert abs(float(np.median(found[:, 15, 1])) - float(np.median(places[:, 15, 1]))) < 0.06


def test_whoever_is_turned_away_faces_the_audience(tmp_path: Path) -> None:
    dance = a_dance(2.0, "idle", fps=30.0)
    none = np.zeros(())
    around = dance.joints.moved(rotation(np.array(150.0), none, none), np.array([3.0, 0.0, -2.0]))
    write_bvh(Dance(dance.fps, around, dance.body, dance.contacts, dance.song), tmp_path / "d.bvh")
    again = read_bvh(tmp_path / "d.bvh")
    assert again.joints.chest_axes[0, 2, 2] > 0.97
    assert np.abs(again.joints.pelvis[0, [0, 2]]).max() < 0.2


def test_motion_capture_of_others() -> None:
    data = os.environ.get("FOOTLIGHTS_DATA")
    if not data:
        pytest.skip("FOOTLIGHTS_DATA is not set: it names the folder with dance/bvh")
    for path in sorted((Path(data) / "dance" / "bvh").glob("*.bvh")):
        dance = read_bvh(path)
        assert len(dance) > 200
        assert 1.4 < dance.body.stature < 2.1
        assert np.median(dance.joints.head[:, 1]) > 1.3
        assert np.quantile(dance.joints.toes[..., 1], 0.02) == pytest.approx(0.02, abs=0.02)
        lengths = np.linalg.norm(dance.joints.knees - dance.joints.hips, axis=-1)
        assert np.ptp(lengths) < 0.01


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "ends too early"),
        ("a song", "does not begin with HIERARCHY"),
        ("HIERARCHY ROOT a { OFFSET 0 0 0 CHANNELS 3 Xrotation", "ends too early"),
        ("HIERARCHY ROOT a { OFFSET 0 zero 0 }", "is damaged"),
        ("HIERARCHY ROOT a { OFFSET 0 0 0 } } MOTION", "a bracket too many"),
        ("HIERARCHY ROOT a { OFFSET 0 0 0 CHANNELS 1 Xrotation } MOTION Frames: 0 Frame Time: 0.1", "no motion"),
        ("HIERARCHY ROOT a { OFFSET 0 0 0 CHANNELS 1 Xrotation } MOTION Frames: 2 Frame Time: 0.1 nan 1", "no motion"),
        (
            "HIERARCHY ROOT tail { OFFSET 0 0 0 CHANNELS 1 Xrotation } MOTION Frames: 1 Frame Time: 0.1 1",
            "no joint is called like left_hip",
        ),
    ],
)
def test_damaged_files_are_one_line(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "bad.bvh").write_text(text)
    with pytest.raises(SourceError, match=line):
        read_bvh(tmp_path / "bad.bvh")


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    write_bvh(a_dance(2.0, fps=30.0), tmp_path / "d.bvh")
    text = (tmp_path / "d.bvh").read_text()
    (tmp_path / "d.bvh").write_text(text[: int(len(text) * 0.7)].rpartition(" ")[0])
    assert 30 < len(read_bvh(tmp_path / "d.bvh")) < 60


def test_places_that_cannot_be_written_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="no such folder"):
        write_bvh(a_dance(0.2), tmp_path / "no" / "d.bvh")


def test_bones_do_not_spin() -> None:
    turns = rig(a_dance(8.0, "jumping_jack+wave+squat+clap", fps=60.0)).turns
    cos = (np.einsum("tjab,tjab->tj", turns[1:], turns[:-1]) - 1) / 2
    assert np.degrees(np.arccos(np.clip(cos, -1, 1))).max() < 40  # from one moment to the next

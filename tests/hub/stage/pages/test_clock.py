"""A member's clock and the wall's replay, without a browser."""

from pathlib import Path

import numpy as np
import pytest

from footlights.hub.stage.replay import replay
from footlights.hub.stage.room import Room
from footlights.wire.show import Show, ShowCue
from footlights.wire.stage import Answer, Control, Hello
from tests.hub.stage.pages.node import run_module

CLOCK = """
import { readFileSync } from "node:fs";
import { ServerClock, minutes } from "./clock.js";

const { ahead, trips } = JSON.parse(readFileSync(0, "utf8"));
let at = 1000; // seconds of the page's own clock
performance.now = () => at * 1000;
const clock = new ServerClock(() => {});
clock.heard({ state: "playing", at: 30, t: at + ahead - 5 });
const before = clock.show();
for (const [there, back] of trips) {
  const t0 = at;
  at += there + back;
  clock.pong({ t0, t: t0 + there + ahead });
}
const wrong = clock.show() - (30 + at + ahead - (1000 + ahead - 5));
clock.begin(); // after a sleep in which its own clock stood still
clock.stop();
const asleep = ahead + 60;
clock.pong({ t0: at - 0.5, t: at - 0.25 + asleep });
const woken = clock.show() - (35 + at - 1000 + 60);
clock.heard({ state: "paused", at: 44, t: at + ahead });
at += 3;
const words = [minutes(0), minutes(125.9)];
process.stdout.write(JSON.stringify({ before, wrong, woken, paused: clock.show(), words }));
"""
REPLAY = """
import { readFileSync } from "node:fs";
import { Replay } from "./replay.js";

const { saved, opening, last, times } = JSON.parse(readFileSync(0, "utf8"));
const replay = new Replay(saved, opening, last);
const walls = times.map((at) => {
  replay.seek(at);
  return replay.wall();
});
process.stdout.write(JSON.stringify(walls));
"""


def test_the_fastest_round_trip_says_what_time_it_is(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    trips = [*rng.uniform(0.02, 0.9, (10, 2)).tolist(), [0.011, 0.018], [1.4, 0.01]]
    told = run_module(tmp_path, CLOCK, ("clock.js",), {"ahead": -765.25, "trips": trips})
    assert told["before"] == pytest.approx(30), "before the first answer nothing is known of the way"
    assert abs(told["wrong"]) <= (0.018 - 0.011) / 2 + 1e-9
    assert told["woken"] == pytest.approx(0), "a better answer from before it slept is not believed any more"
    assert told["paused"] == 44
    assert told["words"] == ["0:00", "2:05"]


def test_the_replay_is_the_wall_again(tmp_path: Path) -> None:
    show = Show("A", length=30.0, sections=("left", "right"), cues=(ShowCue("x", 5.0, 15.0, "x_arms"),))
    room = Room(show)
    members = [room.join(Hello(section=("left", "right")[each % 2]), f"10.0.0.{each}")[0] for each in range(6)]
    room.control(Control("start"), 100.0)
    for at in range(1000, 1200):
        room.tick(at / 10)
        if at % 10 == 0 and 1060 <= at < 1110:
            room.answer(members[(at - 1060) // 10], Answer("x", "x_arms", at / 10 - 100.0), at / 10)
    wall = {"histogram": [0] * 40, "sections": [{"name": name, "present": 3, "answered": 0} for name in show.sections]}
    given = {"saved": replay(room, show), "opening": {"sections": show.sections}, "last": wall, "times": [4, 8.3, 20]}
    before, meanwhile, after = run_module(tmp_path, REPLAY, ("replay.js",), given)
    assert (before["answered"], before["cue"], before["present"]) == (0, "", 6)
    assert (meanwhile["answered"], meanwhile["cue"]) == (3, "x"), "after one, two and three seconds"
    assert after["answered"] == 5
    assert sorted(part["answered"] for part in after["sections"]) == [2, 3]
    assert after["share"] == pytest.approx(5 / 6)

// The page of a dance: loads it, plays it with the music, and asks for another one.

import { Model } from "/static/glb.js";
import { Viewer } from "/static/viewer.js";

const COLOURS = [
  [[0.10, 0.55, 1.0], [1.0, 0.12, 0.62]], [[1.0, 0.16, 0.45], [1.0, 0.55, 0.12]],
  [[0.18, 1.0, 0.72], [0.35, 0.30, 1.0]], [[0.75, 0.25, 1.0], [0.15, 0.75, 1.0]],
];
const byId = (id) => document.getElementById(id);
const music = byId("music"), seek = byId("seek"), play = byId("play"), begin = byId("begin");

let viewer = null, facts = null, model = null;
let playing = false, silent = { from: 0, at: 0 }; // a dance without music keeps its own time

async function load() {
  const answers = await Promise.all([fetch("/facts"), fetch("/dance.glb")]);
  for (const answer of answers) if (!answer.ok) throw new Error(await answer.text());
  facts = await answers[0].json();
  model = new Model(await answers[1].arrayBuffer());
  viewer.show(model);
  byId("title").textContent = facts.title;
  document.title = `${facts.title} · footlights dance`;
  seek.max = facts.seconds;
  byId("sections").replaceChildren(...facts.sections.map((part) => {
    const span = document.createElement("span");
    span.style.flexGrow = Math.max(0.01, part.end - part.begin);
    span.style.opacity = 0.35 + 0.65 * part.energy;
    return span;
  }));
  byId("beat").replaceChildren(...Array.from({ length: facts.meter }, () => document.createElement("li")));
}

function now() {
  if (facts.music) return music.currentTime;
  if (!playing) return silent.from;
  return (silent.from + (performance.now() - silent.at) / 1000) % facts.seconds;
}

function go(time) {
  if (facts.music) music.currentTime = time;
  silent = { from: time, at: performance.now() };
}

async function toggle() {
  begin.hidden = true;
  const time = now();
  playing = !playing;
  silent = { from: time, at: performance.now() };
  if (facts.music) {
    try {
      if (playing) await music.play(); else music.pause();
    } catch (problem) {
      playing = false;
      begin.hidden = problem.name !== "NotAllowedError";
      if (begin.hidden) say(`The music cannot be played: ${problem.message}`);
    }
  }
  play.textContent = playing ? "Pause" : "Play";
  play.setAttribute("aria-label", play.textContent);
}

function before(list, time, from = (one) => one) {
  let low = -1, high = list.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (from(list[middle]) <= time) low = middle; else high = middle;
  }
  return low;
}

function frame() {
  const time = now();
  model.pose(time);
  light(time);
  viewer.draw();
  if (document.activeElement !== seek) seek.value = time;
  byId("clock").textContent = `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}`;
  const phrase = facts.phrases[before(facts.phrases, time, (one) => one.begin)];
  const words = [`${Math.round(facts.tempo)} beats a minute`, `dance ${facts.seed}`];
  if (phrase && time < phrase.end) words.unshift(`${phrase.style}: ${phrase.name.replaceAll("_", " ")}`);
  if (byId("about").textContent !== words.join(" · ")) byId("about").textContent = words.join(" · ");
  document.documentElement.dataset.time = time.toFixed(3);
  requestAnimationFrame(frame);
}

function light(time) {
  const beat = before(facts.beats, time);
  const start = facts.beats[beat] ?? 0, end = facts.beats[beat + 1] ?? start + 60 / facts.tempo;
  const section = facts.sections[Math.max(0, before(facts.sections, time, (one) => one.begin))];
  const colours = COLOURS[(section ? section.label.charCodeAt(0) : 0) % COLOURS.length];
  const energy = beat < 0 ? 0.3 : facts.energy[beat];
  Object.assign(viewer.light, {
    left: colours[0], right: colours[1], energy,
    beat: Math.max(0, beat + (time - start) / (end - start)),
    pulse: beat < 0 || !playing ? 0 : Math.exp(-(time - start) / 0.2) * (0.4 + 0.6 * energy),
  });
  const bar = facts.downbeats[before(facts.downbeats, beat)] ?? 0;
  [...byId("beat").children].forEach((lamp, index) => lamp.classList.toggle("on", playing && beat >= 0 && index === (beat - bar) % facts.meter));
}

async function another() {
  const button = byId("another");
  button.disabled = true;
  button.textContent = "Thinking…";
  try {
    const answer = await fetch("/another", { method: "POST" });
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error);
    await load();
  } catch (problem) {
    say(problem.message);
  } finally {
    button.disabled = false;
    button.textContent = "Another dance";
  }
}

function say(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

async function start() {
  try {
    viewer = new Viewer(byId("stage"));
    await load();
  } catch (problem) {
    say(problem.message);
    return;
  }
  if (facts.music) music.src = "/music";
  if (facts.ear) {
    const { hear } = await import("/static/ear.js");
    await hear({ viewer, model, facts, say });
    return;
  }
  begin.hidden = false;
  begin.addEventListener("click", toggle);
  play.addEventListener("click", toggle);
  music.addEventListener("ended", () => { if (playing) toggle(); go(0); });
  seek.addEventListener("input", () => go(Number(seek.value)));
  byId("another").addEventListener("click", another);
  document.addEventListener("keydown", (event) => { if (event.key === " " && event.target === document.body) { event.preventDefault(); toggle(); } });
  frame();
}

start();

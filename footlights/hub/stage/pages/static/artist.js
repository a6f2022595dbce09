// The artist's wall: what the audience answers now, and the whole show again after it. It is drawn from one state, `wall`,
// which comes from the stage while the show runs and from the replay after it.

import { byId, drawIcons, element, icon } from "./dom.js";
import { minutes, ServerClock } from "./clock.js";
import { drawEnergy, drawHistogram } from "./curves.js";
import { base, Line } from "./line.js";
import { Replay } from "./replay.js";
import { Sound } from "./sound.js";

const FLASH = 4000; // milliseconds for which an effect is shown
const STATES = { waiting: "Waiting", playing: "On air", paused: "Paused", ended: "Over", replay: "Replay" };
const ALMOST_ALL = 0.8;
const EACH = 100; // milliseconds: no more than ten pictures a second

const number = new Intl.NumberFormat("en").format;
const clock = new ServerClock((message) => line.say(message));
let opening = null;
let wall = null;
let energy = [];
let sound = null;
let replay = null;
let shown = new Set(); // effects that were shown
let drawn = "";

const line = new Line({
  path: "wall",
  onMessage: hear,
  onState: (state) => {
    document.body.dataset.link = state;
    if (state !== "live") clock.stop();
  },
  onEnd: (words) => { byId("problem").textContent = words; },
  isOver: () => clock.playing.state === "ended",
});

function hear(message) {
  if (message.type === "opening") open(message);
  else if (message.type === "wall") take(message);
  else if (message.type === "pong") clock.pong(message);
  else if (message.type === "playing") clock.heard(message);
  else if (message.type === "cues") opening.cues = message.cues;
  else if (message.type === "refused") complain(message.why);
}

function open(message) {
  opening = message;
  energy = [...message.energy];
  document.title = `${message.title} · wall`;
  byId("title").textContent = message.title;
  byId("address").textContent = message.join.replace(/^https?:\/\//, "");
  byId("qr").src = `${base}qr.svg`;
  byId("qr").alt = `Code for ${message.join}`;
  byId("qr").onerror = () => { byId("qr").hidden = true; };
  byId("sound").hidden = message.media.kind === "none";
  if (message.media.kind !== "none" && !sound) {
    const video = message.media.kind === "video";
    byId("backdrop").hidden = !video;
    sound = new Sound(byId("backdrop"), message.media);
    byId("backdrop").addEventListener("ended", () => mediaEnded());
  }
  clock.begin();
}

function take(message) {
  if (replay?.running) return;
  if (wall === null) shown = new Set(message.effects.map(keyOf));
  wall = message;
  clock.heard(message.playing);
  const last = Math.floor(message.energy_until + 1e-6);
  energy.length = Math.min(energy.length, Math.max(0, last));
  message.energy.forEach((share, index) => {
    const second = last - message.energy.length + index;
    if (second >= 0) energy[second] = share;
  });
  message.effects.forEach(flash);
  if (message.playing.state === "ended" && !replay) loadReplay();
}

// Without a length, a show is over when its song is.
function mediaEnded() {
  const last = opening.media.length === null && clock.playing.state === "playing" && sound.on;
  if (last) line.say({ type: "control", do: "end" });
}

// Drawing

function draw() {
  if (!wall || !opening || document.hidden) return;
  const live = !replay?.running;
  const at = live ? clock.show() : replay.at;
  const state = live ? clock.playing.state : "replay";
  const cue = opening.cues.find(({ id }) => id === wall.cue);
  sound?.follow(at, state === "playing");
  const picture = JSON.stringify([Math.floor(at * 5), wall, state, energy.length, innerWidth, innerHeight, { ...document.body.dataset }]);
  if (picture === drawn) return;
  drawn = picture;
  document.body.dataset.state = state;
  byId("state").textContent = document.body.dataset.link === "connecting" ? "Connecting …" : STATES[state];
  byId("time").textContent = state === "waiting" ? "" : minutes(at);
  byId("present").textContent = number(wall.present);
  drawHero(cue, at, state);
  drawSections();
  drawControls(state);
  const until = cue ? Math.min(10, Math.max(2, cue.end - cue.begin)) : 4;
  drawHistogram(byId("histogram"), { histogram: [...wall.histogram], bin: wall.bin, until });
  drawEnergy(byId("energy"), { energy, cues: opening.cues, length: length(at), at, moments: wall.moments });
  list("fastest", wall.quickest.slice(0, 3), quick);
  list("moments", wall.moments.slice(0, 5), moment);
  const fired = ({ name, at: when }) => element("li", {}, icon("spark"), `${name} ${minutes(when)}`);
  list("fired", wall.effects.slice(-4).reverse(), fired);
}

function drawHero(cue, at, state) {
  const open = cue && at >= cue.begin && at < cue.end;
  const next = opening.cues.find(({ begin }) => begin > at);
  const soon = state === "playing" && !open && next && next.begin - at < 10;
  const words = cue ? cue.text || cue.title : "";
  byId("cue").textContent = soon ? `${next.title} in ${Math.ceil(next.begin - at)}` : words;
  byId("which").textContent = soon ? words : ""; // the numbers are still those of the last call
  const percent = Math.round(wall.share * 100);
  byId("percent").textContent = percent;
  byId("answered").textContent = number(wall.answered);
  byId("of").textContent = number(Math.max(wall.present, wall.answered));
  byId("rate").textContent = number(Math.round(wall.rate));
  ring("dial", wall.share);
  ring("left", open ? (cue.end - at) / (cue.end - cue.begin) : 0);
  document.body.style.setProperty("--glow", open ? Math.min(1, 0.15 + wall.share) : 0.1);
  document.body.toggleAttribute("data-full", wall.share >= ALMOST_ALL);
}

// How far a ring is closed, 0..1; a round end would show at 0, too.
function ring(id, share) {
  byId(id).style.strokeDasharray = `${Math.min(100, share * 100).toFixed(1)} 100`;
  byId(id).style.visibility = share > 0 ? "" : "hidden";
}

function drawSections() {
  byId("sections-of").hidden = wall.sections.length === 0;
  list("sections", wall.sections, ({ name, present, answered }) => {
    const share = present ? answered / present : 0;
    const percent = element("b", {}, present ? `${Math.round(share * 100)} %` : "–");
    const row = element("li", { class: share >= ALMOST_ALL ? "all" : "" }, element("span", {}, name), percent);
    row.style.setProperty("--share", Math.min(1, share));
    return row;
  });
}

// Who answered fast; a click hides a name that should not stand here.
function quick({ name, reaction }) {
  const hide = () => sure(`Hide the name “${name}”, and all that hold it?`, () => line.say({ type: "moderate", hide: name }));
  return element("button", { type: "button", title: "Hide this name", onclick: hide }, `${name} ${reaction.toFixed(1)} s`);
}

// A list is written anew only where it says something new.
function list(id, rows, made) {
  const picture = JSON.stringify(rows);
  if (byId(id).picture === picture) return;
  byId(id).picture = picture;
  byId(id).replaceChildren(...rows.map(made));
}

function moment({ text, cue, at, answered, present }) {
  const share = present ? Math.round((answered / present) * 100) : 0;
  const known = opening.cues.find(({ id }) => id === cue);
  const [words, when] = [text || known?.title || cue, `${minutes(at)} · ${number(answered)}`];
  return element("li", {}, element("b", {}, `${share} %`), element("span", {}, words), element("small", {}, when));
}

function drawControls(state) {
  byId("start").hidden = !["waiting", "paused"].includes(state);
  byId("start").lastChild.textContent = state === "paused" ? "Go on" : "Start";
  byId("pause").hidden = state !== "playing";
  byId("end").hidden = !["playing", "paused"].includes(state);
  byId("again").hidden = replay === null;
  press("doors", wall.open);
  if (!("code" in document.body.dataset) && state === "waiting" && !codeTouched) showCode(true);
}


function length(at) {
  const media = sound?.element.duration > 0 ? sound.element.duration - opening.media.offset : 0;
  return Math.max(opening.media.length ?? media, ...opening.cues.map(({ end }) => end + 5), at, 10);
}

const press = (id, on) => byId(id).setAttribute("aria-pressed", String(Boolean(on)));
const keyOf = ({ cue, name, at }) => `${cue} ${name} ${at}`;

let flashing = null;

function flash(effect) {
  if (shown.has(keyOf(effect))) return;
  shown.add(keyOf(effect));
  byId("effect").textContent = effect.name;
  clearTimeout(flashing);
  flashing = setTimeout(() => { byId("effect").textContent = ""; }, FLASH);
  if (effect.play) film(effect.play);
}

function film(address) {
  const video = byId("film");
  if (!address.startsWith("/stage/")) return; // what lies elsewhere is not asked for
  video.src = address;
  video.hidden = false;
  const end = () => {
    video.hidden = true;
    video.removeAttribute("src");
    video.load();
  };
  video.onended = video.onerror = video.onclick = end;
  video.play().catch(() => {
    video.muted = true;
    video.play().catch(end);
  });
}

// The show again

async function loadReplay() {
  const answer = await fetch(`${base}replay`, { cache: "no-store" });
  if (!answer.ok) return;
  replay = new Replay(await answer.json(), opening, wall);
  showCode(false);
  byId("place").max = replay.length;
  byId("again").hidden = false;
  drawn = "";
}

function replayStep() {
  if (!replay?.running) return;
  replay.step(Number(byId("pace").value) * (EACH / 1000));
  showReplay();
}

function showReplay() {
  wall = replay.wall();
  energy = replay.energy();
  byId("place").value = replay.at;
  wall.effects.forEach(flash);
  byId("play").lastChild.textContent = replay.playing ? "Pause" : "Replay";
}

byId("play").addEventListener("click", () => {
  if (!replay.playing && replay.at >= replay.length) replay.seek(0);
  replay.running = true;
  replay.playing = !replay.playing;
  if (replay.at === 0) shown.clear();
  showReplay();
});
byId("place").addEventListener("input", () => {
  replay.running = true;
  replay.seek(Number(byId("place").value));
  shown = new Set(replay.wall().effects.map(keyOf));
  showReplay();
});

// Running the show

let codeTouched = false;

function showCode(on) {
  document.body.toggleAttribute("data-code", on);
  press("code", on);
}

function complain(words) {
  byId("problem").textContent = words;
  setTimeout(() => { byId("problem").textContent = ""; }, 5000);
}

function sure(question, then) {
  byId("question").textContent = question;
  byId("sure").returnValue = "";
  byId("sure").onclose = () => byId("sure").returnValue === "yes" && then();
  byId("sure").showModal();
}

const control = (what) => line.say({ type: "control", do: what }) || complain("There is no connection to the stage.");

function soundOn(on) {
  if (!sound) return;
  sound.turn(on);
  sound.element.muted = !on;
  sound.refused = () => complain("The browser does not play sound before somebody has clicked here.");
  press("sound", on);
}

byId("start").addEventListener("click", () => {
  if (clock.playing.state === "waiting") soundOn(true);
  showCode(false);
  codeTouched = true;
  control("start");
});
byId("pause").addEventListener("click", () => control("pause"));
byId("end").addEventListener("click", () => sure("End the show for everybody?", () => control("end")));
byId("sound").addEventListener("click", () => soundOn(!sound.on));
byId("code").addEventListener("click", () => {
  codeTouched = true;
  showCode(!document.body.hasAttribute("data-code"));
});
byId("doors").addEventListener("click", () => line.say({ type: "moderate", open: !wall.open }));
byId("names").addEventListener("click", () => {
  const show = byId("names").getAttribute("aria-pressed") !== "true";
  press("names", show);
  line.say({ type: "moderate", nicknames: show });
});
byId("full").addEventListener("click", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => complain("The browser does not go full screen here."));
});
addEventListener("keydown", (event) => {
  if (event.target.closest("button, input, select, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " ") byId(clock.playing.state === "playing" ? "pause" : "start").click();
  else if (event.key === "f") byId("full").click();
  else if (event.key === "c") byId("code").click();
  else return;
  event.preventDefault();
});

drawIcons();
setInterval(() => {
  replayStep();
  draw();
}, EACH);

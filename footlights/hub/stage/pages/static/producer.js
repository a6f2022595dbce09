// The producer's page: a show is laid out on its song, saved, and run.

import { byId, drawIcons, element } from "./dom.js";
import { minutes, now, ServerClock } from "./clock.js";
import { Effects } from "./effects.js";
import { Figure } from "./figure.js";
import { History } from "./history.js";
import { base, Line } from "./line.js";
import { snap, Timeline } from "./timeline.js";
import { peaks, STEPS } from "./waveform.js";

const SECONDS = 4; // of a new cue

let show = null; // as show.yaml has it, times in seconds
let history = null;
let gestures = new Map(); // name -> {title, help, rules}
let selected = null; // id of a cue
let media = null; // name of the song or video that is open
let begun = null; // seconds of this page's clock at which listening without any media was at 0:00
let place = 0; // seconds: the playhead
let wall = null;

const sound = byId("sound");
const figure = new Figure(byId("figure"));
const clock = new ServerClock((message) => line.say(message));
const timeline = new Timeline(byId("timeline"), {
  select: (id) => select(id),
  change: ({ id, from, to }, kind) => changeCue(id, { from, to }, kind),
  seek: (at) => seek(at),
  add: (at) => add(at),
  remove: (id) => remove(id),
});
const effects = new Effects(byId("effects"), (list) => {
  changeCue(selected, { effects: list.length ? list : undefined }, "effects");
});

const line = new Line({
  path: "wall",
  onMessage: (message) => {
    if (message.type === "opening") clock.begin();
    else if (message.type === "wall") [wall] = [message, clock.heard(message.playing)];
    else if (message.type === "pong") clock.pong(message);
    else if (message.type === "playing") clock.heard(message);
    else if (message.type === "refused") complain([message.why]);
  },
  onState: (state) => {
    document.body.dataset.link = state;
    if (state !== "live") clock.stop();
  },
  onEnd: (words) => complain([words || "The show is over."]),
  isOver: () => clock.playing.state === "ended",
});

// The show as a document

async function load() {
  drawIcons();
  const [library, saved] = await Promise.all([read("/stage/gestures"), read(`${base}show`)]);
  gestures = new Map(library.gestures.map((one) => [one.name, one]));
  const group = (label, seen) => {
    const those = library.gestures.filter(({ rules }) => Boolean(rules) === seen);
    return element("optgroup", { label }, ...those.map(({ name, title }) => element("option", { value: name }, title)));
  };
  byId("expect").replaceChildren(group("Seen by telephones", true), group("Seen by devices on the spot", false));
  show = { cues: [], ...saved };
  history = new History(show);
  paint();
  openMedia();
}

const read = async (address) => {
  const answer = await fetch(address, { cache: "no-store" });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
};

function changed(kind = "") {
  history.add(show, kind);
  paint();
}

function step(by) {
  show = history.move(by);
  if (!show.cues.some(({ id }) => id === selected)) selected = null;
  paint();
}

async function save() {
  byId("save").disabled = true;
  complain([]);
  const body = JSON.stringify(show);
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${base}show`, { method: "PUT", headers, body }).catch(() => null);
  if (answer?.ok) history.keep();
  else if (!answer) complain(["There is no connection to the stage; nothing was saved."]);
  else complain((await answer.json().catch(() => null))?.problems ?? ["The show was not saved."]);
  paint();
  if (!answer?.ok) return;
  byId("marker").textContent = "Saved";
  openMedia();
}

const sorted = (cues) => [...cues].sort((one, other) => one.from - other.from);
const cueOf = (id) => show.cues.find((cue) => cue.id === id);

function add(at) {
  const expect = cueOf(selected)?.expect ?? [...gestures.values()].find(({ rules }) => rules)?.name;
  const ids = new Set(show.cues.map(({ id }) => id));
  let number = 1;
  while (ids.has(`${expect}-${number}`)) number += 1;
  const from = snap(Math.max(0, Math.min(at, length() - 0.5)));
  const cue = { id: `${expect}-${number}`, from, to: snap(Math.min(length(), from + SECONDS)), expect };
  show.cues = sorted([...show.cues, cue]);
  selected = cue.id;
  changed();
  byId("text").focus();
}

function changeCue(id, values, kind = "") {
  const cue = cueOf(id);
  if (!cue) return;
  Object.assign(cue, values);
  for (const key of ["text", "effects"]) if (!cue[key]) delete cue[key];
  show.cues = sorted(show.cues);
  changed(kind && `${kind} ${id}`);
}

function remove(id) {
  show.cues = show.cues.filter((cue) => cue.id !== id);
  selected = null;
  changed();
}

function select(id) {
  selected = id;
  paint();
}

const longest = () => Math.max(10, ...show.cues.map(({ to }) => to + 5));

function length() {
  if (show.length != null) return show.length;
  const whole = sound.duration > 0 && sound.duration < Infinity ? sound.duration : (timeline.wave?.length ?? 0) / STEPS;
  return whole > 0 ? Math.max(1, whole - offset()) : Math.max(60, longest());
}

// Painting

function paint() {
  document.title = `${show.title} · producer`;
  fill("title", show.title);
  const { changed: unsaved } = history;
  byId("marker").textContent = unsaved ? "Not saved yet" : "";
  byId("save").disabled = !unsaved;
  byId("undo").disabled = !history.canUndo;
  byId("redo").disabled = !history.canRedo;
  const cues = show.cues.map(({ id, from, to, text, expect, effects: list = [] }) => {
    const title = gestures.get(expect)?.title ?? expect;
    return { id, from, to, text, title, effects: list.map(({ at }) => at).join(", ") };
  });
  timeline.show({ length: length(), cues, selected, offset: show.offset ?? 0 });
  paintCue(cueOf(selected));
  fill("song", show.song ?? "");
  fill("video", show.video ?? "");
  fill("length", show.length == null ? "" : written(show.length));
  fill("offset", show.offset ? written(show.offset) : "");
  fill("sections", (show.sections ?? []).join(", "));
  byId("buttons").checked = Boolean(show.buttons);
  byId("keep").checked = Boolean(show.keep);
}

function paintCue(cue) {
  byId("cue").hidden = !cue;
  byId("no-cue").hidden = Boolean(cue);
  if (!cue) return;
  byId("cue-id").textContent = cue.id;
  fill("from", written(cue.from));
  fill("to", written(cue.to));
  fill("text", cue.text ?? "");
  byId("expect").value = cue.expect;
  const gesture = gestures.get(cue.expect);
  const who = gesture?.rules ? "" : " Telephones cannot tell; devices of footlights in the room can.";
  byId("gesture-help").textContent = gesture ? `${gesture.help}.${who}` : "";
  figure.show(cue.expect);
  effects.show(cue.id, cue.effects ?? []);
}

// What somebody writes just now stays as they write it.
function fill(id, text) {
  const input = byId(id);
  if (input !== document.activeElement && input.value !== text) input.value = text;
  if (input !== document.activeElement) input.removeAttribute("aria-invalid");
}

// 125.25 -> "2:05.25", and back; NaN where it is no time.
function written(seconds) {
  const whole = Math.floor(Math.abs(seconds) + 1e-9);
  const part = (Math.abs(seconds) - whole).toFixed(3).slice(1).replace(/\.?0+$/, "");
  return `${seconds < 0 ? "-" : ""}${minutes(whole)}${part}`;
}

function timeOf(text) {
  const found = /^(-?)(?:(\d+):)?(\d+(?:[.,]\d+)?)$/.exec(text.trim());
  return found ? (found[1] ? -1 : 1) * (Number(found[2] ?? 0) * 60 + Number(found[3].replace(",", "."))) : NaN;
}

// Listening

// The song or video as it was saved: the stage serves no other.
async function openMedia() {
  const wanted = show.song ?? show.video ?? null;
  if (wanted === media && sound.src) return;
  media = wanted;
  timeline.wave = null;
  sound.hidden = !show.video;
  byId("wave-words").textContent = media ? `Reading ${media} …` : "No song: a plain clock";
  if (!media) return sound.removeAttribute("src");
  sound.src = `${base}media?${encodeURIComponent(media)}`;
  timeline.wave = await peaks(sound.src);
  if (media !== wanted) return;
  paint();
  const unread = "This browser cannot draw this file; listening may work.";
  byId("wave-words").textContent = timeline.wave ? `${minutes(timeline.wave.length / STEPS)} of sound` : unread;
}

sound.addEventListener("durationchange", () => show && paint());

const offset = () => show?.offset ?? 0;
const listening = () => (media ? !sound.paused : begun !== null);

function seek(at) {
  place = Math.min(length(), Math.max(0, at));
  if (media) sound.currentTime = Math.max(0, place + offset());
  else if (begun !== null) begun = now() - place;
  frame();
}

function listen() {
  if (!media) begun = begun === null ? now() - place : null;
  else if (sound.paused) sound.play().catch(() => complain(["This browser cannot play this file."]));
  else sound.pause();
}

function frame() {
  if (!show) return;
  if (listening()) {
    place = media ? sound.currentTime - offset() : now() - begun;
    if (place >= length()) begun = null;
    timeline.reveal(place);
  }
  byId("at").textContent = `${minutes(place)}.${Math.floor((place % 1) * 10)}`;
  byId("play").setAttribute("aria-pressed", String(listening()));
  byId("play").lastChild.textContent = listening() ? "Stop" : "Listen";
  const { state } = clock.playing;
  const at = clock.show();
  timeline.heads(place, state === "playing" || state === "paused" ? at : null);
  drawLive(state, at);
}

// The running show

function drawLive(state, at) {
  document.body.dataset.state = state;
  const words = { waiting: "The audience is waiting", playing: "On air", paused: "Paused", ended: "The show is over" };
  byId("state").textContent = document.body.dataset.link === "connecting" ? "Connecting …" : words[state];
  byId("live-time").textContent = state === "waiting" ? "" : minutes(at);
  byId("present").textContent = wall?.present ?? 0;
  const cue = wall && show.cues.find(({ id }) => id === wall.cue);
  byId("now").textContent = cue ? `${cue.text || cue.expect}: ${wall.answered} answered, ${Math.round(wall.share * 100)} %` : "";
  byId("start").hidden = !["waiting", "paused"].includes(state);
  byId("start").lastChild.textContent = state === "paused" ? "Go on" : "Start the show";
  byId("pause").hidden = state !== "playing";
  byId("seek").hidden = byId("end").hidden = !["playing", "paused"].includes(state);
}

function complain(words) {
  byId("problems").replaceChildren(...words.map((text) => element("li", {}, text)));
}

const control = (what) => line.say({ type: "control", ...what }) || complain(["There is no connection to the stage."]);

// What is pressed and written

function onText(id, take, kind = id) {
  byId(id).addEventListener("input", () => {
    const fine = take(byId(id).value) !== false;
    byId(id).setAttribute("aria-invalid", String(!fine));
    if (fine) changed(`${kind} ${selected ?? ""}`);
  });
  byId(id).addEventListener("blur", () => paint());
}

function setOrDrop(key, value) {
  if (value === undefined || value === "" || value === false) delete show[key];
  else show[key] = value;
}

function onTime(id, take) {
  onText(id, (text) => {
    const at = timeOf(text);
    return Number.isNaN(at) ? false : take(at);
  });
}

// A time of the show, or nothing.
function onSeconds(id, least) {
  onText(id, (text) => {
    const at = timeOf(text);
    if (text.trim() && !(at >= least)) return false;
    setOrDrop(id, text.trim() ? at : undefined);
    return true;
  });
}

onText("title", (text) => (text.trim() ? void (show.title = text) : false));
onText("text", (text) => void (text ? (cueOf(selected).text = text) : delete cueOf(selected).text));
onTime("from", (at) => (at >= 0 && at < cueOf(selected).to ? void (cueOf(selected).from = at) : false));
onTime("to", (at) => (at > cueOf(selected).from ? void (cueOf(selected).to = at) : false));
onText("song", (text) => setOrDrop("song", text.trim()));
onText("video", (text) => setOrDrop("video", text.trim()));
onSeconds("length", 1);
onSeconds("offset", -Infinity);
onText("sections", (text) => {
  const names = text.split(",").map((name) => name.trim()).filter(Boolean);
  setOrDrop("sections", names.length ? names : undefined);
});
for (const id of ["buttons", "keep"]) {
  byId(id).addEventListener("change", () => {
    setOrDrop(id, byId(id).checked);
    changed();
  });
}
byId("expect").addEventListener("change", () => changeCue(selected, { expect: byId("expect").value }));
byId("effect").addEventListener("click", () => {
  changeCue(selected, { effects: [...(cueOf(selected).effects ?? []), { at: "80 %", actions: {} }] });
});
byId("remove").addEventListener("click", () => remove(selected));
byId("add").addEventListener("click", () => add(place));
byId("play").addEventListener("click", listen);
byId("undo").addEventListener("click", () => step(-1));
byId("redo").addEventListener("click", () => step(1));
byId("save").addEventListener("click", save);
byId("in").addEventListener("click", () => timeline.zoom(1));
byId("out").addEventListener("click", () => timeline.zoom(-1));
byId("whole").addEventListener("click", () => timeline.whole());
byId("start").addEventListener("click", () => control({ do: "start" }));
byId("pause").addEventListener("click", () => control({ do: "pause" }));
byId("seek").addEventListener("click", () => control({ do: "seek", at: place }));
byId("end").addEventListener("click", () => byId("sure").showModal());
byId("sure").addEventListener("close", () => byId("sure").returnValue === "yes" && control({ do: "end" }));
for (const form of [byId("cue"), byId("settings")]) form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("beforeunload", (event) => history?.changed && event.preventDefault());
addEventListener("keydown", (event) => {
  const writing = event.target.closest("input, select");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") save();
  else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !writing) step(event.shiftKey ? 1 : -1);
  else if (event.key === " " && !writing && !event.target.closest("button, a")) listen();
  else return;
  event.preventDefault();
});

load().catch((error) => complain([error.message]));
setInterval(frame, 100);

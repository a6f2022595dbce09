// A member of the audience: hears the calls in time with the show, answers them with their body, sees that it counted.

import { byId, drawIcons, element } from "./dom.js";
import { minutes, now, ServerClock } from "./clock.js";
import { Eyes } from "./eyes.js";
import { Figure } from "./figure.js";
import { Gestures } from "./gestures.js";
import { base, Line } from "./line.js";
import { Sound } from "./sound.js";

const READY = 6; // seconds before a call in which it is announced
const AFTER = 4; // seconds for which the outcome stays
const TOLERANCE = 1.8; // seconds for which an answer that could not be sent is still worth sending
const AGAIN = 0.7; // seconds without a word after which it is sent again
const FRESH = 1; // seconds for which what was seen last is what is done now
const DRAWN = 200; // milliseconds between two looks at the clock
const JOINTS = [11, 13, 15, 12, 14, 16];

const figure = new Figure(byId("figure"));
const answers = new Map(); // cue id -> {state: "sent" | "counted" | "refused", message, sent, words}
let about = { title: "", sections: [], buttons: false };
let library = { runtime: null, gestures: [] };
let welcome = null;
let line = null;
let eyes = null;
let gestures = null;
let sound = null;
let wanted = false; // a camera
let seenAt = -Infinity; // seconds, when somebody was last seen
let ended = "";

const clock = new ServerClock((message) => line?.say(message));
const stored = (key) => { try { return localStorage.getItem(`footlights.stage.${key}`) ?? ""; } catch { return ""; } };
const store = (key, value) => { try { localStorage.setItem(`footlights.stage.${key}`, value); } catch { /* private window */ } };
const ticketKey = `ticket.${base}`;

// Joining

async function prepare() {
  drawIcons();
  [about, library] = await Promise.all([ask(`${base}about`, about), ask("/stage/gestures", library)]);
  byId("title").textContent = about.title || "The show";
  document.title = `${about.title || "The show"} · footlights`;
  byId("name").value = stored("name");
  byId("section-of").hidden = about.sections.length === 0;
  const option = (name) => element("option", { value: name, selected: name === stored("section") }, name || "Anywhere");
  byId("section").replaceChildren(...["", ...about.sections].map(option));
  if (!library.runtime || !navigator.mediaDevices?.getUserMedia) noCamera();
  new Figure(byId("join-figure")).show("x_arms");
}

function noCamera() {
  byId("with-camera").hidden = byId("promise").hidden = byId("camera").hidden = true;
  byId("without").className = "primary";
  byId("without").textContent = "Join";
  if (!isSecureContext) byId("problem").textContent = "Browsers open the camera over https only; this address has none.";
}

const ask = (address, otherwise) => fetch(address).then((answer) => (answer.ok ? answer.json() : otherwise), () => otherwise);

function join(camera) {
  wanted = camera;
  store("name", byId("name").value.trim());
  store("section", byId("section").value);
  byId("join").hidden = true;
  byId("show").hidden = false;
  document.body.dataset.step = "show";
  line = new Line({ path: "member", onMessage: hear, onState: state, onEnd: end, isOver });
  if (camera) openCamera();
  else cameraIs("off", about.buttons ? "You answer with the button." : "Without a camera you can watch the calls.");
  stayAwake();
  setInterval(draw, DRAWN);
  draw();
}

function state(name) {
  byId("link").dataset.state = name;
  byId("link").textContent = { live: "Connected", connecting: "Connecting …", refused: "Not let in" }[name];
  if (name === "live") line.say(hello());
  else clock.stop();
}

const hello = () => ({ type: "hello", ticket: stored(ticketKey), name: stored("name"), section: stored("section"), people: 1 });

const isOver = () => clock.playing.state === "ended";

function end(words) {
  ended = words || (isOver() ? "" : byId("said").textContent || "You are not let in.");
  byId("link").dataset.state = "over";
  byId("link").textContent = isOver() ? "The show is over" : "Not connected";
  clock.stop();
  draw();
}

// What the stage says

function hear(message) {
  const { type } = message;
  if (type === "pong") clock.pong(message);
  else if (type === "playing") jump(message);
  else if (type === "cues") welcome.cues = message.cues;
  else if (type === "welcome") enter(message);
  else if (type === "confirmed") count(message);
  else if (type === "refused") refuse(message);
  draw();
}

// Back on the timeline: what is called once more is answered once more.
function jump(playing) {
  if (playing.at < clock.show() - 0.5) {
    for (const { id, end: until } of welcome.cues) if (until > playing.at) answers.delete(id);
  }
  clock.heard(playing);
}

function enter(message) {
  welcome = message;
  store(ticketKey, message.ticket);
  byId("title").textContent = message.title;
  if (message.note) say(message.note);
  clock.heard(message.playing);
  clock.begin();
  byId("listen").hidden = message.media.kind === "none";
  if (message.media.kind !== "none") sound ??= new Sound(byId("media"), message.media);
  for (const cue of message.answered) if (!answers.has(cue)) answers.set(cue, { state: "counted", words: "Counted" });
}

// An answer nobody has said a word about: the connection was gone, or too much came at once.
function remind() {
  for (const answer of answers.values()) {
    const due = answer.state === "sent" && now() - answer.sent > AGAIN && clock.show() - answer.message.at < TOLERANCE;
    if (due && line.say(answer.message)) answer.sent = now();
  }
}

function count({ cue, reaction, count: answered, answered: mine, of }) {
  const fast = reaction < 0.1 ? "Right on the beat" : `After ${reaction.toFixed(1)} seconds`;
  answers.set(cue, { state: "counted", words: answered > 1 ? `${fast} · you and ${answered - 1} more` : fast });
  byId("score").textContent = `You answered ${mine} of ${of}`;
  navigator.vibrate?.([40, 60, 120]);
}

function refuse({ about: what, cue, why }) {
  if (answers.get(cue)?.state === "counted") return; // it was said twice
  if (what === "answer" && cue) answers.set(cue, { state: "refused", words: why });
  say(why, true);
}

function say(words, bad = false) {
  byId("said").textContent = words;
  byId("said").classList.toggle("bad", bad);
}

// The calls

// The cue that is open, about to be, or has just been.
function current(time) {
  const cues = welcome?.cues ?? [];
  const running = clock.playing.state === "playing";
  return cues.find(({ begin, end: until }) => time >= begin && time < until)
    ?? (running ? cues.find(({ begin }) => begin > time && begin - time <= READY) : null)
    ?? cues.findLast(({ end: until }) => time >= until && time - until <= AFTER);
}

function draw() {
  if (byId("show").hidden) return;
  const time = clock.show();
  const cue = current(time);
  const playing = clock.playing.state;
  byId("time").textContent = playing === "playing" || playing === "paused" ? minutes(time) : "";
  sound?.follow(time, playing === "playing");
  remind();
  eyes?.wake(playing === "playing" && Boolean(cue));
  answerHeld(cue, time);
  if (ended || isOver()) return drawEnd();
  if (!cue) return drawQuiet(playing, time);
  drawCall(cue, time);
}

function drawEnd() {
  eyes?.close();
  document.body.dataset.step = "over";
  byId("self").hidden = true;
  if (ended) paint("none", "You are not in the show", ended, null);
  else paint("none", "That was the show", "Thank you for playing along.", null);
}

function drawQuiet(playing, time) {
  const words = { waiting: "The show begins soon", playing: "Enjoy the show", paused: "A short break" }[playing];
  if (!welcome) return paint("none", words, "One moment …", null);
  if (playing === "playing") {
    const more = welcome.cues.some(({ begin }) => begin > time);
    return paint("none", words, more ? "Your next call will come." : "No more calls: just enjoy it.", null);
  }
  const first = welcome.cues[0];
  paint("none", words, first ? `Try it: ${first.title.toLowerCase()}` : "", first?.expect ?? null);
}

function drawCall(cue, time) {
  const { id, begin, end: until, expect, title, text } = cue;
  const answer = answers.get(id);
  if (answer?.state === "counted" && time >= begin) return paint("counted", "It counts!", answer.words, expect);
  if (time >= until) return drawMissed(cue, answer);
  if (time < begin) {
    const left = begin - time;
    return paint("ready", title, "Get ready …", expect, { share: left / READY, seconds: Math.ceil(left) });
  }
  const ring = { share: (until - time) / (until - begin), seconds: Math.ceil(until - time), button: about.buttons && !answer };
  paint("open", text || `${title}!`, answer?.state === "sent" ? "Seen! Telling the stage …" : how(cue), expect, ring);
}

function drawMissed(cue, answer) {
  if (!canAnswer(cue)) return paint("none", "Well done", "", null);
  const words = answer?.state === "refused" ? answer.words : "There will be another.";
  paint("none", answer ? "Not this time" : "Missed it", words, null);
}

// Whether this page can see the gesture of a cue, or somebody may press.
const canAnswer = (cue) => about.buttons || Boolean(gestures && known(cue)?.rules);
const known = (cue) => library.gestures.find(({ name }) => name === cue.expect);

function how(cue) {
  const words = known(cue)?.help ?? "";
  return gestures && !canAnswer(cue) ? `${words}. Cameras in the room look for this one.` : words;
}

let painted = "";

function paint(call, words, detail, gesture, { share = 0, seconds = "", button = false } = {}) {
  byId("left").style.strokeDasharray = `${(share * 100).toFixed(1)} 100`;
  byId("left").style.visibility = share > 0 ? "" : "hidden"; // its round end would show
  byId("seconds").textContent = seconds;
  byId("answer").hidden = !about.buttons;
  byId("answer").style.visibility = button ? "" : "hidden"; // its place stays: nobody aims at what moves
  const picture = JSON.stringify([call, words, detail, gesture]);
  if (picture === painted) return;
  const before = document.body.dataset.call;
  painted = picture;
  document.body.dataset.call = call;
  byId("call").textContent = words;
  byId("detail").textContent = detail;
  figure.show(gesture);
  if (call === before) return;
  if (call !== "none") say("");
  byId("aloud").textContent = { ready: `Get ready: ${words}, in ${seconds} seconds`, open: words, counted: "It counts!", none: "" }[call];
  if (call === "open" || call === "ready") navigator.vibrate?.(call === "open" ? 200 : 30);
}

// Answering

function seen(event) {
  if (event.kind !== "gesture.begin") return;
  const time = clock.show(event.time);
  const asked = ({ begin, end: until, expect }) => expect === event.gesture && time >= begin && time < until;
  const cue = welcome?.cues.find(asked);
  if (cue) give(cue, time, event.confidence);
  else if (clock.playing.state === "waiting") say("Yes, like that!");
}

// Who holds the gesture already when a call begins answers at its beginning.
function answerHeld(cue, time) {
  if (!cue || !gestures || time < cue.begin || time >= cue.end) return;
  const confidence = gestures.lasting(cue.expect);
  const late = time - cue.begin > FRESH; // it came back in the middle of the call
  if (confidence > 0 && now() - gestures.time < FRESH) give(cue, late ? time : cue.begin, confidence);
}

function give(cue, time, confidence) {
  if (answers.has(cue.id) || clock.playing.state !== "playing") return;
  const at = Math.max(cue.begin, time);
  const message = { type: "answer", cue: cue.id, gesture: cue.expect, at, confidence, people: 1 };
  answers.set(cue.id, { state: "sent", message, sent: line.say(message) ? now() : -Infinity });
  draw();
}

byId("answer").addEventListener("click", () => {
  const time = clock.show();
  const cue = current(time);
  if (cue) give(cue, time, 1);
});

// The camera

async function openCamera() {
  cameraIs("on", "Opening the camera …");
  gestures = new Gestures(library.gestures.map(({ rules }) => rules).filter(Boolean));
  eyes ??= new Eyes(byId("preview"), look);
  eyes.onEnded = (error) => cameraIs("off", error ? "Something went wrong with seeing you." : "The camera was taken away.");
  try {
    await eyes.open(library.runtime, () => cameraIs("on", "One moment: this page learns to see you …"));
    cameraIs("on", "Step back until your hands fit.");
  } catch (error) {
    eyes.close();
    cameraIs("off", why(error));
  }
}

function why(error) {
  const words = {
    NotAllowedError: "This page may not use the camera. Allow it in the browser's settings, then try again.",
    NotFoundError: "There is no camera here.",
    NotReadableError: "Another program has the camera.",
  };
  return words[error.name] ?? `The camera cannot be used: ${error.message}.`;
}

function cameraIs(onOff, words) {
  byId("self").dataset.camera = onOff;
  byId("hint").textContent = words;
  document.body.dataset.camera = onOff;
}

function look(time, pose) {
  for (const event of gestures.update(time, pose)) seen(event);
  const whole = pose && [11, 12, 15, 16].every((joint) => pose.visibility[joint] > 0.3);
  if (pose) seenAt = time;
  const words = whole ? "I see you." : pose ? "Step back until your hands fit." : time - seenAt > 1.5 ? "Nobody in sight." : null;
  if (words && byId("hint").textContent !== words) byId("hint").textContent = words;
  byId("mirror").classList.toggle("seen", Boolean(whole));
  trace(pose);
}

function trace(pose) {
  const canvas = byId("joints");
  const { videoWidth: width, videoHeight: height } = byId("preview");
  if (canvas.width !== width) [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, width, height);
  if (!pose) return;
  pen.strokeStyle = "#ffb65c";
  pen.lineWidth = width / 40;
  pen.lineCap = pen.lineJoin = "round";
  for (const arm of [JOINTS.slice(0, 3), JOINTS.slice(3)]) {
    pen.beginPath();
    for (const joint of arm) if (pose.visibility[joint] > 0.2) pen.lineTo(...pose.xy[joint]);
    pen.stroke();
  }
}

function stayAwake() {
  navigator.wakeLock?.request("screen").catch(() => {});
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  join(!byId("with-camera").hidden);
});
byId("without").addEventListener("click", () => join(false));
byId("listen").addEventListener("click", () => {
  sound.turn(!sound.on);
  byId("listen").setAttribute("aria-pressed", String(sound.on));
  byId("media").hidden = !sound.on || sound.media.kind !== "video";
});
byId("camera").addEventListener("click", () => openCamera());
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !line) return;
  stayAwake();
  if (!ended && line.socket) clock.begin(); // clocks of pages stand still in sleeping telephones
});
byId("join").inert = false; // until here a press would be lost
prepare();

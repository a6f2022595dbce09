// Frames one after the other, and boxes on each.

import { byId, element, icon, plural } from "./dom.js";
import { notesOf } from "./notes.js";
import { moved, Sketch, stretched } from "./sketch.js";
import { ask, at, complain, fileAt, onKeys, openPage, pathAt, reason, say, tone, unlock } from "./studio.js";

const ALIKE = 0.6; // overlap from which a suggestion means a box that is there
const MIDDLE = { left: 0.4, top: 0.4, right: 0.6, bottom: 0.6 };

let facts = await openPage().catch(complain);
let frames = [];
let place = 0; // of the frame that is shown
let chosen = -1; // box
let label = facts?.labels[0] ?? null;
let notes = null;

const toneOf = (name) => (name === null ? "#ffffff" : tone(facts.labels.indexOf(name)));
const sketch = new Sketch(byId("sketch"), {
  toneOf,
  drawn: (box) => put([...notes.boxes, { ...box, label }], notes.boxes.length),
  changed: (index, box, merge) => put(notes.boxes.map((old, other) => (other === index ? { ...box, suggested: false } : old)), index, merge),
  chose: (index) => choose(index),
});

// ---- frames ----

async function load() {
  const told = await ask(at("/frames"));
  facts = { ...facts, ...told };
  const here = frames[place]?.path ?? decodeURIComponent(location.hash.slice(1));
  frames = told.frames.map((frame) => frames.find(({ path }) => path === frame.path) ?? frame);
  label = facts.labels.includes(label) ? label : facts.labels[0] ?? null;
  drawFilm();
  show(Math.max(0, frames.findIndex(({ path }) => path === here)));
}

function show(index) {
  notes?.save();
  place = Math.min(frames.length - 1, Math.max(0, index));
  const frame = frames[place];
  byId("ask").hidden = Boolean(frame);
  byId("grab-panel").open ||= !frame;
  notes = frame ? notesOf(frame, (text) => { byId("saved").textContent = text; markFilm(frame); }) : null;
  chosen = -1;
  if (frame) {
    byId("picture").src = fileAt(frame.path, frame.v);
    history.replaceState(null, "", `#${encodeURIComponent(frame.path)}`);
    new Image().src = frames[place + 1] ? fileAt(frames[place + 1].path, frames[place + 1].v) : "";
  } else {
    byId("picture").removeAttribute("src");
  }
  draw();
}

byId("picture").addEventListener("load", ({ target }) => {
  byId("frame").style.setProperty("--ratio", (target.naturalWidth / target.naturalHeight).toFixed(4));
  draw();
});

const turn = (by) => () => show(place + by);

function drawFilm() {
  byId("film").replaceChildren(...frames.map((frame, index) => element("button", { type: "button", role: "option", "data-path": frame.path, onclick: () => show(index), "aria-label": frame.path },
    element("img", { src: fileAt(frame.path, frame.v, 160), alt: "", loading: "lazy" }), element("b", {}))));
  frames.forEach(markFilm);
}

function markFilm(frame) {
  const button = byId("film").children[frames.indexOf(frame)];
  if (!button) return;
  const seen = frame.boxes !== null;
  button.toggleAttribute("data-seen", seen);
  button.querySelector("b").textContent = seen ? String(frame.boxes.length) : "?";
}

// ---- boxes ----

function put(boxes, choice = chosen, merge = "") {
  if (!notes) return;
  notes.change(boxes, merge);
  choose(choice);
}

function choose(index) {
  chosen = notes && index < notes.boxes.length ? index : -1;
  draw();
}

function step(go) {
  if (notes?.[go]()) choose(Math.min(chosen, notes.boxes.length - 1));
}

function remove() {
  if (chosen >= 0) put(notes.boxes.filter((_, index) => index !== chosen), -1);
}

function useLabel(name) {
  if (!name) return;
  label = name;
  if (chosen >= 0) put(notes.boxes.map((box, index) => (index === chosen ? { ...box, label: name, suggested: false } : box)));
  draw();
}

function copy() {
  const before = frames[place - 1]?.boxes;
  if (!before?.length) return say("The previous frame has no boxes");
  put([...notes.boxes, ...before.filter((box) => !notes.boxes.some((own) => overlap(own, box) > ALIKE)).map((box) => ({ ...box }))], -1);
}

async function suggest() {
  if (!notes) return;
  const mine = notes;
  byId("suggest").disabled = true;
  try {
    const { boxes, by } = await ask(pathAt("suggest", mine.frame.path), { method: "POST" });
    const fresh = boxes.filter((box) => !mine.boxes.some((own) => overlap(own, box) > ALIKE));
    if (fresh.length > 0) mine.change([...mine.boxes, ...fresh.map((box) => ({ ...box, label: box.label ?? label, suggested: true }))]);
    say(`${plural(fresh.length, "box", "boxes")} suggested by ${by}`);
  } catch (error) {
    complain(error);
  }
  byId("suggest").disabled = false;
  draw();
}

function overlap(a, b) {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const area = (box) => (box.right - box.left) * (box.bottom - box.top);
  return (width * height) / (area(a) + area(b) - width * height);
}

// An arrow key: with a chosen box it moves or stretches it by a pixel of the picture, else it turns the frames.
function arrow(dx, dy, change) {
  return () => {
    if (chosen < 0) return dx && show(place + dx);
    const { naturalWidth: width, naturalHeight: height } = byId("picture");
    const box = change(notes.boxes[chosen], dx / width, dy / height);
    put(notes.boxes.map((old, index) => (index === chosen ? box : old)), chosen, `arrow ${chosen}`);
  };
}

// ---- what is shown ----

function draw() {
  const boxes = notes?.boxes ?? [];
  sketch.show(boxes, chosen);
  byId("place").textContent = frames.length ? `${place + 1} of ${frames.length}` : "–";
  byId("previous").disabled = place === 0;
  byId("next").disabled = place >= frames.length - 1;
  byId("undo").disabled = !notes?.past.length;
  byId("redo").disabled = !notes?.future.length;
  byId("delete").disabled = chosen < 0;
  for (const id of ["copy", "suggest", "empty"]) byId(id).disabled = !notes;
  drawLabels();
  byId("boxes").replaceChildren(...boxes.map((box, index) => {
    const row = element("button", { type: "button", "aria-pressed": String(index === chosen), onclick: () => choose(index === chosen ? -1 : index) },
      element("span", { class: "swatch" }), box.label ?? "which label?", element("b", {}, sizeOf(box)));
    row.style.setProperty("--tone", toneOf(box.label));
    return element("li", {}, row);
  }));
  for (const button of byId("film").children) button.setAttribute("aria-selected", "false");
  const button = byId("film").children[place];
  button?.setAttribute("aria-selected", "true");
  button?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function sizeOf(box) {
  const { naturalWidth: width, naturalHeight: height } = byId("picture");
  return width ? `${Math.round((box.right - box.left) * width)} × ${Math.round((box.bottom - box.top) * height)}` : "";
}

function drawLabels() {
  byId("labels").replaceChildren(...facts.labels.map((name, index) => {
    const button = element("button", { type: "button", "aria-pressed": String(name === label), onclick: () => useLabel(name) },
      element("span", { class: "swatch" }), element("span", { class: "name" }, name), element("b", {}, String(countOf(name))), index < 9 ? element("kbd", {}, String(index + 1)) : null);
    button.style.setProperty("--tone", tone(index));
    return button;
  }));
}

const countOf = (name) => frames.reduce((sum, { boxes }) => sum + (boxes ?? []).filter((box) => box.label === name).length, 0);

// ---- frames from a source ----

async function grab(event) {
  event.preventDefault();
  const state = byId("grab-state");
  byId("grab-start").disabled = true;
  state.textContent = "Opening the source …";
  try {
    const asked = { source: byId("source").value.trim(), count: Number(byId("count").value), every: Number(byId("every").value) };
    const response = await fetch(at("/grab"), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(asked) });
    if (!response.ok) throw new Error(await reason(response));
    await eachLine(response, taken(state));
  } catch (error) {
    complain(error);
    state.textContent = error.message;
  }
  byId("grab-start").disabled = false;
}

function taken(state) {
  let count = 0;
  let left = 0;
  return (line) => {
    if (line.error) throw new Error(line.error);
    if (line.left_out) left += 1;
    else {
      count += 1;
      frames.push({ ...line, boxes: null });
      drawFilm();
      if (frames.length === 1) show(0);
    }
    state.textContent = `${plural(count, "frame", "frames")}${left ? `, ${left} left out: the same as others` : ""}`;
    draw();
  };
}

async function eachLine(response, act) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop();
    for (const line of lines) act(JSON.parse(line));
  }
}

// ---- what can be pressed ----

const acts = {
  previous: turn(-1), next: turn(1), undo: () => step("undo"), redo: () => step("redo"), copy, suggest, delete: remove,
  empty: () => { put([], -1); show(place + 1); },
};
for (const [id, act] of Object.entries(acts)) byId(id).addEventListener("click", act);
byId("next").append(icon("right"));
byId("grab").addEventListener("submit", grab);
byId("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const made = await ask(at("/labels"), { json: { label: byId("new").value } });
    byId("new").value = "";
    facts.labels.push(made.label);
    useLabel(made.label);
  } catch (error) {
    complain(error);
  }
});
onKeys({
  a: acts.previous, d: acts.next, PageUp: acts.previous, PageDown: acts.next, c: copy, s: suggest, x: acts.empty,
  z: acts.undo, "ctrl+z": acts.undo, y: acts.redo, "ctrl+y": acts.redo, Delete: remove, Backspace: remove,
  n: () => notes && put([...notes.boxes, { ...MIDDLE, label }], notes.boxes.length),
  Escape: () => choose(-1),
  ArrowLeft: arrow(-1, 0, moved), ArrowRight: arrow(1, 0, moved), ArrowUp: arrow(0, -1, moved), ArrowDown: arrow(0, 1, moved),
  "shift+ArrowLeft": arrow(-1, 0, stretched), "shift+ArrowRight": arrow(1, 0, stretched), "shift+ArrowUp": arrow(0, -1, stretched), "shift+ArrowDown": arrow(0, 1, stretched),
  digit: ({ key }) => useLabel(facts.labels[Number(key) - 1]),
});
byId("sketch").addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.shiftKey || !notes || chosen + 1 >= notes.boxes.length) return;
  event.preventDefault(); // the last one leads on to the next thing of the page
  choose(chosen + 1);
});
addEventListener("pagehide", () => notes?.save());
if (facts) load().catch(complain).finally(unlock);

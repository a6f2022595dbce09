// Moments of a recording: played, tagged with keys or drawn on the timeline, cut into clips.

import { byId, clock, element, icon, plural } from "./dom.js";
import { BACKGROUND, Segments } from "./segments.js";
import { ask, at, complain, fileAt, onKeys, openPage, pageOf, pathAt, say, tone, unlock } from "./studio.js";
import { Timeline } from "./timeline.js";

const TILES = [6, 12, 24, 48, 96]; // pictures of the strip, as it gets longer
const STRIP = 74; // pixels of its height
const PICTURE = 1 / 25; // seconds, about one picture

const video = byId("video");
let facts = await openPage().catch(complain);
let recordings = [];
let shown = null; // the recording
let segments = null;
let chosen = -1;
let label = null; // of what is drawn next
let mark = null; // where a free segment has begun, seconds

const toneOf = (name) => (name === BACKGROUND ? "#8b7f90" : tone(Math.max(0, facts.labels.indexOf(name))));
const named = () => facts.labels.filter((name) => name !== BACKGROUND);
const timeline = new Timeline(byId("timeline"), {
  seek, toneOf,
  drawn: (begin, end) => withLabel((name) => choose(segments.add(begin, end, name))),
  altered: (index, to, merge) => choose(segments.alter(index, to, merge)),
  chose: (index) => choose(index),
});

// ---- recordings ----

async function load() {
  label ??= named()[0] ?? null;
  recordings = (await ask(at("/items?label="))).filter(({ path }) => path.startsWith("recordings/")).reverse();
  byId("ask").hidden = recordings.length > 0;
  byId("to-record").href = `${pageOf("record")}?long`;
  byId("recording").replaceChildren(...recordings.map(({ path }) => element("option", { value: path }, path.replace("recordings/", ""))));
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (recordings.length) await open(recordings.find(({ path }) => path === wanted) ?? recordings[0]);
  else draw();
}

async function open(item) {
  await segments?.save();
  const told = await ask(pathAt("tags", item.path));
  segments = new Segments(item.path, told, (text) => { byId("saved").textContent = text; });
  chosen = -1;
  mark = null;
  byId("recording").value = item.path;
  history.replaceState(null, "", `#${encodeURIComponent(item.path)}`);
  video.src = fileAt(item.path, item.v);
  video.playbackRate = Number(byId("speed").value);
  shown = item;
  drawStrip();
  draw();
}

// So many pictures that each keeps its shape.
function drawStrip() {
  const { clientWidth: width } = byId("timeline");
  if (!shown || !video.videoWidth) return;
  const fit = width / (byId("strip").clientHeight || STRIP) / (video.videoWidth / video.videoHeight);
  const count = TILES.reduce((best, number) => (Math.abs(Math.log(number / fit)) < Math.abs(Math.log(best / fit)) ? number : best));
  const wanted = `${pathAt("strip", shown.path)}?count=${count}&v=${shown.v}`;
  if (byId("strip").getAttribute("src") !== wanted) byId("strip").src = wanted;
}

video.addEventListener("loadedmetadata", () => {
  byId("frame").style.setProperty("--ratio", (video.videoWidth / video.videoHeight).toFixed(4));
  drawStrip();
});

// ---- time ----

function seek(time) {
  video.currentTime = Math.min(segments.seconds, Math.max(0, time));
  tick();
}

const skip = (by) => () => {
  video.pause();
  if (segments) seek(video.currentTime + by);
};

function play() {
  if (video.paused) video.play().catch(complain);
  else video.pause();
}

function tick() {
  if (!segments) return;
  timeline.playhead(video.currentTime);
  byId("time").textContent = `${clock(video.currentTime)} of ${clock(segments.seconds)}`;
  const { scrollLeft, clientWidth, scrollWidth } = byId("scroll");
  const x = (video.currentTime / segments.seconds) * scrollWidth;
  if (!video.paused && (x < scrollLeft || x > scrollLeft + clientWidth)) byId("scroll").scrollLeft = x - clientWidth / 4;
}

(function always() {
  if (!video.paused) tick();
  requestAnimationFrame(always);
})();
for (const kind of ["play", "pause", "seeked"]) video.addEventListener(kind, () => {
  byId("play-icon").replaceChildren(icon(video.paused ? "play" : "pause"));
  tick();
});

// ---- segments ----

function choose(index) {
  chosen = segments && index < segments.list.length ? index : -1;
  draw();
}

async function withLabel(act, name = label) {
  if (!segments) return;
  try {
    if (!name) throw new Error("Give a label a name first, at the right.");
    if (!facts.labels.includes(name)) facts.labels.push((await ask(at("/labels"), { json: { label: name } })).label);
    act(name);
  } catch (error) {
    complain(error);
  }
  draw();
}

// This label: of the chosen segment, or of the moment around the playhead.
function tag(name) {
  withLabel((given) => {
    label = given === BACKGROUND ? label : given;
    if (chosen >= 0) return choose(segments.alter(chosen, { label: given }));
    const half = Number(byId("length").value) / 2;
    if (!half) return until(given);
    const middle = Math.min(segments.seconds - half, Math.max(half, video.currentTime));
    segments.add(middle - half, middle + half, given);
  }, name);
}

// This label from now on, to the next tag or the end.
function until(name) {
  const now = video.currentTime;
  const next = segments.list.find(({ begin }) => begin > now + 0.05);
  segments.add(now, next?.begin ?? segments.seconds, name);
}

function begins() {
  mark = video.currentTime;
  draw();
}

function ends() {
  const begin = mark;
  if (begin === null) return say("Press I where the segment begins, then O where it ends");
  mark = null;
  const [first, last] = [begin, video.currentTime].sort((a, b) => a - b);
  withLabel((name) => choose(segments.add(first, last, name)));
}

function rest() {
  withLabel(() => say(`${plural(segments.fill(), "segment", "segments")} of background`), BACKGROUND);
}

function remove() {
  if (chosen < 0) return;
  segments.remove(chosen);
  choose(-1);
}

function step(go) {
  if (segments?.[go]()) choose(-1);
}

const walk = (by) => () => {
  if (!segments?.list.length) return;
  choose((chosen + by + segments.list.length) % segments.list.length);
  seek(segments.list[chosen].begin);
};

async function split() {
  byId("split").disabled = true;
  try {
    await segments.save();
    const { clips } = await ask(pathAt("split", segments.path), { json: { mirror: byId("mirror").checked } });
    say(clips.length ? `Cut into ${plural(clips.length, "clip", "clips")}` : "Every tag has its clip already");
    facts = await ask(at(""));
  } catch (error) {
    complain(error);
  }
  draw();
}

const formAt = () => `${pathAt("tags-file", segments.path)}?form=${byId("form").value}`;

async function takeFile({ target }) {
  try {
    await segments.save();
    const { kept } = await ask(formAt(), { method: "POST", body: target.files[0] });
    facts = await ask(at(""));
    segments = null;
    await open(shown);
    say(`${plural(kept, "segment", "segments")} taken in`);
  } catch (error) {
    complain(error);
  }
  target.value = "";
}

// ---- what is shown ----

function draw() {
  const list = segments?.list ?? [];
  timeline.show(segments?.seconds ?? 1, list, chosen, mark);
  tick();
  byId("split").disabled = list.length === 0;
  byId("undo").disabled = !segments?.past.length;
  byId("redo").disabled = !segments?.future.length;
  byId("delete").disabled = chosen < 0;
  for (const id of ["play", "back", "forth", "rest"]) byId(id).disabled = !segments;
  const rows = [...named().map((name, index) => [name, String(index + 1)]), [BACKGROUND, "0"]];
  byId("labels").replaceChildren(...rows.map(([name, key]) => {
    const button = element("button", { type: "button", "aria-pressed": String(name === label), "data-label": name, onclick: () => tag(name), disabled: !segments },
      element("span", { class: "swatch" }), element("span", { class: "name" }, name === BACKGROUND ? "background: none of these" : name), element("b", {}, String(list.filter((segment) => segment.label === name).length || "")), element("kbd", {}, key));
    button.style.setProperty("--tone", toneOf(name));
    return button;
  }));
  byId("segments").replaceChildren(...list.map((segment, index) => {
    const row = element("button", { type: "button", "aria-pressed": String(index === chosen), onclick: () => { choose(index); seek(segment.begin); } },
      element("span", { class: "swatch" }), segment.label, element("b", {}, `${clock(segment.begin)} – ${clock(segment.end)}`));
    row.style.setProperty("--tone", toneOf(segment.label));
    return element("li", {}, row);
  }));
}

byId("file").addEventListener("change", takeFile);
byId("export").addEventListener("click", async () => {
  await segments?.save();
  if (segments) location.href = formAt();
});
byId("recording").addEventListener("change", ({ target }) => open(recordings.find(({ path }) => path === target.value)).catch(complain));
byId("speed").addEventListener("change", ({ target }) => { video.playbackRate = Number(target.value); });
byId("zoom").addEventListener("input", ({ target }) => byId("timeline").style.setProperty("--zoom", target.value));
byId("zoom").addEventListener("change", drawStrip);
byId("forth").append(icon("right"));
byId("play-icon").append(icon("play"));
const acts = { back: skip(-PICTURE), forth: skip(PICTURE), play, undo: () => step("undo"), redo: () => step("redo"), delete: remove, rest, split };
for (const [id, act] of Object.entries(acts)) byId(id).addEventListener("click", act);
byId("add").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const made = await ask(at("/labels"), { json: { label: byId("new").value } });
    byId("new").value = "";
    facts.labels.push(made.label);
    label = made.label;
    draw();
  } catch (error) {
    complain(error);
  }
});
onKeys({
  " ": play, ",": acts.back, ".": acts.forth, i: begins, o: ends, b: rest, n: walk(1), p: walk(-1),
  ArrowLeft: skip(-1), ArrowRight: skip(1), "shift+ArrowLeft": skip(-5), "shift+ArrowRight": skip(5),
  Delete: remove, Backspace: remove, z: acts.undo, "ctrl+z": acts.undo, y: acts.redo, "ctrl+y": acts.redo, Escape: () => choose(-1),
  0: () => tag(BACKGROUND), digit: ({ key }) => named()[Number(key) - 1] && tag(named()[Number(key) - 1]),
});
addEventListener("pagehide", () => segments?.save());
if (facts) load().catch(complain).finally(unlock);

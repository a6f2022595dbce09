// A trained model on this browser's camera: the newest picture goes to the studio as soon as the last one is answered.

import { byId, element, shape } from "./dom.js";
import { address } from "./link.js";
import { ask, at, complain, openPage, pageOf, tone, unlock } from "./studio.js";
import { Webcam } from "./webcam.js";

const SIDE = 640; // pixels of what is sent
const QUALITY = 0.85;
const PATIENCE = 1500; // milliseconds until a lost connection is made again

const camera = new Webcam(byId("stage"));
const facts = await openPage("use").catch(complain);
let socket = null;
let labels = [];
let ready = false; // for the next picture
let answers = []; // moments

async function fillRuns() {
  const runs = (await ask(at("/runs"))).filter(({ ended }) => ended).reverse();
  const wanted = new URLSearchParams(location.search).get("run");
  byId("run").replaceChildren(...runs.map(({ name, line }) => element("option", { value: name, selected: name === wanted }, line)));
  byId("open").disabled = runs.length === 0;
  if (runs.length === 0) byId("ask").querySelector("p").textContent = "There is no model yet: train one first.";
}

function connect() {
  socket?.close();
  const mine = new WebSocket(address(at(`/live?run=${encodeURIComponent(byId("run").value)}`)));
  mine.binaryType = "arraybuffer";
  socket = mine;
  ready = false;
  byId("figures").textContent = "Loading the model …";
  mine.onmessage = ({ data }) => mine === socket && heard(JSON.parse(data));
  mine.onclose = () => {
    if (mine === socket && camera.on) setTimeout(() => mine === socket && camera.on && connect(), PATIENCE);
  };
}

function heard(message) {
  if (message.type === "refused") {
    stop();
    complain(new Error(message.problem));
    return;
  }
  if (message.type === "ready") {
    labels = message.labels;
    drawBars(Object.fromEntries(labels.map((label) => [label, 0])), []);
  } else if (message.problem) {
    byId("figures").textContent = message.problem;
  } else {
    drawBars(message.bars, message.shown);
    drawBoxes(message.boxes);
    drawFigures(message.ms);
  }
  ready = true;
}

const toneOf = (label) => tone(Math.max(0, labels.indexOf(label)));

function drawBars(bars, shown) {
  const rows = labels.length > 12 ? [...labels].sort((a, b) => (bars[b] ?? 0) - (bars[a] ?? 0)).slice(0, 12) : labels;
  byId("bars").replaceChildren(...rows.map((label) => {
    const value = bars[label] ?? 0;
    const row = element("li", { class: shown.includes(label) && "shown", "data-label": label }, element("span", {}, label), element("b", {}, `${Math.round(100 * value)} %`), element("i", {}));
    row.style.setProperty("--tone", toneOf(label));
    row.style.setProperty("--share", value);
    return row;
  }));
  const told = byId("verdict").dataset;
  if (told.shown === shown.join("|")) return;
  told.shown = shown.join("|");
  byId("verdict").replaceChildren(...shown.slice(0, 4).map((label) => {
    const word = element("span", {}, label);
    word.style.setProperty("--tone", toneOf(label));
    return word;
  }));
}

function drawBoxes(boxes) {
  const mirrored = camera.frame.classList.contains("mirrored");
  byId("found").replaceChildren(...boxes.map((box) => {
    const drawn = shape("rect", { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top, rx: 0.008 });
    if (labels.includes(box.label)) drawn.style.setProperty("--tone", toneOf(box.label));
    return drawn;
  }));
  byId("names").replaceChildren(...boxes.filter(({ label }) => labels.includes(label)).map((box) => {
    const name = element("span", {}, `${box.label} ${Math.round(100 * box.score)} %`);
    name.style.setProperty("--tone", toneOf(box.label));
    name.style.left = `${100 * (mirrored ? 1 - box.right : box.left)}%`;
    name.style.top = `${100 * Math.max(0.06, box.top)}%`;
    return name;
  }));
}

function drawFigures(ms) {
  const now = performance.now();
  answers = [...answers.filter((moment) => now - moment < 2000), now];
  byId("figures").textContent = `${(answers.length / 2).toFixed(0)} pictures a second, ${ms.toFixed(0)} ms each`;
}

async function send() {
  if (camera.on) camera.video.requestVideoFrameCallback ? camera.video.requestVideoFrameCallback(send) : requestAnimationFrame(send);
  if (!ready || socket?.readyState !== WebSocket.OPEN || !camera.video.videoWidth) return;
  ready = false;
  const blob = await camera.picture(SIDE, QUALITY);
  if (blob && socket?.readyState === WebSocket.OPEN) socket.send(blob);
  else ready = true;
}

function stop() {
  const open = socket;
  socket = null;
  open?.close();
  camera.close();
  byId("close").hidden = true;
  byId("figures").textContent = "The camera is off.";
  byId("found").replaceChildren();
  byId("names").replaceChildren();
  byId("verdict").replaceChildren();
  delete byId("verdict").dataset.shown;
}

byId("open").addEventListener("click", async () => {
  try {
    await camera.open();
  } catch (error) {
    complain(error);
    return;
  }
  byId("close").hidden = false;
  connect();
  send();
});
byId("close").addEventListener("click", stop);
byId("run").addEventListener("change", () => camera.on && connect());
byId("collect").href = pageOf();
if (facts) fillRuns().catch(complain).finally(unlock);

// This browser's camera: its pictures go to the stage as JPEG, the newest first, as fast as they are taken there.

import { byId, drawIcons, element } from "./dom.js";
import { address, Link } from "./link.js";

const IN_FLIGHT = 2; // pictures on the way that were not answered yet
const QUALITY = 0.8;
const FIRST = 500; // milliseconds until a new try
const LAST = 8000;
const FINAL = [4400, 4410]; // refused, removed: coming again by itself would change nothing

const video = byId("preview");
const canvas = document.createElement("canvas");
const context = canvas.getContext("2d", { alpha: false });
const key = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16)).join("");

let camera = null; // the MediaStream
let facing = "user";
let socket = null;
let stream = null; // the stage's name of what is sent
let wait = FIRST;
let timer = 0;
let waiting = 0; // pictures on the way
let busy = false; // a picture is being encoded
let answered = []; // moments at which pictures were answered

drawIcons();
byId("name").value = remembered("name") ?? `guest-${Math.floor(100 + Math.random() * 900)}`;
byId("size").value = remembered("size") ?? "640";

function remembered(what) {
  try {
    return localStorage.getItem(`footlights.camera.${what}`);
  } catch {
    return null; // this browser keeps nothing
  }
}

function remember(what, value) {
  try {
    localStorage.setItem(`footlights.camera.${what}`, value);
  } catch {
    return;
  }
}

function state(name, text) {
  document.body.dataset.state = name;
  byId("state").textContent = text;
}

function problem(text) {
  byId("problem").textContent = text;
}

function why(error) {
  const reasons = {
    NotAllowedError: "This page may not use the camera. Allow it in the browser's settings for this page, then start again.",
    NotFoundError: "No camera was found on this device.",
    NotReadableError: "The camera is used by another program. Close that and start again.",
  };
  return reasons[error.name] ?? `The camera cannot be used: ${error.message}`;
}

async function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error("browsers give it only to pages with https, or on localhost. Open this page through https.");
  }
  camera?.getTracks().forEach((track) => track.stop());
  camera = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
  });
  const [track] = camera.getVideoTracks();
  track.addEventListener("ended", () => track === camera?.getVideoTracks()[0] && stop("The camera was taken away."));
  byId("frame").classList.toggle("mirrored", (track.getSettings().facingMode ?? facing) === "user");
  video.srcObject = camera;
  await video.play();
}

async function start() {
  const name = byId("name").value.trim().toLowerCase().replaceAll(/[^a-z0-9_-]+/g, "-").replace(/^[-_]+/, "").slice(0, 32);
  byId("name").value = name || "guest";
  remember("name", byId("name").value);
  problem("");
  state("connecting", "Opening the camera");
  try {
    await openCamera();
  } catch (error) {
    return stop(why(error));
  }
  byId("start-text").textContent = "Stop";
  byId("name").disabled = true;
  const inputs = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
  byId("flip").hidden = inputs.length < 2;
  navigator.wakeLock?.request("screen").catch(() => {}); // a phone's screen stays on while it can
  connect();
}

function stop(reason = "") {
  clearTimeout(timer);
  const open = socket;
  socket = null;
  open?.close();
  camera?.getTracks().forEach((track) => track.stop());
  camera = null;
  video.srcObject = null;
  byId("badges").replaceChildren();
  byId("figures").textContent = "";
  byId("start-text").textContent = "Start the camera";
  byId("name").disabled = false;
  byId("flip").hidden = true;
  state(reason ? "refused" : "idle", "Not sending");
  problem(reason);
}

function connect() {
  clearTimeout(timer);
  state("connecting", "Connecting");
  const opened = new WebSocket(address(`/camera/${encodeURIComponent(byId("name").value)}?key=${key}`));
  socket = opened;
  waiting = 0;
  opened.onmessage = ({ data }) => heard(JSON.parse(data));
  opened.onclose = ({ code, reason }) => {
    if (socket !== opened) return;
    socket = null;
    stream = null;
    if (FINAL.includes(code)) return stop(reason);
    state("connecting", "Connecting again");
    timer = setTimeout(connect, wait * (0.75 + Math.random() / 2));
    wait = Math.min(LAST, wait * 2);
  };
}

function heard(message) {
  if (message.type === "ready") {
    stream = message.stream;
    wait = FIRST;
    state("sending", "On stage");
  } else if (message.type === "ack") {
    waiting -= 1;
    problem(message.problem);
    answered = [...answered, performance.now()].slice(-60);
  }
}

// Called for every picture of the camera: the newest is sent when the stage is ready for it, the others are left out.
async function picture() {
  everyPicture();
  if (!stream || busy || waiting >= IN_FLIGHT || !video.videoWidth) return;
  busy = true;
  const scale = Math.min(1, Number(byId("size").value) / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  document.querySelector("main").style.setProperty("--ratio", (canvas.width / canvas.height).toFixed(4));
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  busy = false;
  if (!blob || socket?.readyState !== WebSocket.OPEN || !stream) return;
  waiting += 1;
  socket.send(blob);
}

function everyPicture() {
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(picture);
  else requestAnimationFrame(picture);
}

function figures() {
  const recent = answered.filter((moment) => performance.now() - moment < 2000);
  if (stream) byId("figures").textContent = `${(recent.length / 2).toFixed(0)} pictures a second, ${canvas.width} × ${canvas.height}`;
}

new Link("/events", {
  onMessage(message) {
    if (message.type !== "cues" || message.stream !== stream) return;
    byId("badges").replaceChildren(
      ...message.badges.map(({ text, tone }) => element("span", { class: `chip ${tone}` }, text)),
    );
  },
});

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (camera) stop();
  else start();
});
byId("flip").addEventListener("click", () => {
  facing = facing === "user" ? "environment" : "user";
  openCamera().catch((error) => stop(why(error)));
});
byId("size").addEventListener("change", () => remember("size", byId("size").value));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && camera) navigator.wakeLock?.request("screen").catch(() => {});
});
setInterval(figures, 500);
everyPicture();
byId("main").inert = false; // until here a press would be lost

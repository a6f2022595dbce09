// Clips for one label after the other: a countdown, a length, several in a row; or a long recording to be cut later.

import { Collection } from "./collection.js";
import { byId, clock } from "./dom.js";
import { complain, onKeys, openPage, pageOf, say, unlock, upload } from "./studio.js";
import { stamp, wait, Webcam } from "./webcam.js";

const KINDS = ["video/mp4;codecs=avc1", "video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
const BITS = 4_000_000; // a second
const PAUSE = 1.5; // seconds between two clips of a row, besides the countdown
const CLIP = "Two to five clips of each label are enough. One movement fills the clip; also record what is nothing of all this.";
const RECORDING = "A recording holds many moments. Afterwards they are tagged on a timeline and cut into clips.";

const camera = new Webcam(byId("stage"));
const button = byId("record");
let clips = null;
let busy = false;
let stopped = false;

function ready() {
  button.disabled = !camera.on || clips?.label == null;
  byId("advice").textContent = clips?.label === "" ? RECORDING : CLIP;
  byId("takes").disabled = clips?.label === "";
}

// A clip of so many seconds, or of what there was until somebody stopped it.
async function recorded(seconds) {
  const kind = KINDS.find((name) => MediaRecorder.isTypeSupported(name));
  const recorder = new MediaRecorder(camera.stream, { mimeType: kind, videoBitsPerSecond: BITS });
  const pieces = [];
  recorder.ondataavailable = ({ data }) => data.size && pieces.push(data);
  const ended = new Promise((done, failed) => {
    recorder.onstop = done;
    recorder.onerror = ({ error }) => failed(error ?? new Error("the browser cannot record this camera"));
  });
  recorder.start(1000);
  const began = performance.now();
  for (let gone = 0; gone < seconds && !stopped && recorder.state === "recording"; gone = (performance.now() - began) / 1000) {
    byId("lamp").textContent = clock(gone);
    byId("gone").style.setProperty("--share", gone / seconds);
    await wait(0.05);
  }
  if (recorder.state !== "inactive") recorder.stop();
  await ended;
  return new Blob(pieces, { type: recorder.mimeType });
}

async function take(label, called) {
  for (const id of ["lamp", "gone"]) byId(id).hidden = false;
  let blob;
  try {
    blob = await recorded(Math.min(3600, Math.max(1, Number(byId("seconds").value) || 4)));
  } finally {
    for (const id of ["lamp", "gone"]) byId(id).hidden = true;
  }
  clips.took(await upload(blob, { label, called, recording: called }));
}

async function shoot() {
  if (busy) {
    stopped = true;
    return;
  }
  const { label } = clips;
  if (!camera.on || label === null) return;
  busy = true;
  stopped = false;
  button.toggleAttribute("data-busy", true);
  byId("record-text").textContent = "Stop";
  const takes = label === "" ? 1 : Math.min(50, Math.max(1, Math.round(Number(byId("takes").value)) || 1));
  try {
    for (let number = 1; number <= takes && !stopped && clips.label === label; number += 1) {
      if (number > 1) await wait(PAUSE);
      await camera.countDown(Number(byId("countdown").value), () => stopped || clips.label !== label);
      if (!stopped && clips.label === label) await take(label, `camera-${stamp()}`);
    }
    if (label === "") say("Recorded: now tag its moments");
  } catch (error) {
    complain(error);
  }
  busy = false;
  button.toggleAttribute("data-busy", false);
  byId("record-text").textContent = "Record";
}

async function begin() {
  const facts = await openPage();
  clips = new Collection(facts, {
    what: ["clip", "clips"], enough: "None yet. Two to five clips of each label are enough.",
    more: [["", "A long recording, cut later"]], onChoose: ready,
  });
  await clips.choose(new URLSearchParams(location.search).has("long") ? "" : clips.label);
  onKeys({ " ": shoot, z: () => clips.undo().catch(complain), Escape: () => { stopped = true; }, digit: ({ key }) => clips.chooseNumber(Number(key)) });
}

// A press on the thumbnail of a recording leads to its timeline.
byId("thumbs").addEventListener("click", ({ target }) => {
  const path = target.closest("button") ? null : target.closest(".thumb")?.dataset.path;
  if (path?.startsWith("recordings/")) location.href = `${pageOf("tag")}#${encodeURIComponent(path)}`;
});
byId("open").addEventListener("click", () => camera.open().then(async () => { byId("turn").hidden = !(await camera.several()); }).catch(complain).finally(ready));
byId("turn").addEventListener("click", () => camera.turn().catch(complain));
button.addEventListener("click", shoot);
begin().catch(complain).finally(unlock);

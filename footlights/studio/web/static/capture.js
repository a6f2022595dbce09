// Photos for one label after the other: a countdown, a burst, thumbnails of what was taken, undo.

import { Collection } from "./collection.js";
import { byId } from "./dom.js";
import { complain, onKeys, openPage, unlock, upload } from "./studio.js";
import { stamp, wait, Webcam } from "./webcam.js";

const MOST = 200; // pictures of one burst

const camera = new Webcam(byId("stage"));
const burst = byId("burst");
let photos = null;
let busy = false;
let stopped = false;

function ready() {
  for (const button of [burst, byId("one")]) button.disabled = !camera.on || !photos?.label;
}

async function take(label, recording, number) {
  const blob = await camera.picture();
  camera.shine();
  photos.took(await upload(blob, { label, called: `${recording}-${String(number).padStart(3, "0")}.jpg`, recording }));
}

async function shoot(count) {
  if (busy) {
    stopped = true;
    return;
  }
  const { label } = photos;
  if (!camera.on || !label) return;
  busy = true;
  stopped = false;
  burst.toggleAttribute("data-busy", true);
  byId("burst-text").textContent = "Stop";
  const recording = `camera-${stamp()}`;
  try {
    if (count > 1) await camera.countDown(Number(byId("countdown").value), () => stopped || photos.label !== label);
    for (let number = 1; number <= count && !stopped && photos.label === label; number += 1) {
      const next = wait(Number(byId("every").value));
      await take(label, recording, number);
      if (number < count) await next;
    }
  } catch (error) {
    complain(error);
  }
  busy = false;
  burst.toggleAttribute("data-busy", false);
  byId("burst-text").textContent = "Take photos";
}

const burstLength = () => Math.min(MOST, Math.max(1, Math.round(Number(byId("number").value)) || 1));

async function begin() {
  photos = new Collection(await openPage(), {
    what: ["picture", "pictures"],
    enough: "None yet. 50 of each label are a good start, 200 are better.",
    onChoose: ready,
  });
  await photos.choose(photos.label);
  onKeys({
    " ": () => shoot(burstLength()),
    Enter: (event) => (event.target.closest?.("button, a") ? event.target.click() : shoot(1)),
    z: () => photos.undo().catch(complain),
    Escape: () => { stopped = true; },
    digit: ({ key }) => photos.chooseNumber(Number(key)),
  });
}

byId("open").addEventListener("click", () => camera.open().then(async () => { byId("turn").hidden = !(await camera.several()); }).catch(complain).finally(ready));
byId("turn").addEventListener("click", () => camera.turn().catch(complain));
burst.addEventListener("click", () => shoot(burstLength()));
byId("one").addEventListener("click", () => shoot(1));
begin().catch(complain).finally(unlock);

// This browser's camera and the landmarks of who stands before it. The pictures stay on this page: they are read here, by a
// model that the stage itself serves, and only what was recognised is told to anybody.

import { LANDMARKS } from "./body.js";
import { now } from "./clock.js";
import { element } from "./dom.js";

const WIDTH = 480; // pixels of the picture that is asked for: the model looks at 256
const HEIGHT = 360;
const AWAKE = 66; // milliseconds between two looks while a call is near
const DROWSY = 600; // and otherwise

export class Eyes {
  // onPose(time, pose or null): pose as `measureBody` takes it
  constructor(video, onPose) {
    this.video = video;
    this.onPose = onPose;
    this.awake = false;
  }

  // onCamera(): the camera is open, and the model comes
  async open(runtime, onCamera = () => {}) {
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: "user", width: { ideal: WIDTH }, height: { ideal: HEIGHT }, frameRate: { ideal: 15, max: 30 } },
    });
    this.video.srcObject = this.stream;
    await this.video.play();
    for (const track of this.stream.getTracks()) track.addEventListener("ended", () => this.onEnded?.());
    onCamera();
    if (!this.model) this.model = await openModel(runtime, (result) => this.read(result));
    this.running = true;
    this.look();
  }

  close() {
    this.running = false;
    clearTimeout(this.timer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
  }

  // A call is near: look often. Far from any call a look now and then is enough, and spares the battery.
  wake(awake) {
    if (awake && !this.awake && this.timer && !this.looking) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.look(), 0);
    }
    this.awake = awake;
  }

  async look() {
    if (!this.running) return;
    const begun = performance.now();
    this.looking = true;
    if (!document.hidden && this.video.readyState >= 2 && this.video.currentTime !== this.last) {
      this.last = this.video.currentTime;
      this.at = now();
      try {
        await this.model.send({ image: this.video });
      } catch (error) {
        this.running = false;
        this.model = null; // it is of no use any more: the next time a new one is made
        this.onEnded?.(error);
        return;
      }
    }
    this.looking = false;
    const wait = (this.awake ? AWAKE : DROWSY) - (performance.now() - begun);
    this.timer = setTimeout(() => this.look(), Math.max(4, wait));
  }

  read({ poseLandmarks }) {
    this.onPose(this.at, poseLandmarks?.length === LANDMARKS ? poseOf(poseLandmarks, this.video) : null);
  }
}

// What lies outside of the picture cannot be seen, wherever the model thinks it is.
function poseOf(landmarks, { videoWidth, videoHeight }) {
  const xy = landmarks.map(({ x, y }) => [x * videoWidth, y * videoHeight]);
  const visibility = landmarks.map(({ x, y, visibility: seen }) => (x >= 0 && x < 1 && y >= 0 && y < 1 ? seen : 0));
  const up = [0, 1].map((axis) => xy[11][axis] + xy[12][axis] - xy[23][axis] - xy[24][axis]);
  return { xy, visibility, angle: Math.atan2(up[0], -up[1]) };
}

// The runtime computes on the processor: on telephones it is as fast as on their graphics chips, and it is the same everywhere.
async function openModel(runtime, onResults) {
  if (!document.createElement("canvas").getContext("webgl2")) throw new Error("no WebGL 2");
  await script(`${runtime}pose.js`);
  const model = new window.Pose({ locateFile: (name) => runtime + name });
  model.setOptions({ modelComplexity: 0, smoothLandmarks: true, enableSegmentation: false, useCpuInference: true });
  model.onResults(onResults);
  await model.initialize();
  return model;
}

function script(address) {
  return new Promise((done, failed) => {
    const made = element("script", { src: address, onload: done, onerror: () => failed(new Error("it cannot be loaded")) });
    document.head.append(made);
  });
}

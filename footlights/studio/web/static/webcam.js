// This browser's camera: opened when asked for, pictures of it as JPEG, the countdown before something is taken.

import { element } from "./dom.js";

const QUALITY = 0.92;
const REASONS = {
  NotAllowedError: "This page may not use the camera. Allow it in the browser's settings for this page, then try again.",
  NotFoundError: "No camera was found on this device.",
  NotReadableError: "The camera is used by another program. Close that and try again.",
};

export const stamp = () => new Date().toISOString().replaceAll(/[-:]/g, "").slice(0, 15).replace("T", "-");
export const wait = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

export class Webcam {
  // stage: a .stage element with a .frame in it
  constructor(stage) {
    this.stage = stage;
    this.frame = stage.querySelector(".frame");
    this.video = element("video", { muted: true, playsinline: true, autoplay: true, "aria-label": "What your camera sees" });
    this.video.muted = true;
    this.number = element("div", { class: "count", "aria-live": "assertive" });
    this.flash = element("div", { class: "flash", "aria-hidden": "true" });
    this.frame.prepend(this.video);
    this.frame.append(this.flash, this.number);
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.stream = null;
    this.device = null;
  }

  get on() {
    return this.stream !== null;
  }

  async open(rate = 30) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("Browsers give the camera only to pages with https, or on localhost. Open the studio through https.");
    }
    this.close();
    const wanted = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: rate } };
    wanted[this.device ? "deviceId" : "facingMode"] = this.device ? { exact: this.device } : "user";
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted });
    } catch (error) {
      throw new Error(REASONS[error.name] ?? `The camera cannot be used: ${error.message}`);
    }
    this.video.srcObject = this.stream;
    await this.video.play();
    const facing = this.stream.getVideoTracks()[0].getSettings().facingMode ?? "user";
    this.frame.classList.toggle("mirrored", facing === "user");
    this.stage.style.setProperty("--ratio", (this.video.videoWidth / this.video.videoHeight).toFixed(4));
    this.stage.toggleAttribute("data-on", true);
    this.stage.querySelector(".ask")?.setAttribute("hidden", "");
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
    this.stage.toggleAttribute("data-on", false);
    this.stage.querySelector(".ask")?.removeAttribute("hidden");
  }

  async inputs() {
    return (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
  }

  async several() {
    return (await this.inputs()).length > 1;
  }

  // The next camera of this device.
  async turn() {
    const inputs = await this.inputs();
    const now = this.stream?.getVideoTracks()[0].getSettings().deviceId;
    this.device = inputs[(inputs.findIndex(({ deviceId }) => deviceId === now) + 1) % inputs.length]?.deviceId;
    await this.open();
  }

  // What the camera sees now, as it is (not mirrored), with a longer side of so many pixels at most.
  async picture(most = 1280, quality = QUALITY) {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, most / Math.max(videoWidth, videoHeight));
    this.canvas.width = Math.round(videoWidth * scale);
    this.canvas.height = Math.round(videoHeight * scale);
    this.context.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return new Promise((done) => this.canvas.toBlob(done, "image/jpeg", quality));
  }

  shine() {
    this.flash.classList.remove("now");
    void this.flash.offsetWidth; // the animation begins anew
    this.flash.classList.add("now");
  }

  // Numbers down to one, a second each. `stopped()`: somebody does not want it any more.
  async countDown(from, stopped = () => false) {
    for (let left = from; left > 0 && !stopped(); left -= 1) {
      this.number.textContent = String(left);
      this.number.classList.remove("beat");
      void this.number.offsetWidth;
      this.number.classList.add("beat");
      for (let part = 0; part < 10 && !stopped(); part += 1) await wait(0.1);
    }
    this.number.textContent = "";
  }
}

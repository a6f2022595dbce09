// What happens aloud: an event whose data holds `say` sounds a bell and is spoken. Muted by one button, which is remembered.

import { byId, icon } from "./dom.js";

const KEY = "footlights-muted";
const FRESH = 1000; // milliseconds after the greeting in which old events arrive

export class Voice {
  constructor() {
    this.button = byId("voice");
    this.muted = localStorage.getItem(KEY) === "yes";
    this.button.addEventListener("click", () => this.mute(!this.muted));
    this.draw();
  }

  mute(muted) {
    this.muted = muted;
    localStorage.setItem(KEY, muted ? "yes" : "no");
    if (muted) globalThis.speechSynthesis?.cancel();
    this.draw();
  }

  draw() {
    const text = this.muted ? "Let it speak" : "Mute the voice";
    this.button.replaceChildren(icon(this.muted ? "muted" : "sound"));
    this.button.title = text;
    this.button.setAttribute("aria-label", text);
    this.button.setAttribute("aria-pressed", String(this.muted));
  }

  // since: milliseconds since the greeting
  hear({ kind, data }, since) {
    if (typeof data.say !== "string" || data.say === "") return;
    this.button.hidden = false;
    if (this.muted || since < FRESH) return;
    this.button.dataset.said = data.say;
    this.bell(kind === "countdown" ? 520 : 780);
    this.speak(data.say);
  }

  speak(text) {
    const voice = globalThis.speechSynthesis;
    if (!voice) return;
    voice.cancel(); // the newest number is the one that counts
    const words = new SpeechSynthesisUtterance(text);
    words.lang = "en";
    voice.speak(words);
  }

  bell(pitch) {
    try {
      this.audio ??= new AudioContext();
      const { currentTime: now } = this.audio;
      const [tone, loudness] = [this.audio.createOscillator(), this.audio.createGain()];
      tone.frequency.value = pitch;
      loudness.gain.setValueAtTime(0.0001, now);
      loudness.gain.exponentialRampToValueAtTime(0.18, now + 0.015);
      loudness.gain.exponentialRampToValueAtTime(0.0001, now + 0.35);
      tone.connect(loudness).connect(this.audio.destination);
      tone.start(now);
      tone.stop(now + 0.4);
    } catch {
      // no sound device: the voice or the picture is enough
    }
  }
}

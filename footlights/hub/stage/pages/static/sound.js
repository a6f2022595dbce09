// The song or video of a show, kept in time with its clock.

const APART = 0.35; // seconds from which on it jumps
const NEAR = 0.05; // seconds that nobody hears
const BEND = 0.04; // by how much faster or slower it catches up

export class Sound {
  // media: as the stage says it; element: <video> or <audio>
  constructor(element, media) {
    this.element = element;
    this.media = media;
    this.on = false;
    element.preservesPitch = true;
  }

  // Nothing is loaded before somebody wants to hear it.
  turn(on) {
    this.on = on;
    if (on && !this.element.src) this.element.src = this.media.url;
  }

  // Show time in seconds, and whether the show plays.
  follow(at, playing) {
    const { element } = this;
    if (!element.src) return;
    const wanted = at + this.media.offset;
    const inside = wanted >= 0 && !(wanted >= element.duration);
    if (!this.on || !playing || !inside) {
      if (!element.paused) element.pause();
      return;
    }
    const late = wanted - element.currentTime;
    if (Math.abs(late) > APART) element.currentTime = wanted;
    element.playbackRate = Math.abs(late) > APART || Math.abs(late) < NEAR ? 1 : 1 + Math.sign(late) * BEND;
    if (element.paused && !this.asked) {
      this.asked = element.play().catch(() => this.refused?.()).finally(() => { this.asked = null; });
    }
  }
}

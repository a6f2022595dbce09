// The server's clock, from pings: of the last ones, the one that was answered fastest is believed.

const KEPT = 12; // pings
const FIRST = [0, 250, 500, 900, 1500]; // milliseconds after the welcome
const EVERY = 12000; // milliseconds

export const now = () => performance.now() / 1000; // seconds, on this page's clock

export class ServerClock {
  // send(message): says it to the server
  constructor(send) {
    this.send = send;
    this.offsets = []; // [seconds under way, seconds by which the server's clock is ahead]
    this.playing = { state: "waiting", at: 0, t: 0 };
    this.timers = [];
  }

  // A connection is there, or the device was asleep: what was known is forgotten with the first answer.
  begin() {
    this.stop();
    this.anew = true;
    this.timers = [...FIRST.map((wait) => setTimeout(() => this.ask(), wait)), setInterval(() => this.ask(), EVERY)];
  }

  stop() {
    this.timers.forEach(clearTimeout);
  }

  ask() {
    this.send({ type: "ping", t0: now() });
  }

  pong({ t0, t }) {
    const t1 = now();
    const known = this.anew ? [] : this.offsets;
    this.anew = false;
    this.offsets = [...known, [t1 - t0, t - (t0 + t1) / 2]].slice(-KEPT);
  }

  // Before the first answer: as if what was told had come without any delay.
  heard(playing) {
    this.playing = playing;
    if (!this.offsets.length) this.guess = playing.state === "playing" ? playing.t - now() : undefined;
  }

  get offset() {
    const best = this.offsets.reduce((one, other) => (other[0] < one[0] ? other : one), [Infinity, this.guess ?? 0]);
    return best[1];
  }

  // Seconds of show time at a moment of this page's clock.
  show(at = now()) {
    const { state, at: from, t } = this.playing;
    if (state !== "playing") return from;
    return from + Math.max(0, at + this.offset - t);
  }
}

export const minutes = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

// A show that is over, as the wall was at any moment of it.

const BEHIND = 8; // effects that a wall tells

export class Replay {
  // saved: what the stage kept; opening, last: as the wall knows them
  constructor(saved, opening, last) {
    this.saved = saved;
    this.opening = opening;
    this.last = last;
    this.length = Math.max(saved.energy.length, saved.present.length, ...saved.cues.map((cue) => cue.to), 1);
    this.at = 0;
    this.running = false; // in the place of the live wall
    this.playing = false;
  }

  seek(at) {
    this.at = Math.min(this.length, Math.max(0, at));
  }

  step(seconds) {
    if (!this.playing) return;
    this.seek(this.at + seconds);
    if (this.at >= this.length) this.playing = false;
  }

  energy() {
    return this.saved.energy.slice(0, Math.ceil(this.at));
  }

  wall() {
    const { saved, at } = this;
    const cue = saved.cues.findLast(({ from }) => from <= at);
    const histogram = cue ? until(cue.histogram, (at - cue.from) / saved.bin) : [];
    const answered = histogram.reduce((sum, value) => sum + value, 0);
    const part = cue?.answered ? answered / cue.answered : 0;
    const second = Math.floor(at);
    const present = saved.present[Math.min(second, saved.present.length - 1)] ?? 0;
    const moments = saved.moments.filter((moment) => moment.at + 1 < at);
    return {
      ...this.last,
      present,
      cue: cue?.id ?? "",
      answered,
      share: answered / Math.max(1, present, answered),
      rate: saved.answers[second] ?? 0,
      bin: saved.bin,
      histogram: histogram.length ? histogram : this.last.histogram.map(() => 0),
      sections: this.opening.sections.map((name) => this.section(name, cue, part)),
      effects: saved.effects.filter((effect) => effect.at <= at).slice(-BEHIND),
      moments,
      quickest: [],
    };
  }

  // How many of a section were there is not kept: the last number that was known stands for it.
  section(name, cue, part) {
    const there = this.last.sections.find((each) => each.name === name)?.present ?? 0;
    const answered = Math.round((cue?.sections[name] ?? 0) * part);
    return { name, present: Math.max(there, cue?.sections[name] ?? 0), answered };
  }
}

// The columns of a histogram that were there after so many columns' time; of the newest, its part.
function until(histogram, columns) {
  return histogram.map((value, column) => {
    const share = column === histogram.length - 1 ? (columns > column ? 1 : 0) : Math.min(1, Math.max(0, columns - column));
    return Math.round(value * share);
  });
}

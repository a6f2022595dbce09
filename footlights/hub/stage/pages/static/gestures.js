// Judges the library's definitions of gestures: what recognition/gestures.py of footlights does, for one person and for the
// definitions that ask for a body's landmarks only. The definitions come as data from the server.

import { feature, measureBody } from "./body.js";

const GAP = 0.8; // seconds between pictures from which on they are no film
const SIDES = ["left", "right"];

export class Gestures {
  // definitions: as /stage/gestures gives them
  constructor(definitions) {
    this.doing = new Map(definitions.map((one) => [one.name, new Progress(one)]));
    const reads = definitions.flatMap(({ when, sides }) => when.flatMap((condition) =>
      sides.flatMap((side) => fullNames(condition.feature, side).map((name) => [condition, name]))));
    this.names = [...new Set(reads.map(([, name]) => name))];
    this.remembered = [...new Set(reads.filter(([condition]) => condition.measure).map(([, name]) => name))];
    this.length = Math.max(0, ...reads.map(([condition]) => condition.window));
    this.time = -Infinity; // seconds, of the newest picture
    this.pictures = 0; // since the film began
    this.forget();
  }

  // The gestures that begin or end with this picture. time: seconds; pose: as `measureBody` takes it, null: nobody is seen.
  update(time, pose) {
    const apart = time - this.time;
    const events = apart >= 0 && apart <= GAP ? [] : this.finish(time);
    this.time = time;
    this.pictures += 1;
    const body = pose && measureBody(pose);
    this.values = Object.fromEntries(this.names.map((name) => [name, body ? feature(name, body) : NaN]));
    for (const name of this.remembered) this.remember(name);
    for (const progress of this.doing.values()) this.follow(progress, events);
    return events;
  }

  // The film is over: what lasts ends; what a picture showed that stood alone counts without its hold time.
  finish(time) {
    const events = [];
    const alone = this.pictures === 1;
    for (const progress of this.doing.values()) {
      if (alone && progress.score >= 0.5 && progress.since !== null) events.push(progress.told("begin", this.time));
    }
    for (const progress of this.doing.values()) {
      if (progress.active || (alone && progress.score >= 0.5 && progress.since !== null)) {
        events.push(progress.told("end", alone ? this.time : time));
        progress.quiet = (alone ? this.time : time) + progress.definition.cooldown;
      }
    }
    this.forget();
    this.pictures = 0;
    return events;
  }

  // How sure it is, 0..1, that a gesture is being done now; 0: it is not.
  lasting(name) {
    const progress = this.doing.get(name);
    return progress?.active ? progress.confidence : 0;
  }

  forget() {
    this.history = new Map(this.remembered.map((name) => [name, []]));
    for (const progress of this.doing.values()) progress.forgetPerson();
  }

  remember(name) {
    const samples = this.history.get(name);
    const value = this.values[name];
    if (!Number.isNaN(value)) samples.push([this.time, value]);
    while (samples.length && samples[0][0] < this.time - this.length) samples.shift();
  }

  samples(condition, name, since) {
    const from = Math.max(since, this.time - condition.window) - 1e-6;
    return this.history.get(name).filter(([at]) => at >= from);
  }

  follow(progress, events) {
    const before = progress.since;
    const [score, posture] = this.fit(progress);
    const change = progress.step(this.time, score);
    if (progress.since !== before && progress.since !== null) {
      progress.side = progress.postures.length > 1 ? posture.side : null;
      progress.onset = this.onset(progress.definition, posture);
    }
    if (!change) return;
    events.push(progress.told(change, this.time));
    if (change === "end") progress.end(this.time);
  }

  // The score of the side that fits best.
  fit({ definition, postures }) {
    let best = [-1, postures[0]];
    for (const posture of postures) {
      const still = definition.when.filter((condition) => !condition.measure);
      let score = fit(still, posture.side, (_, name) => this.values[name]);
      posture.step(this.time, score, definition.release);
      if (posture.since === null) score = 0;
      else if (score > 0) {
        const moving = definition.when.filter((condition) => condition.measure);
        const read = (condition, name) => measured(condition, this.samples(condition, name, posture.since));
        score = Math.min(score, fit(moving, posture.side, read));
      }
      if (score > best[0]) best = [score, posture];
    }
    return best;
  }

  // When the movement began: with the first of the strokes that were counted, or now.
  onset(definition, posture) {
    let onset = this.time;
    for (const condition of definition.when.filter(({ measure }) => measure === "strokes")) {
      for (const name of posture.since === null ? [] : fullNames(condition.feature, posture.side)) {
        const ends = turningPoints(this.samples(condition, name, posture.since), condition.size);
        if (ends.length) onset = Math.min(onset, ends[0][0]);
      }
    }
    return onset;
  }
}

// How far the person is with one gesture.
class Progress {
  constructor(definition) {
    this.definition = definition;
    this.forgetPerson();
  }

  forgetPerson() {
    this.postures = this.definition.sides.map((side) => new Posture(side));
    this.score = 0;
    this.held = 0;
    this.onset = 0;
    this.quiet = -Infinity;
    this.forget();
    this.sum = this.count = 0;
  }

  forget() {
    this.since = this.side = null;
    this.active = false;
    this.sum = this.count = 0;
  }

  end(time) {
    this.quiet = time + this.definition.cooldown;
    this.forget();
  }

  // The mean score since the conditions hold, 0..1.
  get confidence() {
    return this.count ? this.sum / this.count : 0;
  }

  step(time, score) {
    this.score = score;
    if (score >= 0.5 && this.since === null && time >= this.quiet) this.since = time;
    if (score > 0 && this.since !== null) {
      this.held = time;
      this.sum += score;
      this.count += 1;
    }
    if (this.active) return time - this.held >= this.definition.release ? "end" : null;
    if (score === 0) this.forget();
    if (this.since === null || score < 0.5 || time - this.since < this.definition.hold - 1e-6) return null;
    this.active = true;
    return "begin";
  }

  told(kind, time) {
    return {
      kind: `gesture.${kind}`,
      gesture: this.definition.name,
      time: rounded(time, 3),
      onset: rounded(this.onset, 3),
      confidence: rounded(this.confidence, 2),
      ...(this.side ? { side: this.side } : {}),
    };
  }
}

// Since when the posture of one gesture is held with one side; movements count from there.
class Posture {
  constructor(side) {
    this.side = side;
    this.since = null;
    this.held = 0;
  }

  step(time, score, release) {
    if (score > 0 && this.since !== null) this.held = time;
    else if (score >= 0.5) this.since = this.held = time;
    else if (this.since !== null && time - this.held >= release) this.since = null;
  }
}

// How well all conditions hold, 0..1, when `one` is the side that is tried.
function fit(conditions, one, read) {
  let score = 1;
  for (const condition of conditions) {
    const found = fullNames(condition.feature, one).map((name) => membership(condition, read(condition, name)));
    score = Math.min(score, condition.feature.startsWith("any.") ? Math.max(...found) : Math.min(...found));
    if (score === 0) break;
  }
  return score;
}

// 0 at `leave` and beyond, 0.5 at `enter`, 1 as far inside.
function membership({ enter, leave, optional }, value) {
  if (Number.isNaN(value)) return optional ? 1 : 0;
  return Math.min(1, Math.max(0, (0.5 * (value - leave)) / (enter - leave)));
}

function fullNames(name, one) {
  const [prefix, rest] = name.includes(".") ? name.split(".") : ["", name];
  if (prefix === "both" || prefix === "any") return SIDES.map((side) => `${side}.${rest}`);
  if (prefix === "" || SIDES.includes(prefix)) return [name];
  return [`${prefix === "one" ? one : SIDES[1 - SIDES.indexOf(one)]}.${rest}`];
}

const measured = ({ measure, size }, samples) => (samples.length ? MEASURES[measure](samples, size) : NaN);

const MEASURES = {
  strokes: (samples, size) => Math.max(0, turningPoints(samples, size).length - 1),
  rate: (samples, size) => {
    const ends = turningPoints(samples, size);
    return ends.length < 3 ? 0 : (ends.length - 1) / 2 / (ends.at(-1)[0] - ends[0][0]);
  },
  span: (samples) => Math.max(...samples.map(value)) - Math.min(...samples.map(value)),
  highest: (samples) => Math.max(...samples.map(value)),
  lowest: (samples) => Math.min(...samples.map(value)),
  mean: (samples) => samples.reduce((sum, sample) => sum + value(sample), 0) / samples.length,
  speed: (samples) => {
    const [[start, first], [end, last]] = [samples[0], samples.at(-1)];
    return end > start ? (last - first) / (end - start) : 0;
  },
};

// The ends of all strokes of at least `size`, up or down by turns; the last is that of the stroke under way.
function turningPoints(samples, size) {
  let [low, high, ends, direction] = [samples[0], samples[0], [], 0];
  for (const sample of samples.slice(1)) {
    if (direction === 0) {
      if (value(sample) < value(low)) low = sample;
      if (value(sample) > value(high)) high = sample;
      if (value(high) - value(low) >= size) {
        direction = high[0] > low[0] ? 1 : -1;
        ends = direction > 0 ? [low, high] : [high, low];
      }
    } else if ((value(sample) - value(ends.at(-1))) * direction >= 0) ends[ends.length - 1] = sample;
    else if (Math.abs(value(sample) - value(ends.at(-1))) >= size) {
      ends.push(sample);
      direction = -direction;
    }
  }
  return ends;
}

const value = (sample) => sample[1];
const rounded = (number, digits) => Number(number.toFixed(digits));

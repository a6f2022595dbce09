// The mood of the crowd over time: the share of each emotion, one above the other.

import { byId, element, words } from "./dom.js";
import { tone } from "./tones.js";

const SVG = "http://www.w3.org/2000/svg";
const SPAN = 180; // seconds of media time that the chart shows
const MOST_STREAMS = 32; // whose moods are kept
const ORDER = ["happiness", "surprise", "neutral", "unsure", "contempt", "sadness", "fear", "disgust", "anger"]; // from below

export class Mood {
  // pictures: Map of an emotion's name to the address of its picture
  constructor(pictures) {
    this.pictures = pictures;
    this.known = new Set(); // ids of events, which come again after a break of the link
    this.points = new Map(); // stream -> [{time, mood}], oldest first
    this.stream = null;
  }

  // Takes a mood event; others are no matter of the chart.
  add({ id, kind, stream, time, data }) {
    if (kind !== "mood" || this.known.has(id)) return;
    this.known.add(id);
    if (this.known.size > 1000) this.known.delete(this.known.values().next().value);
    let points = this.points.get(stream) ?? [];
    if (points.at(-1)?.time >= time) points = []; // the stream has begun anew
    points = [...points.filter((point) => point.time > time - SPAN - 10), { time, mood: data.mood ?? {} }];
    this.points.delete(stream);
    this.points.set(stream, points);
    if (this.points.size > MOST_STREAMS) this.points.delete(this.points.keys().next().value);
    if (stream === this.stream) this.draw();
  }

  select(stream) {
    this.stream = stream;
    this.draw();
  }

  draw() {
    const points = this.points.get(this.stream) ?? [];
    const last = points.at(-1);
    const emotions = inOrder(new Set(points.flatMap(({ mood }) => Object.keys(mood))));
    const bands = runs(points).flatMap((run) => this.bands(run, emotions, last.time));
    byId("chart").replaceChildren(...bands);
    byId("legend").replaceChildren(...emotions.toReversed().map((name) => this.line(name, last.mood[name] ?? 0)));
  }

  // One shape for each emotion over a stretch of time without a break.
  bands(run, emotions, now) {
    const x = ({ time }) => SPAN + time - now;
    const floor = run.map(() => 100);
    return emotions.map((name) => {
      const below = run.map((point, index) => [x(point), floor[index]]);
      run.forEach((point, index) => (floor[index] -= 100 * (point.mood[name] ?? 0)));
      const above = run.map((point, index) => [x(point), floor[index]]);
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", `M${above[0]}${curve(above)}L${below.at(-1)}${curve(below.toReversed())}Z`);
      path.setAttribute("fill", tone(name));
      path.setAttribute("data-emotion", name);
      return path;
    });
  }

  line(name, share) {
    const picture = this.pictures.get(name);
    const mark = picture ? element("img", { src: picture, alt: "" }) : element("i", {});
    const number = element("b", {}, `${Math.round(100 * share)} %`);
    const line = element("li", { class: share > 0 ? null : "none" }, mark, element("span", {}, words(name)), number);
    line.style.setProperty("--tone", tone(name));
    return line;
  }
}

function inOrder(names) {
  return [...ORDER.filter((name) => names.has(name)), ...[...names].filter((name) => !ORDER.includes(name)).sort()];
}

// Stretches in which somebody was there all the time. One moment alone is drawn as wide as a moment is.
function runs(points) {
  const steps = points.slice(1).map((point, index) => point.time - points[index].time);
  const step = steps.length > 0 ? Math.min(...steps) : 2;
  const found = [];
  let run = null;
  for (const point of points) {
    const follows = run && point.time - run.at(-1).time < 2.5 * step;
    if (Object.keys(point.mood).length === 0) run = null;
    else if (follows) run.push(point);
    else found.push((run = [{ ...point, time: point.time - step }, point]));
  }
  return found;
}

// A smooth line through the points that never leaves the range between two neighbours.
function curve(points) {
  return points.slice(1).map(([x, y], index) => {
    const [before, height] = points[index];
    const middle = (before + x) / 2;
    return `C${middle},${height} ${middle},${y} ${x},${y}`;
  }).join("");
}

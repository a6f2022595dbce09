// The segments of one recording, in seconds; every change undoable; kept on the server soon after.

import { ask, pathAt } from "./studio.js";

const SOON = 300; // milliseconds
const MOST_UNDO = 200;
const SHORTEST = 0.2; // seconds of a segment
export const BACKGROUND = "background";

export class Segments {
  constructor(path, told, onState) {
    Object.assign(this, { path, seconds: told.seconds, list: told.segments, onState, past: [], future: [], timer: 0, merging: "" });
  }

  change(list, merge = "") {
    if (!merge || this.merging !== merge) this.past = [...this.past.slice(1 - MOST_UNDO), this.list];
    this.merging = merge;
    this.future = [];
    this.put(list);
  }

  step(from, to) {
    if (this[from].length === 0) return false;
    this[to].push(this.list);
    this.merging = "";
    this.put(this[from].pop());
    return true;
  }

  undo() {
    return this.step("past", "future");
  }

  redo() {
    return this.step("future", "past");
  }

  // A new one; gives its place, or -1 where it would be too short. Nothing lies in two segments: it pushes others aside.
  add(begin, end, label, merge = "") {
    const made = this.inside({ begin, end, label });
    if (made.end - made.begin < SHORTEST) return -1;
    this.change(sorted([...this.list.flatMap((other) => without(other, made)), made]), merge);
    return this.list.indexOf(made);
  }

  // Another begin, end or label for one; gives its place afterwards.
  alter(index, to, merge = "") {
    const made = this.inside({ ...this.list[index], ...to });
    if (made.end - made.begin < SHORTEST) return index;
    this.change(sorted([...this.list.filter((_, other) => other !== index).flatMap((other) => without(other, made)), made]), merge);
    return this.list.indexOf(made);
  }

  remove(index) {
    this.change(this.list.filter((_, other) => other !== index));
  }

  // Everything without a tag becomes background; how many segments that makes.
  fill() {
    const gaps = [];
    let end = 0;
    for (const segment of [...this.list, { begin: this.seconds }]) {
      if (segment.begin - end >= 2 * SHORTEST) gaps.push({ begin: end, end: segment.begin, label: BACKGROUND });
      end = segment.end;
    }
    if (gaps.length) this.change(sorted([...this.list, ...gaps]));
    return gaps.length;
  }

  inside({ begin, end, label }) {
    return { begin: Math.max(0, begin), end: Math.min(this.seconds, end), label };
  }

  put(list) {
    this.list = list;
    this.onState("…");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SOON);
  }

  async save() {
    clearTimeout(this.timer);
    if (!this.timer) return;
    this.timer = 0;
    try {
      await ask(pathAt("tags", this.path), { method: "PUT", json: { segments: this.list } });
      this.onState("Saved");
    } catch (error) {
      this.onState(`Not saved: ${error.message}`);
      this.timer ||= setTimeout(() => this.save(), 10 * SOON);
    }
  }
}

const sorted = (list) => list.sort((a, b) => a.begin - b.begin);

// What is left of a segment beside another one.
function without(segment, { begin, end }) {
  if (segment.end <= begin || segment.begin >= end) return [segment];
  const parts = [{ ...segment, end: begin }, { ...segment, begin: end }];
  return parts.filter((part) => part.end - part.begin >= SHORTEST);
}

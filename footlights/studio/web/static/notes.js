// The boxes of one frame, every change undoable; kept on the server soon after.

import { ask, boxesAt } from "./studio.js";

const SOON = 300; // milliseconds
const MOST_UNDO = 200;
const MOST_FRAMES = 300; // whose past is remembered

const known = new Map(); // path -> Notes

// The notes of a frame: the same object as long as the page lives, so that undo survives turning the frames.
export function notesOf(frame, onState) {
  const notes = known.get(frame.path) ?? new Notes(frame, onState);
  known.delete(frame.path);
  known.set(frame.path, notes);
  const [oldest] = known.keys();
  if (known.size > MOST_FRAMES && !known.get(oldest).timer) known.delete(oldest);
  return notes;
}

export class Notes {
  // frame: {path, boxes: [{label, left, top, right, bottom}] or null where nobody has looked yet}; onState(text)
  constructor(frame, onState) {
    this.frame = frame;
    this.onState = onState;
    this.past = [];
    this.future = [];
    this.timer = 0;
  }

  get boxes() {
    return this.frame.boxes ?? [];
  }

  // Put other boxes in place of these. `merge`: it goes on with the last change, such as the next pixel of a move.
  change(boxes, merge = "") {
    if (!merge || this.merging !== merge) this.past = [...this.past.slice(1 - MOST_UNDO), this.frame.boxes];
    this.merging = merge;
    this.future = [];
    this.put(boxes);
  }

  undo() {
    if (this.past.length === 0) return false;
    this.future.push(this.frame.boxes);
    this.put(this.past.pop());
    this.merging = "";
    return true;
  }

  redo() {
    if (this.future.length === 0) return false;
    this.past.push(this.frame.boxes);
    this.put(this.future.pop());
    this.merging = "";
    return true;
  }

  put(boxes) {
    this.frame.boxes = boxes;
    this.onState("…");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SOON);
  }

  // Keeps what is not kept yet. Suggested boxes without a label are not kept: they have to be chosen first.
  async save() {
    clearTimeout(this.timer);
    if (!this.timer) return;
    this.timer = 0;
    const boxes = this.boxes.filter(({ label }) => label).map(({ label, left, top, right, bottom }) => ({ label, left, top, right, bottom }));
    try {
      await ask(boxesAt(this.frame.path), { method: "PUT", json: { boxes } });
      this.onState("Saved");
    } catch (error) {
      this.onState(`Not saved: ${error.message}`);
      this.timer ||= setTimeout(() => this.save(), 10 * SOON);
    }
  }
}

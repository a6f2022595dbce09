// What was done to a document, to take it back: whole states, because a show is small.

const MOST = 200;

export class History {
  constructor(state) {
    this.states = [structuredClone(state)];
    this.place = 0;
    this.saved = 0;
  }

  // A change is made; changes of the same kind that follow each other at once are one.
  add(state, kind = "") {
    const now = performance.now();
    const same = kind && kind === this.kind && now - this.at < 900 && this.place > 0 && this.place !== this.saved;
    this.states.length = this.place + 1;
    if (same) this.states[this.place] = structuredClone(state);
    else this.states.push(structuredClone(state));
    if (this.states.length > MOST) {
      this.states.shift();
      this.saved -= 1;
    }
    this.place = this.states.length - 1;
    [this.kind, this.at] = [kind, now];
  }

  move(by) {
    this.place = Math.min(this.states.length - 1, Math.max(0, this.place + by));
    this.kind = "";
    return structuredClone(this.states[this.place]);
  }

  get canUndo() {
    return this.place > 0;
  }

  get canRedo() {
    return this.place < this.states.length - 1;
  }

  get changed() {
    return this.place !== this.saved;
  }

  keep() {
    this.saved = this.place;
    this.kind = "";
  }
}

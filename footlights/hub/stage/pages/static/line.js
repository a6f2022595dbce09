// The connection of a page to its stage. It comes back by itself, unless coming back would change nothing.

import { Link } from "./link.js";

export const base = location.pathname.replace(/[^/]*$/, ""); // "/stage/SHOW/"
const REPLACED = 4000; // codes of closing: another connection of the same person has taken its place
const NOT_LET_IN = 4003;

export class Line extends Link {
  // onEnd(words): it will not come back by itself; isOver(): the stage has nothing more to say
  constructor({ path, onMessage, onState, onEnd, isOver }) {
    super(`${base}${path}`, { onMessage, onState });
    this.onEnd = onEnd;
    this.isOver = isOver;
  }

  // Whether it could be said.
  say(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  async closed(socket, closing) {
    const { code } = closing;
    if (socket !== this.socket || !(code === REPLACED || code === NOT_LET_IN || this.isOver())) {
      await super.closed(socket, closing);
      return;
    }
    clearTimeout(this.silence);
    this.socket = null;
    this.over = true;
    this.onEnd(code === REPLACED ? "This show is open in another window." : "");
  }

  retryNow() {
    if (!this.over) super.retryNow();
  }
}

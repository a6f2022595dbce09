// A WebSocket that comes back by itself.

const FIRST = 400; // milliseconds until the first new try
const LAST = 8000; // the longest wait between two tries
const SILENCE = 26000; // the server says something every ten seconds

export class Link {
  // onMessage(object), onState("live" | "connecting" | "refused", reason)
  constructor(path, { onMessage, onState = () => {} }) {
    this.path = path;
    this.onMessage = onMessage;
    this.onState = onState;
    this.wait = FIRST;
    this.failures = 0;
    this.open();
    addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.retryNow());
  }

  open() {
    clearTimeout(this.timer);
    const socket = new WebSocket(address(this.path));
    this.socket = socket;
    this.onState("connecting", "");
    socket.onmessage = (message) => {
      this.heard();
      this.onMessage(JSON.parse(message.data));
    };
    socket.onopen = () => {
      this.wait = FIRST;
      this.failures = 0;
      this.heard();
      this.onState("live", "");
    };
    socket.onclose = (closing) => this.closed(socket, closing);
  }

  heard() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.closed(this.socket, { reason: "the server fell silent" }), SILENCE);
  }

  async closed(socket, closing) {
    if (socket !== this.socket) return;
    this.socket = null;
    socket.onclose = null;
    socket.close();
    clearTimeout(this.silence);
    this.failures += 1;
    const refused = this.failures > 1 && (await tokenIsWrong());
    this.onState(refused ? "refused" : "connecting", closing.reason ?? "");
    this.timer = setTimeout(() => this.open(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(LAST, this.wait * 2);
  }

  retryNow() {
    if (this.socket) return;
    this.wait = FIRST;
    this.open();
  }
}

export const address = (path) => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;

async function tokenIsWrong() {
  try {
    return (await fetch("/api/stats", { cache: "no-store" })).status === 403;
  } catch {
    return false;
  }
}

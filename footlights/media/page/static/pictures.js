// What is live about a stream. Each message shown is answered, so a slow viewer gets fewer and never old ones.

import { address } from "./link.js";

const AGAIN = 800; // milliseconds until a stream that could not be opened is tried again

export class LiveView {
  // view: "" as it is painted, "/raw" or "/cards"; onMessage(blob): called for each message, one after the other
  constructor(name, view, onMessage) {
    this.path = `/streams/${name.split("/").map(encodeURIComponent).join("/")}${view}`;
    this.onMessage = onMessage;
    this.socket = null;
    this.wanted = false;
  }

  start() {
    this.wanted = true;
    if (!this.socket) this.open();
  }

  stop() {
    this.wanted = false;
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = null;
  }

  open() {
    const socket = new WebSocket(address(this.path));
    this.socket = socket;
    socket.onmessage = async (message) => {
      await this.onMessage(message.data);
      if (socket.readyState === WebSocket.OPEN) socket.send("shown");
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (this.wanted) this.timer = setTimeout(() => this.open(), AGAIN);
    };
  }
}

export class LivePicture extends LiveView {
  constructor(name, canvas, onSize, view = "") {
    super(name, view, (blob) => this.draw(blob));
    this.canvas = canvas;
    this.onSize = onSize;
    this.context = canvas.getContext("2d", { alpha: false });
  }

  async draw(blob) {
    let bitmap;
    try {
      bitmap = await createImageBitmap(blob);
    } catch {
      return; // a picture that does not decode is left out
    }
    const { canvas } = this;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      this.onSize(bitmap.width / bitmap.height);
    }
    this.context.drawImage(bitmap, 0, 0);
    bitmap.close();
    canvas.dataset.shown = Number(canvas.dataset.shown ?? 0) + 1;
  }
}

// What is live about a stream. Each message shown is answered, so a slow viewer gets fewer and never old ones.

import { address } from "./link.js";

const AGAIN = 800; // milliseconds until a stream that could not be opened is tried again

export class LiveView {
  // view: "" as it is painted, "/raw" or "/cards"; read(blob): a promise of what is shown; show(that)
  constructor(name, view, read, show) {
    this.path = `/streams/${name.split("/").map(encodeURIComponent).join("/")}${view}`;
    this.read = read;
    this.show = show;
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
    socket.onmessage = async ({ data }) => {
      const made = await this.read(data);
      if (this.socket !== socket) return; // meanwhile somebody looks at something else, which this would cover
      this.show(made);
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
    super(name, view, (blob) => createImageBitmap(blob).catch(() => null), (bitmap) => bitmap && this.draw(bitmap));
    this.canvas = canvas;
    this.onSize = onSize;
    this.context = canvas.getContext("2d", { alpha: false });
  }

  draw(bitmap) {
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

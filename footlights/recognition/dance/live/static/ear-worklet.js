// Hands on what the microphone hears, in pieces of 2048 samples.

class Ear extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Int16Array(2048);
    this.filled = 0;
  }

  process([input]) {
    if (!input.length) return true;
    for (let i = 0; i < input[0].length; i += 1) {
      let sum = 0;
      for (const channel of input) sum += channel[i];
      this.piece[this.filled] = Math.max(-1, Math.min(1, sum / input.length)) * 32767;
      this.filled += 1;
      if (this.filled === this.piece.length) {
        this.port.postMessage(this.piece.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("ear", Ear);

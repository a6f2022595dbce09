// The show that footlights plays where no other was given: beams cross to an X, a chord swells, confetti falls.
const SECONDS = 13;
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;
const COLOURS = ["#ffb347", "#ff5e7e", "#7ee0ff", "#b58cff", "#fff3c4", "#6dffb0"];
const canvas = document.createElement("canvas");
const pen = canvas.getContext("2d");
const ease = (x) => (x <= 0 ? 0 : x >= 1 ? 1 : x * x * (3 - 2 * x));

const confetti = Array.from({ length: CALM ? 60 : 260 }, (_, i) => ({
  x: Math.random(),
  start: 2.0 + Math.random() * 5,
  fall: 0.12 + Math.random() * 0.16,
  sway: Math.random() * Math.PI * 2,
  spin: 2 + Math.random() * 6,
  size: 0.006 + Math.random() * 0.008,
  colour: COLOURS[i % COLOURS.length],
}));

function beam(x, y, angle, spread, colour, strength) {
  const length = Math.hypot(canvas.width, canvas.height) * 1.2;
  const glow = pen.createLinearGradient(x, y, x + Math.sin(angle) * length, y - Math.cos(angle) * length);
  glow.addColorStop(0, colour);
  glow.addColorStop(1, "transparent");
  pen.globalAlpha = strength;
  pen.fillStyle = glow;
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x + Math.sin(angle - spread) * length, y - Math.cos(angle - spread) * length);
  pen.lineTo(x + Math.sin(angle + spread) * length, y - Math.cos(angle + spread) * length);
  pen.fill();
}

function lights(time, width, height) {
  const crossed = ease((time - 0.6) / 1.6);
  const out = 1 - ease((time - SECONDS + 1.4) / 1.2);
  const pulse = 0.85 + 0.15 * Math.sin(time * Math.PI * 4);
  const diagonal = Math.atan2(width, height);
  pen.globalCompositeOperation = "lighter";
  for (const side of [-1, 1]) {
    const corner = side < 0 ? 0 : width;
    const sweep = CALM ? 0 : Math.sin(time * 1.7 + side) * 0.5 * (1 - crossed);
    beam(corner, height, -side * (diagonal * crossed + sweep), 0.055, "#ffd27a", 0.9 * out * pulse);
    beam(corner, height, -side * (diagonal * crossed + sweep), 0.11, "#ff8a3c", 0.35 * out);
  }
  for (let i = 0; i < 6; i++) {
    const angle = Math.PI + (CALM ? (i - 2.5) * 0.1 : Math.sin(time * 0.9 + i * 1.3) * 0.55);
    beam(((i + 0.5) / 6) * width, -20, angle, 0.05, COLOURS[i], 0.3 * crossed * out * pulse);
  }
  pen.globalAlpha = 1;
  pen.globalCompositeOperation = "source-over";
}

function fall(time, width, height) {
  const out = 1 - ease((time - SECONDS + 1.2) / 1.0);
  for (const piece of confetti) {
    const age = time - piece.start;
    if (age < 0) continue;
    const y = (age * piece.fall - 0.05) * height;
    const x = (piece.x + Math.sin(age * 1.6 + piece.sway) * 0.02) * width;
    const size = piece.size * Math.max(width, height);
    pen.save();
    pen.globalAlpha = out;
    pen.translate(x, y);
    pen.rotate(age * piece.spin);
    pen.scale(1, Math.cos(age * piece.spin * 0.8));
    pen.fillStyle = piece.colour;
    pen.fillRect(-size / 2, -size / 3, size, size / 1.5);
    pen.restore();
  }
}

function sound() {
  const audio = new AudioContext();
  const master = audio.createGain();
  master.gain.value = 0.16;
  master.connect(audio.destination);
  const chords = [[196, 247, 294], [220, 277, 330], [247, 311, 370], [294, 370, 440, 587]];
  chords.forEach((notes, step) => {
    const begin = audio.currentTime + 0.2 + step * 0.55;
    const length = step === chords.length - 1 ? 5 : 0.6;
    for (const frequency of notes) {
      for (const detune of [-6, 6]) {
        const voice = audio.createOscillator();
        const swell = audio.createGain();
        voice.type = "sawtooth";
        voice.frequency.value = frequency;
        voice.detune.value = detune;
        swell.gain.setValueAtTime(0, begin);
        swell.gain.linearRampToValueAtTime(0.22, begin + 0.05);
        swell.gain.exponentialRampToValueAtTime(0.001, begin + length);
        voice.connect(swell).connect(master);
        voice.start(begin);
        voice.stop(begin + length);
      }
    }
  });
}

function title(time, width, height) {
  const shown = ease((time - 1.4) / 0.7) * (1 - ease((time - SECONDS + 1.3) / 0.9));
  if (shown <= 0) return;
  const size = Math.min(width * 0.2, height * 0.28) * (0.7 + 0.3 * ease((time - 1.4) / 0.7) + 0.006 * time);
  pen.save();
  pen.globalAlpha = shown;
  pen.font = `800 ${size}px Figtree, system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.shadowColor = "rgb(255 170 60 / 70%)";
  pen.shadowBlur = size * 0.35;
  pen.fillStyle = "#fff7e3";
  pen.fillText("Encore!", width / 2, height * (0.62 - 0.08 * ease((time - 1.4) / 0.7)) + size / 3);
  pen.restore();
}

function stage(width, height) {
  const floor = pen.createLinearGradient(0, 0, 0, height);
  floor.addColorStop(0, "#07060d");
  floor.addColorStop(0.72, "#150f24");
  floor.addColorStop(0.73, "#2b1a2e");
  floor.addColorStop(1, "#0d0811");
  pen.fillStyle = floor;
  pen.fillRect(0, 0, width, height);
}

// The canvas on which it plays; `ended` is called when it is over.
export function encore(ended) {
  let start;
  function draw(now) {
    start ??= now;
    const time = (now - start) / 1000;
    const scale = Math.min(devicePixelRatio || 1, 2);
    const width = Math.round(canvas.clientWidth * scale);
    const height = Math.round(canvas.clientHeight * scale);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    stage(width, height);
    lights(time, width, height);
    fall(time, width, height);
    title(time, width, height);
    if (time < SECONDS) requestAnimationFrame(draw);
    else ended();
  }
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Spotlights cross to an X over a stage, confetti falls: encore!");
  requestAnimationFrame(draw);
  try {
    sound();
  } catch {
    // no sound device: the lights are enough
  }
  return canvas;
}

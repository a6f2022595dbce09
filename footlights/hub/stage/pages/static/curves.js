// The wall's two pictures: how the energy went over the show, and who answers how fast.

const AMBER = "#ffb65c";
const EMBER = "#ff8f43";
const IVORY = "#f8f0e5";
const MUTED = "#b9acbd";

// A canvas as sharp as its screen; gives its pen, in CSS pixels, and its size.
export function fit(canvas) {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

const font = (size, weight = 600) => `${weight} ${size}px Figtree, sans-serif`;

// energy: 0..1 for each second; cues: [{begin, end}]; length: seconds; at: seconds; moments: [{at, answered, present}]
export function drawEnergy(canvas, { energy, cues, length, at, moments }) {
  const { pen, width, height } = fit(canvas);
  const size = Math.max(12, Math.min(20, width / 60));
  const bottom = height - size * 1.5;
  const x = (seconds) => (seconds / length) * width;
  const y = (share) => bottom - share * (bottom - size * 1.6);
  for (const { begin, end } of cues) {
    pen.fillStyle = at >= begin && at < end ? "#ffb65c40" : "#ffe9cf14";
    pen.fillRect(x(begin), 0, Math.max(3, x(end) - x(begin)), bottom);
  }
  pen.fillStyle = "#ffe9cf38";
  pen.fillRect(0, bottom, width, 1);
  const shown = energy.slice(0, Math.max(0, Math.ceil(at)));
  if (shown.length) {
    const shape = new Path2D();
    shape.moveTo(0, bottom);
    shown.forEach((share, second) => shape.lineTo(x(second + 0.5), y(Math.min(1, share ?? 0))));
    shape.lineTo(x(shown.length - 0.5), bottom);
    const glow = pen.createLinearGradient(0, 0, 0, bottom);
    glow.addColorStop(0, AMBER);
    glow.addColorStop(1, "#ff8f4330");
    pen.fillStyle = glow;
    pen.fill(shape);
    pen.strokeStyle = EMBER;
    pen.lineWidth = 3;
    pen.lineJoin = "round";
    pen.stroke(shape);
  }
  pen.fillStyle = IVORY;
  pen.fillRect(x(Math.min(at, length)) - 1.5, 0, 3, bottom);
  pen.textAlign = "center";
  pen.font = font(size);
  moments.slice(0, 5).forEach(({ at: begun, answered, present }) => {
    const share = present ? Math.round((100 * answered) / present) : 0;
    pen.fillText(`${share} %`, Math.min(width - size * 2, Math.max(size * 2, x(begun + 1.5))), size);
  });
  labels(pen, length, x, height - size * 0.25, size);
}

function labels(pen, length, x, y, size) {
  const step = [5, 10, 15, 30, 60, 120, 300, 600, 1800].find((each) => x(each) >= size * 4) ?? 3600;
  pen.fillStyle = MUTED;
  pen.font = font(size * 0.9, 500);
  for (let at = 0; at < length - step / 3; at += step) {
    pen.textAlign = at === 0 ? "left" : "center";
    pen.fillText(`${Math.floor(at / 60)}:${String(at % 60).padStart(2, "0")}`, x(at), y);
  }
}

// histogram: answers by reaction time, in columns of `bin` seconds, the last one holding all that were slower
export function drawHistogram(canvas, { histogram, bin, until }) {
  const { pen, width, height } = fit(canvas);
  const size = Math.max(12, Math.min(20, width / 26));
  const bottom = height - size * 1.6;
  const columns = Math.min(histogram.length, Math.max(8, Math.ceil(until / bin)));
  const values = histogram.slice(0, columns);
  values[columns - 1] += histogram.slice(columns).reduce((sum, value) => sum + value, 0);
  const most = Math.max(1, ...values);
  const wide = width / columns;
  pen.fillStyle = "#ffe9cf38";
  pen.fillRect(0, bottom, width, 1);
  values.forEach((value, column) => {
    const high = (value / most) * (bottom - 4);
    const glow = pen.createLinearGradient(0, bottom - high, 0, bottom);
    glow.addColorStop(0, column * bin < 1 ? "#7fe3b4" : AMBER);
    glow.addColorStop(1, column * bin < 1 ? "#2f8f68" : "#c25a17");
    pen.fillStyle = glow;
    pen.beginPath();
    pen.roundRect(column * wide + wide * 0.1, bottom - high, wide * 0.8, high, [Math.min(6, wide / 4), Math.min(6, wide / 4), 0, 0]);
    pen.fill();
  });
  pen.fillStyle = MUTED;
  pen.font = font(size, 500);
  const step = columns * bin > 6 ? 2 : 1;
  for (let second = 0; second < columns * bin - 0.4; second += step) {
    pen.textAlign = second === 0 ? "left" : "center";
    pen.fillText(second === 0 ? "0 s" : `${second}`, (second / bin) * wide, height - size * 0.3);
  }
}

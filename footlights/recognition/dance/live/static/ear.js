// Dances to the microphone: sends what it hears, and moves the body as the answers say, on the clock of the microphone.

const byId = (id) => document.getElementById(id);

export function hear({ viewer, model, say }) {
  const begin = byId("begin");
  const state = { frames: [], beats: [], tempo: 0, phrase: "", meter: 4, lead: 0, clock: null };
  for (const id of ["play", "seek", "another"]) byId(id).hidden = true;
  byId("sections").hidden = true;
  begin.textContent = "Listen";
  begin.hidden = false;
  begin.addEventListener("click", async () => {
    begin.hidden = true;
    try {
      await listen(state, say);
    } catch (problem) {
      begin.hidden = false;
      say(problem.name === "NotAllowedError" ? "The browser does not let this page use the microphone." : problem.message);
    }
  });
  const frame = () => {
    dance(state, model);
    light(state, viewer);
    viewer.draw();
    requestAnimationFrame(frame);
  };
  model.pose(0);
  frame();
}

async function listen(state, say) {
  const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
  const context = new AudioContext();
  await context.audioWorklet.addModule("/static/ear-worklet.js");
  const ear = new AudioWorkletNode(context, "ear", { numberOfOutputs: 0 });
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ear`);
  socket.binaryType = "arraybuffer";
  await new Promise((open, fail) => {
    socket.onopen = open;
    socket.onerror = () => fail(new Error("footlights does not answer"));
  });
  socket.send(JSON.stringify({ rate: context.sampleRate }));
  let sent = 0;
  ear.port.onmessage = ({ data }) => {
    if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > 1e6) return;
    if (!sent) state.clock = () => context.currentTime - start;
    sent += data.length;
    socket.send(data.buffer);
  };
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") Object.assign(state, JSON.parse(data));
    else take(state, data);
  };
  socket.onclose = () => { say("footlights has ended."); context.close(); };
  context.createMediaStreamSource(stream).connect(ear);
  const start = context.currentTime;
}

// A piece of the dance: where it begins in seconds, frames a second, and for each frame the root and the turns.
function take(state, bytes) {
  const view = new DataView(bytes);
  const from = view.getFloat64(0, true), fps = view.getFloat32(8, true), count = view.getUint32(12, true), joints = view.getUint32(16, true);
  const numbers = new Float32Array(bytes, 20), width = 3 + 4 * joints;
  state.frames = state.frames.filter((frame) => frame.time < from);
  for (let i = 0; i < count; i += 1) state.frames.push({ time: from + i / fps, numbers: numbers.subarray(i * width, (i + 1) * width) });
}

function dance(state, model) {
  if (!state.clock || !state.frames.length) return;
  document.documentElement.dataset.time = state.clock().toFixed(3);
  const time = state.clock() - state.lead;
  let at = state.frames.findIndex((frame) => frame.time > time);
  if (at > 60) { // what is past is forgotten
    state.frames.splice(0, at - 30);
    at = 30;
  }
  const after = state.frames[at < 0 ? state.frames.length - 1 : at], before = state.frames[Math.max(0, (at < 0 ? state.frames.length : at) - 1)];
  const share = after.time > before.time ? Math.min(1, Math.max(0, (time - before.time) / (after.time - before.time))) : 1;
  const nodes = model.bodies[0].joints;
  const mix = (i) => before.numbers[i] * (1 - share) + after.numbers[i] * share;
  nodes[0].translation.set([mix(0), mix(1), mix(2)]);
  nodes.forEach((node, joint) => {
    const turn = [0, 1, 2, 3].map((part) => mix(3 + 4 * joint + part));
    const size = Math.hypot(...turn) || 1;
    node.rotation.set(turn.map((part) => part / size));
  });
  model.settle();
}

function light(state, viewer) {
  if (!state.clock) return;
  const time = state.clock();
  let beat = -1;
  while (beat + 1 < state.beats.length && state.beats[beat + 1] <= time) beat += 1;
  const since = beat < 0 ? 9 : time - state.beats[beat];
  const length = state.tempo > 0 ? 60 / state.tempo : 0.5;
  const count = (state.first ?? 0) + beat;
  Object.assign(viewer.light, { pulse: Math.exp(-since / 0.2), beat: Math.max(0, count + Math.min(0.99, since / length)), energy: 0.7 });
  [...byId("beat").children].forEach((lamp, index) => lamp.classList.toggle("on", beat >= 0 && index === ((count % state.meter) + state.meter) % state.meter));
  const words = [state.phrase.replaceAll("_", " "), state.tempo > 0 ? `${Math.round(state.tempo)} beats a minute` : "listening"].filter(Boolean).join(" · ");
  if (byId("about").textContent !== words) byId("about").textContent = words;
  byId("clock").textContent = `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}`;
}

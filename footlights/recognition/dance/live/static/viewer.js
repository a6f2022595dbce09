// Draws the bodies of a Model on a stage, with WebGL 2. Drag: look around. Wheel or two fingers: nearer. Arrow keys: turn.

import { multiply } from "/static/glb.js";

const JOINTS = 32; // at most, of one body
const BODY_VERTEX = `#version 300 es
uniform mat4 joints[${JOINTS}];
uniform mat4 camera;
uniform float flat_on_floor;
uniform vec3 lamp;
in vec3 point; in vec3 normal; in float joint;
out vec3 way; out vec3 place;
void main() {
  mat4 bone = joints[int(joint)];
  vec4 world = bone * vec4(point, 1.0);
  way = mat3(bone) * normal;
  if (flat_on_floor > 0.5) {
    float share = lamp.y / max(0.1, lamp.y - world.y);
    world.xyz = vec3(lamp.x + (world.x - lamp.x) * share, 0.004, lamp.z + (world.z - lamp.z) * share);
  }
  place = world.xyz;
  gl_Position = camera * world;
}`;
const BODY_PIXEL = `#version 300 es
precision highp float;
uniform vec3 colour; uniform vec3 eye; uniform vec3 left; uniform vec3 right;
uniform float pulse; uniform float flat_on_floor;
in vec3 way; in vec3 place;
out vec4 pixel;
void main() {
  if (flat_on_floor > 0.5) { pixel = vec4(0.0, 0.0, 0.0, 0.42); return; }
  vec3 n = normalize(way), view = normalize(eye - place);
  float key = max(dot(n, normalize(vec3(-0.35, 0.7, 0.8))), 0.0);
  float a = pow(max(dot(n, normalize(vec3(-0.9, 0.35, -0.45))), 0.0), 1.2);
  float b = pow(max(dot(n, normalize(vec3(0.9, 0.35, -0.45))), 0.0), 1.2);
  float rim = pow(1.0 - max(dot(n, view), 0.0), 3.0);
  vec3 light = vec3(0.16) + 0.82 * key * vec3(1.0, 0.97, 0.93) + (a + rim * 0.35) * left * (1.1 + pulse) + (b + rim * 0.35) * right * (1.1 + pulse);
  float gloss = pow(max(dot(n, normalize(view + normalize(vec3(-0.35, 0.7, 0.8)))), 0.0), 24.0) * 0.12;
  pixel = vec4(pow(colour * light + gloss, vec3(1.0 / 2.2)), 1.0);
}`;
const FLOOR_VERTEX = `#version 300 es
uniform mat4 camera; in vec3 point; out vec3 place;
void main() { place = point; gl_Position = camera * vec4(point, 1.0); }`;
const FLOOR_PIXEL = `#version 300 es
precision highp float;
uniform vec3 left; uniform vec3 right; uniform float pulse; uniform float beat; uniform float energy;
in vec3 place; out vec4 pixel;
float pool(vec2 at, float size) { vec2 d = (place.xz - at) / size; return exp(-dot(d, d)); }
void main() {
  if (place.y > 0.01) {
    float up = place.y / 5.0, turn = atan(place.x, -place.z), cell = turn * 11.4592;
    float bars = smoothstep(0.3, 0.34, abs(fract(cell) - 0.5));
    float tall = 0.25 + 0.5 * energy * (0.5 + 0.5 * sin(floor(cell) * 12.9 + floor(beat) * 1.7)) * (0.55 + 0.45 * pulse);
    float lit = smoothstep(tall, tall - 0.02, up) * (1.0 - bars);
    vec3 base = mix(left, right, 0.5 + 0.5 * sin(turn));
    float fade = 0.35 + 0.65 * exp(-turn * turn);
    pixel = vec4(pow(base * fade * (0.035 + 0.05 * (1.0 - up) + lit * (0.10 + 0.22 * pulse)) * smoothstep(0.95, 0.35, up), vec3(1.0 / 2.2)), 1.0);
    return;
  }
  float sweep = sin(beat * 0.7854) * 1.5 * energy;
  vec3 light = vec3(0.045) * pool(vec2(0.0, 0.6), 3.6) + 0.05 * pool(vec2(0.0), 1.6) * vec3(1.0, 0.97, 0.93);
  light += left * (0.05 + 0.13 * pulse) * pool(vec2(-1.3 - sweep, 0.3), 0.9) + right * (0.05 + 0.13 * pulse) * pool(vec2(1.3 + sweep, 0.3), 0.9);
  float far = length(place.xz), ring = exp(-pow((far - fract(beat) * 4.2) / 0.16, 2.0)) * (1.0 - fract(beat));
  light += mix(left, right, 0.5) * ring * 0.10 * energy;
  vec2 seam = abs(fract(place.xz) - 0.5);
  light *= 1.0 - 0.35 * smoothstep(0.485, 0.5, max(seam.x, seam.y));
  pixel = vec4(pow(light, vec3(1.0 / 2.2)), 1.0);
}`;

export class Viewer {
  constructor(canvas) {
    this.canvas = canvas;
    const gl = canvas.getContext("webgl2", { antialias: true, alpha: false, stencil: true });
    if (!gl) throw new Error("this browser has no WebGL 2; try another one, or a film: footlights dance SONG -o dance.mp4");
    this.gl = gl;
    this.body = program(gl, BODY_VERTEX, BODY_PIXEL);
    this.floor = program(gl, FLOOR_VERTEX, FLOOR_PIXEL);
    this.floorShape = hall(gl, this.floor);
    this.yaw = 0; this.pitch = 0.12; this.distance = 4.6; this.target = [0, 0.95, 0];
    this.light = { left: [0.1, 0.5, 1], right: [1, 0.14, 0.55], pulse: 0, beat: 0, energy: 0.5 };
    this.model = null;
    this.shapes = [];
    orbit(this);
  }

  // Show another model in place of the one before.
  show(model) {
    const { gl } = this;
    for (const parts of this.shapes) for (const part of parts) gl.deleteVertexArray(part.shape.array);
    this.model = model;
    this.shapes = model.bodies.map((body) => body.parts.map((part) => ({
      colour: part.colour,
      shape: shape(gl, this.body, {
        point: [3, part.points], normal: [3, part.normals],
        joint: [1, Float32Array.from({ length: part.joints.length / 4 }, (_, i) => part.joints[4 * i])],
      }, part.faces),
    })));
    if (model.bodies.length > 1) this.distance = Math.max(this.distance, 3.6 + model.bodies.length);
  }

  draw() {
    const { gl, canvas, light } = this;
    const scale = Math.min(2, window.devicePixelRatio || 1);
    const width = Math.round(canvas.clientWidth * scale), height = Math.round(canvas.clientHeight * scale);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    gl.viewport(0, 0, width, height);
    gl.clearColor(0.01, 0.008, 0.014, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT | gl.STENCIL_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    if (this.model) this.follow(this.model.centre());
    const { matrix, eye } = this.camera(width / height);
    use(gl, this.floor, { camera: matrix, ...light });
    gl.enable(gl.CULL_FACE);
    drawShape(gl, this.floorShape);
    gl.disable(gl.CULL_FACE);
    if (!this.model) return;
    for (const flat of [1, 0]) {
      if (flat) { // each pixel of a shadow is darkened once
        gl.enable(gl.BLEND);
        gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
        gl.enable(gl.STENCIL_TEST);
        gl.stencilFunc(gl.EQUAL, 0, 255);
        gl.stencilOp(gl.KEEP, gl.KEEP, gl.INCR);
        gl.depthMask(false);
      }
      this.model.bodies.forEach((body, index) => {
        const hips = body.joints[0].world;
        use(gl, this.body, { joints: body.matrices, camera: matrix, eye, flat_on_floor: flat, lamp: [hips[12] + 1.2, 5, hips[14] + 1.6], ...light });
        for (const part of this.shapes[index]) {
          use(gl, this.body, { colour: part.colour.slice(0, 3) });
          drawShape(gl, part.shape);
        }
      });
      gl.disable(gl.BLEND);
      gl.disable(gl.STENCIL_TEST);
      gl.depthMask(true);
    }
  }

  follow([x, , z]) {
    this.target[0] += (x - this.target[0]) * 0.04;
    this.target[2] += (z - this.target[2]) * 0.04;
  }

  camera(aspect) {
    const [x, middle, z] = this.target;
    const y = middle + 0.25 * Math.max(0, 3.6 - this.distance); // who comes near looks at the face
    const away = this.distance * Math.max(1, 0.85 / aspect);
    const eye = [
      x + away * Math.sin(this.yaw) * Math.cos(this.pitch),
      Math.max(0.15, y + away * Math.sin(this.pitch)),
      z + away * Math.cos(this.yaw) * Math.cos(this.pitch),
    ];
    const f = 2.1, near = 0.1, far = 60;
    const lens = Float32Array.of(f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, 2 * far * near / (near - far), 0);
    const back = unit([eye[0] - x, eye[1] - y, eye[2] - z]);
    const side = unit(cross([0, 1, 0], back)), up = cross(back, side);
    const view = Float32Array.of(side[0], up[0], back[0], 0, side[1], up[1], back[1], 0, side[2], up[2], back[2], 0,
      -dot(side, eye), -dot(up, eye), -dot(back, eye), 1);
    const matrix = new Float32Array(16);
    multiply(matrix, 0, lens, view, 0);
    return { matrix, eye };
  }
}

function orbit(viewer) {
  const { canvas } = viewer;
  const fingers = new Map();
  const turn = (across, down) => {
    viewer.yaw -= across;
    viewer.pitch = Math.min(1.3, Math.max(-0.15, viewer.pitch + down));
  };
  const zoom = (factor) => { viewer.distance = Math.min(12, Math.max(1.4, viewer.distance * factor)); };
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); fingers.set(event.pointerId, event); });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    if (fingers.size === 1) turn((event.clientX - before.clientX) * 0.007, (event.clientY - before.clientY) * 0.005);
    if (fingers.size === 2) {
      const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
      const gap = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      zoom(gap(before) / gap(event));
    }
    fingers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
  canvas.addEventListener("wheel", (event) => { event.preventDefault(); zoom(Math.exp(event.deltaY * 0.001)); }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, 0.08], ArrowDown: [0, -0.08] }[event.key];
    if (step) { event.preventDefault(); turn(...step); }
    if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? 0.9 : 1.1);
  });
}

function program(gl, vertex, pixel) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, pixel]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  const places = {};
  for (let i = 0; i < gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS); i += 1) {
    const { name, type } = gl.getActiveUniform(made, i);
    places[name.replace("[0]", "")] = { at: gl.getUniformLocation(made, name), type };
  }
  return { made, places };
}

function use(gl, { made, places }, values) {
  gl.useProgram(made);
  for (const [name, value] of Object.entries(values)) {
    const place = places[name];
    if (!place) continue;
    if (place.type === gl.FLOAT_MAT4) gl.uniformMatrix4fv(place.at, false, value);
    else if (place.type === gl.FLOAT_VEC3) gl.uniform3fv(place.at, value);
    else gl.uniform1f(place.at, value);
  }
}

function shape(gl, { made }, attributes, faces) {
  const array = gl.createVertexArray();
  gl.bindVertexArray(array);
  for (const [name, [width, values]] of Object.entries(attributes)) {
    const at = gl.getAttribLocation(made, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, width, gl.FLOAT, false, 0, 0);
  }
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, faces, gl.STATIC_DRAW);
  gl.bindVertexArray(null);
  return { array, count: faces.length };
}

// A round floor, and a round wall that is seen from inside only.
function hall(gl, program) {
  const points = [0, 0, 0], faces = [], around = 48, far = 8.5;
  for (let i = 0; i < around; i += 1) {
    const turn = (i / around) * 2 * Math.PI, x = far * Math.sin(turn), z = far * Math.cos(turn);
    points.push(x, 0, z, x, 0.02, z, x, 5, z);
    const here = 1 + 3 * i, next = 1 + 3 * ((i + 1) % around);
    faces.push(0, here, next, here + 1, here + 2, next + 2, here + 1, next + 2, next + 1);
  }
  return shape(gl, program, { point: [3, Float32Array.from(points)] }, Uint16Array.from(faces));
}

function drawShape(gl, { array, count }) {
  gl.bindVertexArray(array);
  gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_SHORT, 0);
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = (a) => { const size = Math.hypot(...a) || 1; return a.map((v) => v / size); };

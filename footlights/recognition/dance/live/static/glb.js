// Reads the GLB files that footlights writes: bodies with skins, and one animation.

const TYPES = { 5121: Uint8Array, 5123: Uint16Array, 5125: Uint32Array, 5126: Float32Array };
const WIDTHS = { SCALAR: 1, VEC3: 3, VEC4: 4, MAT4: 16 };

export class Model {
  constructor(bytes) {
    const view = new DataView(bytes);
    if (view.getUint32(0, true) !== 0x46546c67) throw new Error("this is no GLB file");
    const length = view.getUint32(12, true);
    const json = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 20, length)));
    const start = 28 + length;
    const read = (index) => {
      const accessor = json.accessors[index];
      const part = json.bufferViews[accessor.bufferView];
      return new TYPES[accessor.componentType](bytes, start + part.byteOffset, accessor.count * WIDTHS[accessor.type]);
    };
    this.nodes = json.nodes.map((node) => ({
      name: node.name,
      children: node.children ?? [],
      translation: Float32Array.from(node.translation ?? [0, 0, 0]),
      rotation: Float32Array.from(node.rotation ?? [0, 0, 0, 1]),
      world: new Float32Array(16),
    }));
    this.roots = json.scenes[json.scene].nodes;
    this.channels = json.animations[0].channels.map((channel) => {
      const sampler = json.animations[0].samplers[channel.sampler];
      return { node: this.nodes[channel.target.node], path: channel.target.path, times: read(sampler.input), values: read(sampler.output) };
    });
    this.seconds = Math.max(...this.channels.map((channel) => channel.times[channel.times.length - 1]));
    this.bodies = json.nodes.filter((node) => node.skin !== undefined).map((node) => {
      const skin = json.skins[node.skin];
      return {
        joints: skin.joints.map((index) => this.nodes[index]),
        inverse: read(skin.inverseBindMatrices),
        matrices: new Float32Array(16 * skin.joints.length),
        parts: json.meshes[node.mesh].primitives.map((part) => ({
          colour: json.materials[part.material].pbrMetallicRoughness.baseColorFactor,
          points: read(part.attributes.POSITION),
          normals: read(part.attributes.NORMAL),
          joints: read(part.attributes.JOINTS_0),
          faces: read(part.indices),
        })),
      };
    });
  }

  // Put every body into the posture of a moment, seconds.
  pose(time) {
    for (const { node, path, times, values } of this.channels) {
      let low = 0, high = times.length - 1;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (times[middle] <= time) low = middle; else high = middle;
      }
      const share = Math.min(1, Math.max(0, (time - times[low]) / (times[high] - times[low] || 1)));
      const width = path === "rotation" ? 4 : 3;
      blend(node[path], values, low * width, high * width, share, width);
    }
    this.settle();
  }

  // From the turns of the joints to the matrices of the skins.
  settle() {
    for (const root of this.roots) this.place(this.nodes[root], null);
    for (const body of this.bodies) {
      body.joints.forEach((joint, index) => multiply(body.matrices, index * 16, joint.world, body.inverse, index * 16));
    }
  }

  place(node, parent) {
    const local = compose(node.translation, node.rotation);
    if (parent) multiply(node.world, 0, parent.world, local, 0); else node.world.set(local);
    for (const child of node.children) this.place(this.nodes[child], node);
  }

  // The middle of all hips.
  centre() {
    const out = [0, 0, 0];
    for (const body of this.bodies) for (let axis = 0; axis < 3; axis += 1) out[axis] += body.joints[0].world[12 + axis] / this.bodies.length;
    return out;
  }
}

function blend(out, values, from, to, share, width) {
  let sum = 0;
  for (let i = 0; i < width; i += 1) {
    out[i] = values[from + i] * (1 - share) + values[to + i] * share;
    sum += out[i] * out[i];
  }
  if (width === 4) for (let i = 0; i < 4; i += 1) out[i] /= Math.sqrt(sum) || 1;
}

function compose([x, y, z], [a, b, c, w]) {
  return Float32Array.of(
    1 - 2 * (b * b + c * c), 2 * (a * b + w * c), 2 * (a * c - w * b), 0,
    2 * (a * b - w * c), 1 - 2 * (a * a + c * c), 2 * (b * c + w * a), 0,
    2 * (a * c + w * b), 2 * (b * c - w * a), 1 - 2 * (a * a + b * b), 0,
    x, y, z, 1,
  );
}

// out = first * second, 4 x 4, columns one after the other.
export function multiply(out, at, first, second, from) {
  for (let column = 0; column < 4; column += 1) {
    for (let row = 0; row < 4; row += 1) {
      let sum = 0;
      for (let k = 0; k < 4; k += 1) sum += first[k * 4 + row] * second[from + column * 4 + k];
      out[at + column * 4 + row] = sum;
    }
  }
}

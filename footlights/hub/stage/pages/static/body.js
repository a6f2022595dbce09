// A body measured by itself, and the named features that definitions of gestures are written in: what recognition/body.py
// and recognition/features.py of footlights do, for those features that need no landmarks of hands.
//
// A point is {x, y}: x outwards (for a half) or towards the left hand (for the body), y up, in units of about the trunk.
// What cannot be seen is NaN, and so is all that is computed from it.

const SEEN = 0.2; // visibility under which a joint counts as unseen
const TRUNK_TO_SHOULDERS = 1.5; // trunk length over shoulder width of people who face the camera
export const LANDMARKS = 33;

const NOSE = 0;
const MOUTH = [9, 10];
const JOINTS = { // of the left and of the right half
  eye: [2, 5], ear: [7, 8], shoulder: [11, 12], elbow: [13, 14], wrist: [15, 16], pinky: [17, 18], index: [19, 20],
  hip: [23, 24], knee: [25, 26], ankle: [27, 28],
};

// pose: {xy: [[x, y] × 33] pixels, visibility: [33] 0..1, angle: radians clockwise from upright, used without hips}
export function measureBody({ xy, visibility, angle }) {
  const seen = visibility.map((value) => value >= SEEN);
  const [left, right] = JOINTS.shoulder.map((joint) => xy[joint]);
  const shoulders = middle(left, right);
  const hips = middle(...JOINTS.hip.map((joint) => xy[joint]));
  const spine = [shoulders[0] - hips[0], shoulders[1] - hips[1]];
  const width = [left[0] - right[0], left[1] - right[1]];
  const hasHips = JOINTS.hip.every((joint) => seen[joint]) && Math.hypot(...spine) > 1e-6;
  const trunk = hasHips ? Math.hypot(...spine) : 0;
  const unit = Math.max(trunk, TRUNK_TO_SHOULDERS * Math.hypot(...width));
  if (!JOINTS.shoulder.every((joint) => seen[joint]) || !(unit >= 1e-6)) return new Body(null, NaN, NaN);
  const up = hasHips ? [spine[0] / trunk, spine[1] / trunk] : [Math.sin(angle), -Math.cos(angle)];
  const facing = (width[0] * -up[1] + width[1] * up[0]) / unit;
  const across = facing < 0 ? [up[1], -up[0]] : [-up[1], up[0]]; // the direction of the left hand in the picture
  const points = xy.map(([x, y], index) => {
    const [dx, dy] = [x - shoulders[0], y - shoulders[1]];
    return seen[index]
      ? { x: (dx * across[0] + dy * across[1]) / unit, y: (dx * up[0] + dy * up[1]) / unit }
      : { x: NaN, y: NaN };
  });
  return new Body(points, facing, degrees(Math.atan2(up[0], -up[1])));
}

class Body {
  constructor(points, facing, lean) {
    this.points = points; // null: nothing is seen
    this.facing = facing; // signed shoulder width in units, below 0 from behind
    this.lean = lean; // degrees
    this.left = new Half(this, 0);
    this.right = new Half(this, 1);
  }
}

// The body seen from one side, so that left and right read alike.
class Half {
  constructor(body, side) {
    this.body = body;
    this.side = side; // 0 left, 1 right
  }

  point(name) {
    if (name === "nose") return this.mirrored(NOSE);
    if (name === "mouth") return mean(MOUTH.map((joint) => this.mirrored(joint)));
    return this.mirrored(JOINTS[name][this.side]);
  }

  other(name) {
    return this.mirrored(JOINTS[name][1 - this.side]);
  }

  mirrored(index) {
    const point = this.body.points?.[index] ?? { x: NaN, y: NaN };
    return this.side === 0 ? point : { x: -point.x, y: point.y };
  }
}

const palm = (half) => mean([half.point("wrist"), half.point("index"), half.point("pinky")]);

function forearmRise(half) {
  const [wrist, elbow] = [half.point("wrist"), half.point("elbow")];
  return degrees(Math.atan2(wrist.y - elbow.y, Math.abs(wrist.x - elbow.x)));
}

const HALF_FEATURES = {
  wrist_height: (half) => half.point("wrist").y,
  wrist_out: (half) => half.point("wrist").x,
  wrist_sway: (half) => half.point("wrist").x - half.point("elbow").x,
  wrist_above_elbow: (half) => half.point("wrist").y - half.point("elbow").y,
  wrist_above_nose: (half) => half.point("wrist").y - half.point("nose").y,
  wrist_to_nose: (half) => distance(half.point("wrist"), half.point("nose")),
  wrist_to_shoulder: (half) => distance(half.point("wrist"), half.point("shoulder")),
  wrist_to_other_shoulder: (half) => distance(half.point("wrist"), half.other("shoulder")),
  wrist_to_hip: (half) => distance(half.point("wrist"), half.point("hip")),
  elbow_height: (half) => half.point("elbow").y,
  elbow_out: (half) => half.point("elbow").x,
  elbow_angle: (half) => angleAt(half.point("shoulder"), half.point("elbow"), half.point("wrist")),
  forearm_rise: forearmRise,
  arm_raise: (half) => {
    const [elbow, shoulder] = [half.point("elbow"), half.point("shoulder")];
    return degrees(Math.atan2(Math.abs(elbow.x - shoulder.x), shoulder.y - elbow.y));
  },
  knee_angle: (half) => angleAt(half.point("hip"), half.point("knee"), half.point("ankle")),
  knee_height: (half) => half.point("knee").y - half.point("hip").y,
  hand_to_mouth: (half) => distance(palm(half), half.point("mouth")),
  hand_to_eye: (half) => distance(palm(half), half.point("eye")),
  hand_to_ear: (half) => distance(palm(half), half.point("ear")),
};

const BODY_FEATURES = {
  wrists_apart: ({ left }) => distance(left.point("wrist"), left.other("wrist")),
  hands_apart: ({ left, right }) => {
    const [one, other] = [palm(left), palm(right)];
    return Math.hypot(one.x + other.x, one.y - other.y);
  },
  wrists_crossed: ({ left, right }) => -(left.point("wrist").x + right.point("wrist").x),
  hands_height: ({ left, right }) => (left.point("wrist").y + right.point("wrist").y) / 2,
  hands_across: ({ left, right }) => (left.point("wrist").x - right.point("wrist").x) / 2,
  forearms_rise: ({ left, right }) => (forearmRise(left) + forearmRise(right)) / 2,
  head_pitch: (body) => inHead(body).y,
  head_turn: (body) => inHead(body).x,
  facing: (body) => body.facing,
  lean: (body) => body.lean,
};

export const FEATURES = [...Object.keys(BODY_FEATURES), ...Object.keys(HALF_FEATURES)];

// "wrists_apart" or "left.wrist_height"
export function feature(name, body) {
  const [side, rest] = name.includes(".") ? name.split(".") : ["", name];
  return side === "" ? BODY_FEATURES[rest](body) : HALF_FEATURES[rest](body[side]);
}

// The nose from the middle of the ears, in widths of the head.
function inHead({ left }) {
  const [near, far, nose] = [left.point("ear"), left.other("ear"), left.point("nose")];
  const ears = distance(near, far);
  if (!(ears > 1e-6)) return { x: NaN, y: NaN };
  const eyes = distance(left.point("eye"), left.other("eye"));
  const width = Math.max(ears, Number.isNaN(eyes) ? 0 : 1.6 * eyes, 0.1);
  return { x: (nose.x - (near.x + far.x) / 2) / width, y: (nose.y - (near.y + far.y) / 2) / width };
}

// The angle at b, degrees 0..180; 180 where two points coincide.
function angleAt(a, b, c) {
  const [upper, lower] = [{ x: a.x - b.x, y: a.y - b.y }, { x: c.x - b.x, y: c.y - b.y }];
  const lengths = [Math.hypot(upper.x, upper.y), Math.hypot(lower.x, lower.y)];
  if (lengths.some(Number.isNaN)) return NaN;
  if (lengths.some((length) => length <= 1e-9)) return 180;
  return degrees(Math.abs(Math.atan2(upper.y * lower.x - upper.x * lower.y, upper.x * lower.x + upper.y * lower.y)));
}

const middle = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
const mean = (points) => ({
  x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
  y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
});
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const degrees = (radians) => (radians * 180) / Math.PI;

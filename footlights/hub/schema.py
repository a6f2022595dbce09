"""The tables of the hub, the same in SQLite and in PostgreSQL. Moments are seconds since 1970, UTC."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

VERSION = 1  # of this layout, kept in `about`
Document = JSON().with_variant(JSONB(), "postgresql")
Number = BigInteger().with_variant(Integer(), "sqlite")  # only an INTEGER key counts by itself in SQLite

METADATA = MetaData()

about = Table(
    "about",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

groups = Table(  # devices that enrol with one key
    "groups",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("key", String(120), nullable=False),  # base64
    Column("by_hand", Boolean, nullable=False),  # somebody must say yes to each device
    Column("open", Boolean, nullable=False),  # takes new devices
    Column("created", Float, nullable=False),
)

devices = Table(
    "devices",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("title", String(200), nullable=False),
    Column("group", ForeignKey("groups.id"), nullable=True),  # none: it has a key of its own
    Column("key", String(120), nullable=True),  # base64, its own
    Column("state", String(16), nullable=False),  # waiting, active, blocked
    Column("created", Float, nullable=False),
    Column("online", Boolean, nullable=False),
    Column("seen", Float, nullable=True),  # of the last message
    Column("place", Document, nullable=True),  # as `footlights.hub.places` has it
)

certificates = Table(
    "certificates",
    METADATA,
    Column("serial", String(48), primary_key=True),  # hexadecimal
    Column("device", ForeignKey("devices.id"), nullable=False, index=True),
    Column("since", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("revoked", Float, nullable=True),
)

workers = Table(  # certificates of those who store what devices say
    "workers",
    METADATA,
    Column("serial", String(48), primary_key=True),  # hexadecimal
    Column("name", String(64), nullable=False, index=True),
    Column("since", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("revoked", Float, nullable=True),
)

requests = Table(  # signed requests that were taken, so that none is taken twice
    "requests",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("until", Float, nullable=False, index=True),
)

twins = Table(
    "twins",
    METADATA,
    Column("device", ForeignKey("devices.id"), primary_key=True),
    Column("version", Integer, nullable=False),  # of the desired document
    Column("desired", Document, nullable=False),
    Column("reported", Document, nullable=False),
    Column("acknowledged", Document, nullable=False),  # {property: {value, code, version, text}}
    Column("reported_at", Float, nullable=True),
)

twin_history = Table(
    "twin_history",
    METADATA,
    Column("device", ForeignKey("devices.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("desired", Document, nullable=False),
    Column("time", Float, nullable=False),
    Column("by", String(64), nullable=False),
    Column("why", String(200), nullable=False),
)

outboxes = Table(  # up to where the messages of a device's outbox are stored and followed
    "outboxes",
    METADATA,
    Column("device", ForeignKey("devices.id"), primary_key=True),
    Column("session", String(16), primary_key=True),
    Column("stored", BigInteger, nullable=False),  # everything up to this number
    Column("highest", BigInteger, nullable=False),  # that is there; there are gaps before it where it is not `stored`
)

messages = Table(
    "messages",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("device", ForeignKey("devices.id"), nullable=False),
    Column("session", String(16), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("after", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("time", Float, nullable=False),  # of the device
    Column("arrived", Float, nullable=False),
    Column("body", Document, nullable=False),
    Index("messages_once", "device", "session", "sequence", unique=True),
    Index("messages_of_a_device", "device", "kind", "time"),
)

pictures = Table(
    "pictures",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("device", ForeignKey("devices.id"), nullable=False, index=True),
    Column("time", Float, nullable=False),
    Column("about", String(80), nullable=False),  # what it shows: a stream, or the event it belongs to
    Column("jpeg", LargeBinary, nullable=False),
    Column("session", String(16), nullable=False),
    Column("event", BigInteger, nullable=True),  # number of the event that it belongs to; none: it was asked for
    Index("pictures_of_an_event", "device", "session", "event"),
)

rollups = Table(  # measurements by minute and by hour
    "rollups",
    METADATA,
    Column("device", ForeignKey("devices.id"), primary_key=True),
    Column("stream", String(80), primary_key=True),  # empty: of the device
    Column("name", String(80), primary_key=True),
    Column("seconds", Integer, primary_key=True),  # 60 or 3600
    Column("start", BigInteger, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("total", Float, nullable=False),
    Column("lowest", Float, nullable=False),
    Column("highest", Float, nullable=False),
    Column("last", Float, nullable=False),
    Column("last_at", Float, nullable=False),
)

rolled = Table(  # up to where the messages of an outbox are added up in `rollups`
    "rolled",
    METADATA,
    Column("device", ForeignKey("devices.id"), primary_key=True),
    Column("session", String(16), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)

totals = Table(  # of the fleet and of each group, sampled every minute
    "totals",
    METADATA,
    Column("group", String(64), primary_key=True),  # empty: the whole fleet
    Column("time", BigInteger, primary_key=True),
    Column("values", Document, nullable=False),
)

plans = Table(  # pictures on which devices are placed
    "plans",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("title", String(200), nullable=False),
    Column("width", Integer, nullable=False),  # pixels
    Column("height", Integer, nullable=False),
    Column("jpeg", LargeBinary, nullable=False),
    Column("created", Float, nullable=False),
)

commands = Table(
    "commands",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("device", ForeignKey("devices.id"), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("arguments", Document, nullable=False),
    Column("time", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("by", String(64), nullable=False),
    Column("answered", Float, nullable=True),
    Column("code", Integer, nullable=True),
    Column("answer", Document, nullable=True),
)

users = Table(
    "users",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),  # admin, operator, viewer
    Column("created", Float, nullable=False),
)

tokens = Table(
    "tokens",
    METADATA,
    Column("digest", String(64), primary_key=True),  # SHA-256 of the token, hexadecimal
    Column("user", ForeignKey("users.name", ondelete="CASCADE"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("created", Float, nullable=False),
    Column("until", Float, nullable=True),
)

audit = Table(
    "audit",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("time", Float, nullable=False),
    Column("user", String(64), nullable=False),
    Column("deed", String(80), nullable=False),
    Column("what", String(200), nullable=False),
)

rules = Table(
    "rules",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("title", String(200), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("definition", Document, nullable=False),
    Column("muted_until", Float, nullable=True),
    Column("changed", Float, nullable=False),
)

rule_states = Table(  # how each rule stands on each stream of each device
    "rule_states",
    METADATA,
    Column("rule", ForeignKey("rules.id", ondelete="CASCADE"), primary_key=True),
    Column("device", String(64), primary_key=True),
    Column("stream", String(80), primary_key=True),
    Column("since", Float, nullable=True),  # from when it holds; none: it does not
    Column("told", Boolean, nullable=False),  # it fired since then
    Column("fired", Float, nullable=True),  # when it fired last
)

firings = Table(  # what rules did
    "firings",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("rule", ForeignKey("rules.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("device", String(64), nullable=False),
    Column("stream", String(80), nullable=False),
    Column("time", Float, nullable=False),
    Column("value", Float, nullable=False),
    Column("text", String(400), nullable=False),
    Column("session", String(16), nullable=False),
    Column("sequence", BigInteger, nullable=False),  # of the message that made it fire: it fires once for it
    Column("done", Float, nullable=True, index=True),  # when its actions were done or given up
    Column("failed", String(400), nullable=False),  # which were given up, and why
    Column("acknowledged", Float, nullable=True),
    Column("acknowledged_by", String(64), nullable=True),
    Index("firings_once", "rule", "device", "stream", "session", "sequence", unique=True),
)

rollouts = Table(  # changes of many devices, one stage after the other
    "rollouts",
    METADATA,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("title", String(200), nullable=False),
    Column("by", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("patch", Document, nullable=False),
    Column("plan", Document, nullable=False),
    Column("state", String(16), nullable=False, index=True),  # running, stopped, done, back
    Column("stage", Integer, nullable=False),  # that is under way, from 1
    Column("since", Float, nullable=False),  # when this stage began
    Column("why", String(400), nullable=False),  # it stopped
)

rollout_devices = Table(
    "rollout_devices",
    METADATA,
    Column("rollout", ForeignKey("rollouts.id", ondelete="CASCADE"), primary_key=True),
    Column("device", ForeignKey("devices.id"), primary_key=True),
    Column("stage", Integer, nullable=False),  # in which it has its turn, from 1
    Column("state", String(16), nullable=False),  # one of `rollouts.MEMBER_STATES`
    Column("at", Float, nullable=False),  # when it came into this state
    Column("before", Document, nullable=True),  # what it was to be before
    Column("version", Integer, nullable=True),  # of the desired document that it was sent
    Column("streams", Document, nullable=False),  # how they were when it was sent, {name: state}
    Column("ill_since", Float, nullable=True),  # from when it is away or its streams fail
    Column("said", String(400), nullable=False),  # why it failed
)

models = Table(  # the files lie in a folder of the hub, by their hash
    "models",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),  # SHA-256 of the file, hexadecimal
    Column("kind", String(8), nullable=False),  # onnx, tflite, zip
    Column("size", BigInteger, nullable=False),  # bytes
    Column("labels", Document, nullable=False),
    Column("by", String(64), nullable=False),
    Column("time", Float, nullable=False),
    Column("note", String(200), nullable=False),
)

#!/usr/bin/env python3
"""Writes generated.json beside this file: action ids as Python computes them.

    python3 generate.py

The standard library is all that it needs. Where the package nodus-retry is installed, each id is
compared with the package's own. The output is the same on every run.

JSON has one kind of number and readers differ in how they take it, so payloads are written with
tags: {"int": "12"}, {"float": "<the double's 16 hex digits>"}, {"map": [[key, value], ..]} with the
entries in the order in which the test is to give them, {"lists": n} and {"objects": n} for n of them
(objects with the key "k") around a null. Everything else stands for itself.
"""

import hashlib
import json
import math
import random
import struct
from pathlib import Path

try:
    from nodus_retry import compute_action_id as package_action_id
except ImportError:
    package_action_id = None

RANDOM = random.Random(2024)
LONGEST_TEXT_SHOWN = 300


class Nested:
    def __init__(self, kind, depth):
        self.kind, self.depth = kind, depth

    def build(self):
        value = None
        for _ in range(self.depth):
            value = [value] if self.kind == "lists" else {"k": value}
        return value


def tagged(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": struct.pack(">d", value).hex()}
    if isinstance(value, list):
        return [tagged(item) for item in value]
    if isinstance(value, dict):
        return {"map": [[key, tagged(item)] for key, item in value.items()]}
    return {value.kind: value.depth}


def vector(name, payload, action_type="op", scope="s"):
    plain = payload.build() if isinstance(payload, Nested) else payload
    text = json.dumps(
        {"action_type": action_type, "payload": plain, "scope": scope},
        sort_keys=True,
        separators=(",", ":"),
    )
    action_id = hashlib.sha256(text.encode()).hexdigest()
    if package_action_id is not None:
        assert package_action_id(action_type, plain, scope=scope) == action_id
    case = {"name": name, "action_type": action_type, "payload": tagged(payload), "scope": scope}
    if len(text) <= LONGEST_TEXT_SHOWN:
        case["text"] = text
    case["action_id"] = action_id
    return case


def in_lists_of(size, values):
    values = list(values)
    return [values[start : start + size] for start in range(0, len(values), size)]


def scalars():
    for value in [None, True, False, "", "a", 0, 1, -1, 0.0, -0.0, 1.0, [], {}]:
        yield vector(f"alone: {value!r}", value)
    for value in [[[]], [{}], {"a": {}}, {"a": []}, {"": None}, [[], {}, [[]], [{}]]]:
        yield vector(f"empty inside: {value!r}", value)
    yield vector("empty all over", {}, "", "")


def text():
    for low in range(0, 0x100, 32):
        yield vector(f"Latin-1 from {low:#x}", [chr(c) for c in range(low, low + 32)])
    edges = [0x7FF, 0x800, 0x2028, 0x2029, 0xD7FE, 0xD7FF, 0xE000, 0xE001, 0xFEFF, 0xFFFC, 0xFFFD]
    edges += [0xFFFE, 0xFFFF, 0x10000, 0x10001, 0x103FF, 0x10400, 0x1F980, 0x10FC00, 0x10FFFE, 0x10FFFF]
    for point in edges:
        char = chr(point)
        yield vector(f"U+{point:04X}", {char: char, "a" + char: char + "a"}, char, char)
    for plane in range(17):
        points = [plane * 0x10000 + RANDOM.randrange(0x10000) for _ in range(24)]
        points = [point for point in points if not 0xD800 <= point < 0xE000]
        yield vector(f"plane {plane}", "".join(map(chr, points)), f"plane {plane}")
    for name, sample in [
        ("quotes", "\"'`\\\"\\\\"),
        ("looks escaped", "\\u00e9 \\n \\ud83e"),
        ("combining", "e\u0301 é Å \u212b"),
        ("right to left", "שלום\u202eabc"),
        ("joined emoji", "👩‍👩‍👧‍👦🏳️‍🌈"),
        ("long", "é" * 300 + "x" * 300),
    ]:
        yield vector(name, sample, sample[:40], sample[-40:])


def keys():
    awkward = ["", "a", "A", "aa", "a!", 'a"', "a\\", "a\n", "a\0", "b", "z", "{", "~", "\x7f", "\x80"]
    awkward += ["é", "z\u0301", "\ud7ff", "\ue000", "\uffff", "\U00010000", "🦀", "🦀a", "\U0010ffff", "\x1f"]
    for round_ in range(24):
        RANDOM.shuffle(awkward)
        chosen = awkward[: 3 + round_]
        yield vector(f"awkward keys {round_}", {key: place for place, key in enumerate(chosen)})
    for round_ in range(12):
        names = ["".join(RANDOM.choices('ab"é\uffff🦀', k=RANDOM.randrange(5))) for _ in range(20)]
        yield vector(f"alike keys {round_}", {name: [name] for name in names})
    for round_ in range(6):
        inner = {key: {k: 1 for k in RANDOM.sample(awkward, 4)} for key in RANDOM.sample(awkward, 6)}
        yield vector(f"sorted at every level {round_}", [inner, {"z": inner, "a": [inner]}])


def integers():
    for bits in (7, 8, 15, 16, 31, 32, 53, 63, 64, 127, 128):
        edge = 1 << bits
        values = [edge - 1, edge, edge + 1, 1 - edge, -edge, -edge - 1]
        yield vector(f"around 2^{bits}", [v for v in values if -(1 << 127) <= v < 1 << 128])
    yield vector("powers of ten", [sign * 10**power for power in range(39) for sign in (1, -1) if power < 38 or sign > 0])
    for count in range(4):
        yield vector(f"any integers {count}", [RANDOM.getrandbits(RANDOM.randrange(1, 127)) * RANDOM.choice((1, -1)) for _ in range(16)])


def floats():
    for exponent, group in enumerate(in_lists_of(64, (math.ldexp(1.0, e) for e in range(-1074, 1024)))):
        yield vector(f"powers of two {exponent}", group)
    neighbours = []
    for exponent in range(-1074, 1024, 16):
        power = math.ldexp(1.0, exponent)
        neighbours += [math.nextafter(power, 0.0), math.nextafter(power, math.inf)]
    for number, group in enumerate(in_lists_of(64, neighbours)):
        yield vector(f"beside powers of two {number}", group)
    tens = [float(f"{sign}{digits}e{exponent}") for exponent in range(-324, 309, 8) for sign, digits in (("", "1"), ("-", "1.7"))]
    for number, group in enumerate(in_lists_of(64, tens)):
        yield vector(f"tens {number}", group)
    for exponent in range(-8, 24):
        digits = [1, 1.5, 9.999999999999998, 1.2345678901234567]
        yield vector(f"where the form changes: e{exponent}", [float(f"{d}e{exponent}") for d in digits])
    # Half way between two shortest candidates: an odd multiple of a quarter, with 17 digits.
    ties = [2.0**50 + quarter / 4 for quarter in range(1, 32)] + [2.0**-25, 2.0**-24, 3 * 2.0**-25, 2.0**-44]
    ties += [RANDOM.choice((1, -1)) * (RANDOM.randrange(2**50, 2**51) + 0.25) for _ in range(64)]
    ties += [(RANDOM.randrange(2**52, 2**53) | 1) / 2**RANDOM.randrange(1, 8) for _ in range(64)]
    for number, group in enumerate(in_lists_of(32, ties)):
        yield vector(f"ties {number}", group)
    for value in (5e-324, 1e-323, 2.225073858507201e-308, 2.2250738585072014e-308, 1.7976931348623157e308):
        yield vector(f"bound {value!r}", [value, -value])
    subnormal = [struct.unpack(">d", struct.pack(">Q", RANDOM.getrandbits(RANDOM.randrange(2, 53))))[0] for _ in range(64)]
    yield vector("subnormals", subnormal)
    for number in range(12):
        values = []
        while len(values) < 64:
            value = struct.unpack(">d", RANDOM.getrandbits(64).to_bytes(8, "big"))[0]
            if math.isfinite(value):
                values.append(value)
        yield vector(f"any floats {number}", values)
    yield vector("hundredths", [cents / 100 for cents in range(0, 2000, 7)])


def nesting():
    for depth in (1, 2, 3, 10, 64, 127, 128):
        for kind in ("lists", "objects"):
            yield vector(f"{depth} {kind}", Nested(kind, depth))


def anything(depth):
    kind = RANDOM.randrange(7 if depth else 5)
    if kind == 0:
        return RANDOM.choice((None, True, False))
    if kind == 1:
        return RANDOM.choice((1, -1)) * RANDOM.getrandbits(RANDOM.randrange(1, 127))
    if kind == 2:
        return RANDOM.choice((1, -1)) * RANDOM.random() * 10.0 ** RANDOM.randrange(-20, 20)
    if kind <= 4:
        return "".join(RANDOM.choices("abcXYZ 09_-\"\\\n\té☃🦀", k=RANDOM.randrange(8)))
    if kind == 5:
        return [anything(depth - 1) for _ in range(RANDOM.randrange(5))]
    return {"".join(RANDOM.choices("abé🦀\"", k=3)): anything(depth - 1) for _ in range(RANDOM.randrange(5))}


def mixed():
    for number in range(60):
        payload = {name: anything(4) for name in ("order", "lines", "Ünit")}
        yield vector(f"mixed {number}", payload, f"shop.v{number}", RANDOM.choice(("", "tenant-7", "größe 🦀")))


def main():
    groups = (scalars, text, keys, integers, floats, nesting, mixed)
    cases = [case for group in groups for case in group()]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    Path(__file__).with_name("generated.json").write_text(f"[\n{lines}\n]\n", encoding="ascii")


main()

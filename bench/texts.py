"""Texts of arguments for bench/gate.py: pairs of what a model wrote, and what
its tool was given.

Every text but `{}` begins with a number, which whoever measures replaces, so that
no two are equal. `half`: every second tool is given the value spaced otherwise;
`all`: every tool is.
"""

import gzip
import json
import random
import re

FIRST_NUMBER = 10_000_000  # as in bench/text_pairs.h
NUMBERED = f'"n": {FIRST_NUMBER}, '
RESPACED = ("half", "all")
# How many texts of which size: no more than fit into a processor's cache.
COUNTS = {2: 250, 64: 250, 512: 250, 4096: 100, 65536: 10}
RECORDED = 1000

STRING_OR_SPACE = re.compile(r'("(?:[^"\\]|\\.)*")|\s+', re.DOTALL)
STRING_OR_MARK = re.compile(r'("(?:[^"\\]|\\.)*")|([,:])', re.DOTALL)


def respace(text):
    """Returns the same JSON with other white space, and nothing else changed."""
    compact = STRING_OR_SPACE.sub(lambda found: found[1] or "", text)
    if compact != text:
        return compact
    spaced = STRING_OR_MARK.sub(
        lambda found: found[1] or found[2] + " ", text)
    return spaced if spaced != text else text[0] + " " + text[1:]


def number(text):
    """Puts the number to be replaced into an object."""
    rest = text.lstrip()[1:].lstrip()
    numbered = NUMBERED if rest != "}" else NUMBERED[:-2]
    return "{" + numbered + rest


def pairs_of(texts, respaced):
    return [
        [text, respace(text) if respaced == "all" or i % 2 else text]
        for i, text in enumerate(texts)
    ]


def recorded_texts(shared):
    """Returns arguments of recorded conversations, or None where there are none."""
    texts = set()
    for file in sorted((shared / "data/trajectories").glob("*.jsonl.gz")):
        with gzip.open(file, "rt") as lines:
            for line in lines:
                for message in json.loads(line)["messages"]:
                    for call in message.get("tool_calls") or ():
                        texts.add(call["arguments"])
    objects = sorted(text for text in texts if is_object(text))
    if not objects:
        return None
    chosen = random.Random(1).sample(objects, min(RECORDED, len(objects)))
    return [number(text) for text in chosen]


def is_object(text):
    try:
        return isinstance(json.loads(text), dict)
    except (TypeError, ValueError):
        return False


def write_texts(folder, generate, shared):
    """Writes all files of texts; returns whether there are recorded ones.

    `generate(shape, size, count)` returns texts of a generator.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {"empty": ["{}"] * COUNTS[2]}
    for shape in ("structure", "text"):
        for size, count in COUNTS.items():
            if size > 2:
                made = generate(shape, size - len(NUMBERED), count)
                kinds[f"{shape}-{size}"] = [number(text) for text in made]
    recorded = recorded_texts(shared)
    if recorded:
        kinds["recorded"] = recorded
    for name, texts in kinds.items():
        for respaced in RESPACED:
            pairs = pairs_of(texts, respaced)
            file = folder / f"{name}-{respaced}.json"
            file.write_text(json.dumps(pairs))
    return recorded is not None

# venvs: sdk-newest sdk-oldest
"""Payloads as text, and the gates of content."""

import datetime
import enum
import json

import pydantic
import pytest

from spanlink.openai_agents import _payload
from spanlink.openai_agents._payload import content_is_on, encodable, payload_text


class Weather(pydantic.BaseModel):
    city: str
    degrees: float = 15.5


class Forecast(pydantic.BaseModel):
    day: datetime.date
    weather: Weather


class Unprintable:
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class NoText:
    def __str__(self):
        return 7


class ModelDumpRaises:
    def model_dump(self):
        raise RuntimeError("no dump")

    def __str__(self):
        return "its text"


class LiesAboutItsClass:
    @property
    def __class__(self):
        raise RuntimeError("no class")


class Colour(str, enum.Enum):
    RED = "red"


def circle():
    around = {"name": "circle"}
    around["self"] = around
    return around


def deep():
    value = []
    for _ in range(100_000):
        value = [value]
    return value


# R35: text is unchanged, also where it looks like JSON or is empty.
@pytest.mark.parametrize("text", ["", "a", '{"b": 1}', " é\n\0", "🤖", "x" * 1_000_000])
def test_text_is_itself(text):
    assert payload_text(text) == text


# R35: a model is what `model_dump` says, at the top, elementwise, and inside.
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Weather(city="Köln"), {"city": "Köln", "degrees": 15.5}),
        ([Weather(city="a"), Weather(city="b"), 3], None),
        ((Weather(city="a"), "b"), [{"city": "a", "degrees": 15.5}, "b"]),
        ({"w": Weather(city="a")}, {"w": {"city": "a", "degrees": 15.5}}),
        (
            Forecast(day=datetime.date(2026, 1, 2), weather=Weather(city="a")),
            {"day": "2026-01-02", "weather": {"city": "a", "degrees": 15.5}},
        ),
    ],
)
def test_models_are_dumped(value, expected):
    if expected is None:
        expected = [
            {"city": "a", "degrees": 15.5},
            {"city": "b", "degrees": 15.5},
            3,
        ]
    assert json.loads(payload_text(value)) == expected


# R34, R35: what is false is something; JSON is what json.dumps writes.
@pytest.mark.parametrize(
    "value", [0, False, [], {}, 1.5, {"a": [1, None]}, {1: "key"}, "ü", ["ü"]]
)
def test_json_is_as_openllmetry_writes_it(value):
    expected = value if isinstance(value, str) else json.dumps(value, default=str)
    assert payload_text(value) == expected


# R35: `str()` stands for what JSON does not know; the rest stays JSON.
def test_unknown_values_are_their_text():
    value = {"when": datetime.date(2026, 1, 2), "raw": b"x", "set": {1}}
    assert json.loads(payload_text(value)) == {
        "when": "2026-01-02",
        "raw": "b'x'",
        "set": "{1}",
    }
    assert payload_text(Colour.RED) == "red"
    assert payload_text([Colour.RED]) == '["red"]'


# R35: `str()` of the whole is the last resort, and nothing raises.
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (circle(), "{'name': 'circle', 'self': {...}}"),
        ({("a", "b"): 1}, "{('a', 'b'): 1}"),
        ([float("nan")], "[nan]"),
        (float("inf"), "inf"),
        (ModelDumpRaises(), '"its text"'),
        ([ModelDumpRaises(), 1], '["its text", 1]'),
        (Unprintable(), json.dumps(_payload.UNPRINTABLE)),
        ({"deep": [Unprintable()]}, '{"deep": ["<unprintable>"]}'),
        ({(1, 2): Unprintable()}, _payload.UNPRINTABLE),
        (NoText(), json.dumps(_payload.UNPRINTABLE)),
        (LiesAboutItsClass(), None),
        (deep(), None),
        (Weather, None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_raises(value, expected):
    text = payload_text(value)
    text.encode()
    if expected is not None:
        assert text == expected


# R35, R38: whatever comes out can be encoded; surrogates that stand alone cannot.
@pytest.mark.parametrize("value", ["a\ud800b", ["a\ud800b"], {"\udfff": 1}])
def test_lone_surrogates_can_be_encoded(value):
    payload_text(value).encode()
    assert encodable("a\ud800b") == "a?b"


# R36: either gate closes; each is open when it is not set.
@pytest.mark.parametrize(
    ("traceloop", "genai", "on"),
    [
        (None, None, True),
        ("true", None, True),
        (" TRUE ", None, True),
        ("1", None, True),
        ("yes", None, True),
        ("on", None, True),
        ("false", None, False),
        ("0", None, False),
        ("", None, False),
        ("2", None, False),
        (None, "true", True),
        (None, "True", True),
        (None, "SPAN_ONLY", True),
        (None, "span_and_event", True),
        (None, "", True),
        (None, "  ", True),
        (None, "false", False),
        (None, "NO_CONTENT", False),
        (None, "EVENT_ONLY", False),
        (None, "everything", False),
        ("false", "true", False),
        ("true", "false", False),
        ("true", "SPAN_ONLY", True),
    ],
)
def test_gates(monkeypatch, traceloop, genai, on):
    for name, value in (
        (_payload.TRACELOOP_GATE, traceloop),
        (_payload.GENAI_GATE, genai),
    ):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert content_is_on() is on

"""The story of the demo: agents, tools, guardrails and the canned answers.

A traveller asks a small travel desk for help. The front desk looks the booking
up and hands over to the trip planner, which asks for three forecasts and the
trains at once. Two of the forecasts are the same call, for the traveller is in
Lisbon twice, and they finish in the opposite order. One seat is held, and the
planner answers.
"""

import asyncio
import itertools
import json

import agents

QUESTION = (
    "Hi! I land in Lisbon on Friday, take a train to Porto on Saturday and fly"
    " home from Lisbon on Sunday. Booking WR-204. Which train suits me, and do"
    " I need an umbrella?"
)
ANSWER = (
    "I am holding one seat for you on the 09:30 to Porto. Bring an umbrella:"
    " Lisbon stays dry, but Porto expects showers on Saturday."
)

# Answers in the order in which the models give them. `ms` is how long the model
# takes; a call is (tool call id, tool name, arguments as the model writes
# them).
ANSWERS = [
    {
        "ms": 9,
        "calls": [("call_booking", "find_booking", '{"reference":"WR-204"}')],
    },
    {"ms": 7, "calls": [("call_handoff", "transfer_to_trip_planner", "{}")]},
    {
        "ms": 12,
        "calls": [
            ("call_lisbon_1", "get_weather", '{"city": "Lisbon"}'),
            ("call_porto", "get_weather", '{"city": "Porto"}'),
            (
                "call_trains",
                "find_trains",
                '{"origin": "Lisbon", "destination": "Porto", '
                '"day": "Saturday"}',
            ),
            ("call_lisbon_2", "get_weather", '{"city": "Lisbon"}'),
        ],
    },
    {
        "ms": 8,
        "calls": [
            ("call_seat", "hold_seat", '{"train": "IC 523", "seats": 1}')
        ],
    },
    {"ms": 11, "text": ANSWER},
]

FORECASTS = {"Lisbon": "dry, 19 degrees", "Porto": "showers, 15 degrees"}

# How long each forecast takes, in the order of the requests: the first one is
# the slowest, so that equal calls do not finish in the order they started in.
_forecast_ms = itertools.cycle([34, 22, 6])


@agents.function_tool
async def find_booking(reference: str) -> str:
    """Looks a booking up."""
    await asyncio.sleep(0.004)
    return f"{reference}: one traveller, Lisbon and Porto, Friday to Sunday"


@agents.function_tool
async def get_weather(city: str) -> str:
    """Returns the forecast for the weekend."""
    await asyncio.sleep(next(_forecast_ms) / 1000)
    return f"{city}: {FORECASTS[city]}"


@agents.function_tool
async def find_trains(origin: str, destination: str, day: str) -> str:
    """Lists the trains of a day."""
    await asyncio.sleep(0.014)
    return f"{origin} to {destination}, {day}: IC 523 at 09:30, IC 525 at 13:30"


@agents.function_tool
async def hold_seat(train: str, seats: int) -> str:
    """Holds seats on a train for an hour."""
    await asyncio.sleep(0.005)
    return f"{train}: {seats} seat held"


def make_agents(front_desk_model, planner_model, on_guardrail):
    """Returns the agent that a run starts with.

    `on_guardrail(kind, text)` is called from inside each guardrail with the
    text that it was given to check.
    """

    # Finishes before the first model call starts; a parallel one would not.
    @agents.input_guardrail(run_in_parallel=False)
    async def about_travel(context, agent, user_input):
        text = (
            user_input
            if isinstance(user_input, str)
            else json.dumps(user_input)
        )
        on_guardrail("input_guardrail", text)
        await asyncio.sleep(0.003)
        return agents.GuardrailFunctionOutput(
            output_info="travel", tripwire_triggered="train" not in text
        )

    @agents.output_guardrail
    async def short_enough(context, agent, output):
        on_guardrail("output_guardrail", output)
        return agents.GuardrailFunctionOutput(
            output_info=f"{len(output)} characters",
            tripwire_triggered=len(output) > 400,
        )

    planner = agents.Agent(
        name="Trip Planner",
        instructions="Plan the trip. Look before you promise.",
        model=planner_model,
        tools=[get_weather, find_trains, hold_seat],
        output_guardrails=[short_enough],
    )
    return agents.Agent(
        name="Front Desk",
        instructions="Find the booking, then hand over to the right colleague.",
        model=front_desk_model,
        tools=[find_booking],
        handoffs=[planner],
        input_guardrails=[about_travel],
    )

"""Links a run of the OpenAI Agents SDK while it happens.

    pip install spanlink openai-agents
    python examples/openai_agents.py

The run is a real one; only the model's answers are canned, so that it needs no key
and no network. Two of the three forecasts are the same call to the letter: no span
says which is which, and the links do.
"""

import agents
import openai
from canned_model import ask, canned_model, say

from spanlink.openai_agents import SpanLinkProcessor

# The three lines. `add_trace_processor(...)` keeps the SDK's own exporter beside it.
agents.set_trace_processors([SpanLinkProcessor(on_link=print)])


@agents.function_tool
async def get_weather(city: str) -> str:
    """Returns the forecast for a city."""
    return f"{city}: dry, 19 degrees"


def main() -> None:
    with canned_model(
        ask(
            ("get_weather", {"city": "Lisbon"}),
            ("get_weather", {"city": "Porto"}),
            ("get_weather", {"city": "Lisbon"}),
        ),
        ask(("transfer_to_planner", {})),
        say("Take the umbrella to Porto."),
    ) as url:
        model = agents.OpenAIChatCompletionsModel(
            "canned", openai.AsyncOpenAI(base_url=url, api_key="none")
        )
        planner = agents.Agent(name="Planner", model=model)
        desk = agents.Agent(
            name="Desk", model=model, tools=[get_weather], handoffs=[planner]
        )
        result = agents.Runner.run_sync(desk, "Do I need an umbrella?")
    print(result.final_output)


if __name__ == "__main__":
    main()

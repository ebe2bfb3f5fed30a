"""Links, and the truth about a run, as sets that can be compared."""

from collections.abc import Iterable

import sdk_runs

from spanlink import SpanLink

CHOICES = ("tool_choice", "handoff_choice")
RESULTS = ("tool_result", "handoff_result")


def choices(links: Iterable[SpanLink]) -> set[tuple[str, str, str]]:
    """(tool span, LLM span, id) of each link to what chose it."""
    return {
        (k.span_id, k.linked_span_id, k.tool_call_id)
        for k in links
        if k.kind in CHOICES
    }


def results(links: Iterable[SpanLink]) -> set[tuple[str, str]]:
    """(LLM span, tool span) of each link to what it used."""
    return {(k.span_id, k.linked_span_id) for k in links if k.kind in RESULTS}


def true_choices(calls: Iterable[sdk_runs.Call]) -> set[tuple[str, str, str]]:
    return {(c.span_id, c.chosen_by, c.tool_call_id) for c in calls if c.chosen_by}


def true_results(calls: Iterable[sdk_runs.Call]) -> set[tuple[str, str]]:
    users = [(c.first_used_by or c.target_llm, c.span_id) for c in calls]
    return {(user, span_id) for user, span_id in users if user}

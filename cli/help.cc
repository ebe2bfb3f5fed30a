#include "spanlink/cli/help.h"

namespace spanlink::cli {
namespace {

constexpr std::string_view kProgram =
    R"(spanlink: which LLM answer chose which tool, and who used its result

  spanlink link FILE... [-o OUT]   find the links of a trace
  spanlink why FILE [SPAN_ID]      show what led to a span
  spanlink view FILE... -o OUT     draw the graph of a run
  spanlink dialects                say what is understood
  spanlink help [COMMAND]          explain a command
  spanlink --version

FILE is OTLP in JSON (one object, or one a line) or in protobuf (one message, or
the length-prefixed ones of the Collector's file exporter), JSON of Jaeger,
Langfuse, Datadog or the OpenAI Agents SDK, or a dump of an OpenTelemetry SDK,
plain or in gzip; - is standard input. `spanlink dialects` lists them.

Exit status: 0, 1 if a file cannot be read or written, 2 if the command line is
wrong.
)";

constexpr std::string_view kLink =
    R"(spanlink link FILE... [options]

Finds the links of all FILEs (- is standard input) together: a trace may be
spread over them, and its messages may be in a file of log records.

On a terminal it shows a table. Into a pipe it writes the same trace with the
links on it, in the format of FILE: in gzip if FILE is, whatever OUT is called.

  -o, --output OUT        write the linked trace to OUT, as a whole or not at
                          all; OUT may be FILE, and - is standard output.
                          Several FILEs are written one after another.
      --from FORMAT       do not look at the content: FILE is otlp-json,
                          otlp-proto, otlp-proto-frames or openai-agents
      --table             show the table, also into a pipe
      --json              print one link a line as JSON, then the diagnostics
      --explain           say why spans have no link and what to do about it
      --min-evidence NAME leave weaker links out: tool_call_id, arguments,
                          handoff, structure, handoff_remaining, name, order
                          (strongest first; default: name)
      --policy first|all  link a result to the first LLM span that used it
                          (default) or to all
      --profile LIST      attributes on written links: datadog, semconv, both
                          with a comma (default), or none
      --strip-content     when the links are found, take prompts, answers,
                          instructions, arguments and results out of the trace,
                          and messages of errors: names, ids, models, counts and
                          links stay. OTLP only; a file of which something
                          cannot be read is not written, and such a record of
                          a stream is left out.
      --tool-payload LIST what went into a tool and came out, as attributes that
                          others know: semconv (gen_ai.tool.call.arguments,
                          .result), traceloop (traceloop.entity.input, .output),
                          both with a comma, or none (default). What a span has
                          is not changed. OTLP only; not with --strip-content or
                          TRACELOOP_TRACE_CONTENT=false.
      --cross-trace conversation|off
                          link a call by its id into a later trace of the same
                          conversation (default), or never
      --react             take `Action:`, `Action Input:` in text for calls:
                          guesswork, and anybody's text can look like it
      --stream            read plain OTLP record by record (a line of JSON, a
                          frame or resource of protobuf) and write each, in
                          order, when its traces are settled: memory for what
                          is open, however long the input
      --linger SECONDS    with --stream: a trace is settled when no span of it
                          came for so long, by the times in the data, or when
                          the input is silent for so long (default: 60; longer
                          than the longest call of a model or a tool)
  -h, --help              this text

NO_COLOR turns colours off.
)";

constexpr std::string_view kWhy =
    R"(spanlink why FILE [SPAN_ID] [options]

Shows the chain of causes behind a span, going back: the results that an LLM
span read, the tools they came from, the answers that chose the tools, ...

SPAN_ID is a span's id or its beginning, as the table of `spanlink link` shows
it. TRACE_ID:SPAN_ID (or beginnings) tells equal ids of two traces apart.
Without it: the last span that carries a link.

      --min-evidence NAME leave weaker links out, as in `spanlink link`
      --policy first|all  as in `spanlink link`
      --cross-trace LIMIT as in `spanlink link`
      --from FORMAT       as in `spanlink link`
      --react             as in `spanlink link`
  -h, --help              this text
)";

constexpr std::string_view kView =
    R"(spanlink view FILE... [options]

Draws the graph of each trace: who called which tool, and who read its result.
FILEs are read and linked together, as by `spanlink link`.

  -o, --output OUT        write to OUT, as a whole or not at all; - and none:
                          standard output
      --format FORMAT     html (a page to click through, in one file), svg, dot
                          (Graphviz), mermaid, or json (the data of the page);
                          default: as the name of OUT ends, else html
      --with-content      put prompts, answers, arguments and results into the
                          page or its data, as far as the trace has them, each
                          up to 20000 bytes; recordings of the OpenAI Agents SDK
                          have no results. Without it there are names, ids and
                          times only. Off if TRACELOOP_TRACE_CONTENT=false.
      --min-evidence NAME leave weaker links out, as in `spanlink link`
      --policy first|all  as in `spanlink link`
      --cross-trace LIMIT as in `spanlink link`
      --from FORMAT       as in `spanlink link`
      --react             as in `spanlink link`
  -h, --help              this text
)";

constexpr std::string_view kDialects =
    R"(spanlink dialects

Prints the conventions of writing GenAI spans that spanlink reads: the keys that
each is recognised by, where it finds the calls of an answer and what it reads
of a tool's span. Then the formats of files.

  -h, --help              this text
)";

}  // namespace

std::string_view HelpText(std::optional<Command> topic) {
  if (topic == Command::kLink) return kLink;
  if (topic == Command::kWhy) return kWhy;
  if (topic == Command::kView) return kView;
  if (topic == Command::kDialects) return kDialects;
  return kProgram;
}

}  // namespace spanlink::cli

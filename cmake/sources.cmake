# The sources, as the BUILD.bazel files list them: tests/build_lists_test.py
# compares. Paths are relative to the root.

# model, dispatch, linker: what a program embeds.
set(SPANLINK_CORE_SOURCES
  model/diagnostics.cc
  model/span_context.cc
  model/span_link.cc
  dispatch/dispatcher.cc
  dispatch/memory_barrier.cc
  dispatch/running_calls.cc
  linker/annotation_book.cc
  linker/call_book.cc
  linker/call_book_candidates.cc
  linker/call_book_claims.cc
  linker/call_book_duplicates.cc
  linker/call_book_settle.cc
  linker/call_book_uses.cc
  linker/engine.cc
  linker/fingerprint.cc
  linker/json_digest.cc
  linker/keyed_hash.cc
  linker/guardrail_book.cc
  linker/handoff_names.cc
  linker/json_scanner.cc
  linker/parking_lot.cc
  linker/scope.cc
  linker/span_tree.cc
  linker/tool_call_tracker.cc
)

# Readers of traces and what they need.
set(SPANLINK_READER_SOURCES
  json/json_cursor.cc
  otlp/base64.cc
  otlp/byte_edits.cc
  otlp/otlp_file.cc
  otlp/otlp_ids.cc
  otlp/otlp_json_attributes.cc
  otlp/otlp_json_filter.cc
  otlp/otlp_json_reader.cc
  otlp/otlp_json_writer.cc
  otlp/otlp_link.cc
  otlp/otlp_numbers.cc
  otlp/otlp_proto_attributes.cc
  otlp/otlp_proto_filter.cc
  otlp/otlp_proto_reader.cc
  otlp/otlp_proto_writer.cc
  otlp/proto_cursor.cc
  dialects/adot.cc
  dialects/arguments.cc
  dialects/attributes.cc
  dialects/content.cc
  dialects/flat_messages.cc
  dialects/genai.cc
  dialects/genai_events.cc
  dialects/google_adk.cc
  dialects/langfuse.cc
  dialects/langsmith.cc
  dialects/messages.cc
  dialects/mlflow.cc
  dialects/openai_agents_events.cc
  dialects/openinference.cc
  dialects/openllmetry.cc
  dialects/payload.cc
  dialects/pydantic_ai.cc
  dialects/python_literal.cc
  dialects/registry.cc
  dialects/span_facts.cc
  dialects/strands.cc
  dialects/text_calls.cc
  dialects/vercel.cc
  pipeline/agents_export_format.cc
  pipeline/content_gate.cc
  pipeline/datadog_format.cc
  pipeline/jaeger_format.cc
  pipeline/gzip.cc
  pipeline/json_format.cc
  pipeline/json_source.cc
  pipeline/json_walk.cc
  pipeline/langfuse_format.cc
  pipeline/link_attributes.cc
  pipeline/otlp_decoder.cc
  pipeline/otlp_source.cc
  pipeline/recording_source.cc
  pipeline/sdk_dump_format.cc
  pipeline/tool_payload.cc
  pipeline/trace_file.cc
  pipeline/trace_format.cc
  pipeline/understood.cc
)

# Headers that are installed: the public ones and what these include.
set(SPANLINK_HEADERS
  dispatch/dispatcher.h
  linker/engine.h
  linker/handoff_names.h
  linker/options.h
  linker/tool_call_tracker.h
  model/diagnostics.h
  model/short_text.h
  model/signals.h
  model/span_context.h
  model/span_link.h
  pipeline/trace_file.h
  pipeline/trace_format.h
  pipeline/trace_types.h
)

# The command.
set(SPANLINK_CLI_SOURCES
  cli/arguments.cc
  cli/capture_advice.cc
  cli/dialects_command.cc
  cli/explain.cc
  cli/help.cc
  cli/json_output.cc
  cli/link_command.cc
  cli/main.cc
  cli/output.cc
  cli/report.cc
  cli/summary.cc
  cli/table.cc
  cli/terminal.cc
  cli/terminal_text.cc
  cli/trace_input.cc
  cli/trace_view.cc
  cli/why_command.cc
  cli/why_tree.cc
)

# The Python extension.
set(SPANLINK_PYTHON_SOURCES
  python/module/dispatcher.cc
  python/module/files.cc
  python/module/finished_span.cc
  python/module/ids.cc
  python/module/link.cc
  python/module/module.cc
  python/module/options.cc
  python/module/process_scope.cc
  python/module/tracker.cc
)

# What tests share.
set(SPANLINK_TEST_SUPPORT_SOURCES
  tests/dialect_testing.cc
  tests/fingerprint_agreement.cc
  tests/json_oracle.cc
  tests/otlp_proto_testing.cc
  tests/r6_agents_integration.cc
  tests/r6_chat_integration.cc
  tests/run_generator.cc
  tests/test_env.cc
  tests/testing.cc
)

# What is fuzzed, and the fuzzer that `./dev fuzz` links with it.
set(SPANLINK_FUZZ_SOURCES
  fuzz/fuzz_dialect.cc
  fuzz/fuzz_fingerprint.cc
  fuzz/fuzz_otlp.cc
  fuzz/fuzz_trace.cc
  fuzz/targets.cc
)
set(SPANLINK_FUZZER_SOURCES
  fuzz/fuzzer.cc
)

# Tests: one program each.
set(SPANLINK_TESTS
  tests/annotation_book_limits_test.cc
  tests/annotation_book_test.cc
  tests/annotation_recordings_test.cc
  tests/arguments_test.cc
  tests/attributes_test.cc
  tests/bad_input_test.cc
  tests/content_test.cc
  tests/diagnostics_test.cc
  tests/dialect_arguments_test.cc
  tests/dispatcher_allocation_test.cc
  tests/dispatcher_test.cc
  tests/dispatcher_threads_test.cc
  tests/embed_test.cc
  tests/explain_test.cc
  tests/fingerprint_oracle_test.cc
  tests/fingerprint_test.cc
  tests/fuzz_corpus_test.cc
  tests/genai_dialect_test.cc
  tests/genai_events_dialect_test.cc
  tests/gzip_test.cc
  tests/handoff_names_test.cc
  tests/independent_producers_test.cc
  tests/json_cursor_oracle_test.cc
  tests/json_cursor_test.cc
  tests/json_formats_test.cc
  tests/json_output_test.cc
  tests/json_scanner_test.cc
  tests/keyed_hash_test.cc
  tests/memory_test.cc
  tests/messages_test.cc
  tests/openai_agents_events_test.cc
  tests/openinference_dialect_test.cc
  tests/openllmetry_dialect_test.cc
  tests/otlp_carriers_test.cc
  tests/otlp_filter_test.cc
  tests/otlp_json_reader_test.cc
  tests/otlp_json_writer_test.cc
  tests/otlp_logs_test.cc
  tests/otlp_proto_oracle_test.cc
  tests/otlp_proto_reader_test.cc
  tests/otlp_proto_writer_test.cc
  tests/output_test.cc
  tests/properties_test.cc
  tests/proto_cursor_test.cc
  tests/recorded_runs_test.cc
  tests/recorded_spans_test.cc
  tests/recordings_test.cc
  tests/registry_test.cc
  tests/requirements_test.cc
  tests/reused_test.cc
  tests/short_text_test.cc
  tests/span_context_test.cc
  tests/span_link_test.cc
  tests/strip_content_test.cc
  tests/table_test.cc
  tests/terminal_text_test.cc
  tests/text_calls_test.cc
  tests/tool_call_tracker_test.cc
  tests/trace_file_test.cc
  tests/tool_payload_test.cc
  tests/traps_test.cc
  tests/vendor_dialects_test.cc
  tests/why_tree_test.cc
)

# Tests that are one program together, `conformance_test`.
set(SPANLINK_CONFORMANCE_SOURCES
  tests/conformance_agents_test.cc
  tests/conformance_load_test.cc
  tests/conformance_rules_test.cc
  tests/conformance_test.cc
)

# What benchmarks share.
set(SPANLINK_BENCH_SUPPORT_SOURCES
  bench/otlp_workload.cc
  bench/workload.cc
)

# Benchmarks: one program each.
set(SPANLINK_BENCHMARKS
  bench/dispatch_benchmark.cc
  bench/fingerprint_benchmark.cc
  bench/otlp_benchmark.cc
  bench/tracker_benchmark.cc
)

# Examples: one program each.
set(SPANLINK_EXAMPLES
  examples/embed.cc
)

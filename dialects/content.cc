#include "spanlink/dialects/content.h"

#include <algorithm>
#include <span>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "spanlink/dialects/registry.h"

namespace spanlink {
namespace {

constexpr std::string_view kGenAi = "gen_ai.";

// What is no content on any span: OpenTelemetry's general conventions, and ids.
constexpr std::string_view kKept[] = {
    "*.id",
    "*_id",
    "*Id",
    "error.type",
    "exception.type",
    "exception.escaped",
    "server.address",
    "client.address",
    "peer.service",
    "network.*",
    "service.*",
    "telemetry.*",
    "deployment.environment",
    "deployment.environment.name",
    "cloud.*",
    "k8s.*",
    "host.name",
    "otel.scope.name",
    "otel.scope.version",
    "otel.status_code",
    "thread.name",
    "code.function",
    "code.function.name",
    "code.namespace",
    "code.filepath",
    "code.file.path",
    "http.method",
    "http.request.method",
    "http.route",
    "rpc.system",
    "rpc.service",
    "rpc.method",
    "db.system",
    "db.system.name",
    "span.kind",
    "spanlink.*",
};

// Content of conventions that spanlink does not read.
constexpr std::string_view kContentElsewhere[] = {
    "agentops.entity.input",
    "agentops.entity.output",
    "braintrust.input",
    "braintrust.output",
    "crewai.*",
    "haystack.*",
    "langwatch.input",
    "langwatch.output",
    "lmnr.span.input",
    "lmnr.span.output",
    "mastra.*",
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// `*` stands in front or at the end, `#` anywhere.
bool Matches(std::string_view pattern, std::string_view key) {
  if (pattern.front() == '*') return key.ends_with(pattern.substr(1));
  for (const char c : pattern) {
    if (c == '*') return true;
    if (key.empty() || (c == '#' ? !IsDigit(key.front()) : c != key.front())) {
      return false;
    }
    key.remove_prefix(1);
    while (c == '#' && !key.empty() && IsDigit(key.front())) {
      key.remove_prefix(1);
    }
  }
  return key.empty();
}

// Keys and patterns of them.
class KeySet {
 public:
  void Add(std::span<const std::string_view> keys) {
    for (const std::string_view key : keys) {
      if (key.find_first_of("*#") == std::string_view::npos) {
        keys_.insert(key);
      } else {
        patterns_.push_back(key);
      }
    }
  }
  bool Has(std::string_view key) const {
    return keys_.contains(key) ||
           std::any_of(patterns_.begin(), patterns_.end(),
                       [key](std::string_view pattern) {
                         return Matches(pattern, key);
                       });
  }

 private:
  absl::flat_hash_set<std::string_view> keys_;
  std::vector<std::string_view> patterns_;
};

// What all dialects say together.
struct Keys {
  KeySet content, kept, kept_in_events;

  Keys() {
    kept.Add(kKept);
    content.Add(kContentElsewhere);
    for (const Dialect* dialect : AllDialects()) {
      const ContentKeys keys = dialect->content_keys();
      content.Add(keys.content);
      kept.Add(keys.kept);
      kept_in_events.Add(keys.kept_in_events);
    }
  }
};

const Keys& AllKeys() {
  static const Keys* const keys = new Keys();  // never destroyed
  return *keys;
}

// Returns whether a key alone says that its span is one of GenAI.
bool TellsGenAi(const Attribute& attribute) {
  const std::string_view key = attribute.key;
  const bool has_namespace = key.find('.') != std::string_view::npos;
  return key.starts_with(kGenAi) ||
         (has_namespace && AllKeys().content.Has(key));
}

bool AnyTellsGenAi(const AttributeList& attributes) {
  const std::span<const Attribute> all = attributes.WithPrefix("");
  return std::any_of(all.begin(), all.end(), TellsGenAi);
}

}  // namespace

bool IsGenAi(const FinishedSpan& span) {
  const auto dialects = AllDialects();
  return std::any_of(dialects.begin(), dialects.end(),
                     [&span](const Dialect* dialect) {
                       return dialect->Recognizes(span);
                     }) ||
         AnyTellsGenAi(*span.attributes) ||
         std::any_of(span.events.begin(), span.events.end(),
                     [](const SpanEvent& event) {
                       return event.name.starts_with(kGenAi) ||
                              AnyTellsGenAi(event.attributes);
                     });
}

bool IsFreeOfContent(std::string_view key, bool is_number) {
  return AllKeys().kept.Has(key) || (is_number && !AllKeys().content.Has(key));
}

bool IsEventFreeOfContent(std::string_view key, bool is_number) {
  return AllKeys().kept_in_events.Has(key) || IsFreeOfContent(key, is_number);
}

}  // namespace spanlink

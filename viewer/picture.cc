#include "spanlink/viewer/picture.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_format.h"
#include "spanlink/viewer/printable.h"

namespace spanlink {
namespace {

constexpr size_t kMaxLabelColumns = 32;
constexpr size_t kMaxCallColumns = 24;
constexpr size_t kMaxIdColumns = 64;

std::string InWords(Duration duration) {
  const double ms = std::chrono::duration<double, std::milli>(duration).count();
  if (ms < 1000) return absl::StrFormat("%.1f ms", ms);
  return absl::StrFormat("%.1f s", ms / 1000);
}

// Ids of calls differ in their ends: where there is no room, their beginning
// goes.
std::string CallLabel(std::string_view id) {
  const std::string whole = Printable(id, kMaxIdColumns);
  if (Columns(whole) <= kMaxCallColumns) return whole;
  const std::string_view tail =
      id.substr(id.size() - std::min(id.size(), kMaxCallColumns / 2));
  return "..." + Printable(tail, kMaxCallColumns - 3);
}

std::string MarkOf(const GraphSpan& span) {
  std::string mark;
  if (span.failed()) mark = "failed";
  if (span.summary->outcome == Outcome::kNotExecuted) mark = "did not run";
  if (span.unlinked.empty()) return mark;
  std::string code(span.unlinked[0]->code);
  std::replace(code.begin(), code.end(), '_', ' ');
  return mark + (mark.empty() ? "? " : ", ? ") + code;
}

std::string NoteOf(const SpanLink& link) {
  std::string note;
  if (link.attempt > 1 && IsChoice(link.kind)) {
    note = absl::StrFormat("attempt %u", link.attempt);
  }
  if (IsExact(link.evidence)) return note;
  std::string how(EvidenceName(link.evidence));
  std::replace(how.begin(), how.end(), '_', ' ');
  return note + (note.empty() ? "by " : ", by ") + how;
}

// Draws the graph's first nodes.
class Painter {
 public:
  Painter(const RunGraph& graph, size_t max_nodes)
      : graph_(graph), place_(graph.spans.size()) {
    for (uint32_t i = 0; i < graph.spans.size(); ++i) {
      if (!graph.spans[i].IsNode()) continue;
      ++nodes_;
      if (picture_.nodes.size() < max_nodes) AddNode(i);
    }
    const std::vector<std::optional<uint32_t>> ports = AddPorts();
    for (const GraphLink& link : graph.links) AddEdge(link, ports);
    picture_.title = Title();
  }

  size_t left_out() const { return nodes_ - picture_.nodes.size(); }
  Picture Take() && { return std::move(picture_); }

 private:
  void AddNode(uint32_t index) {
    const GraphSpan& span = graph_.spans[index];
    place_[index] = static_cast<uint32_t>(picture_.nodes.size());
    PictureNode node;
    node.kind = span.summary->kind;
    node.lane = LaneOf(span);
    node.label = Printable(NameOf(*span.summary), kMaxLabelColumns);
    node.mark = MarkOf(span);
    node.id = Printable(span.summary->span_id_text, kMaxIdColumns);
    node.critical = span.critical;
    if (span.before) node.before = place_[*span.before];
    picture_.nodes.push_back(std::move(node));
  }

  uint32_t LaneOf(const GraphSpan& span) {
    const auto [lane, is_new] = lanes_.try_emplace(
        span.agent, static_cast<uint32_t>(picture_.lanes.size()));
    if (!is_new) return lane->second;
    picture_.lanes.push_back(
        span.agent ? Printable(graph_.agents[*span.agent], kMaxLabelColumns)
                   : "");
    return lane->second;
  }

  // Returns where each call of the graph stands among the ports of its node.
  std::vector<std::optional<uint32_t>> AddPorts() {
    std::vector<std::optional<uint32_t>> ports(graph_.calls.size());
    for (size_t i = 0; i < graph_.calls.size(); ++i) {
      const std::optional<uint32_t> llm = place_[graph_.calls[i].llm];
      if (!llm) continue;
      std::vector<std::string>& known = picture_.nodes[*llm].ports;
      ports[i] = static_cast<uint32_t>(known.size());
      known.push_back(CallLabel(graph_.calls[i].id));
    }
    return ports;
  }

  void AddEdge(const GraphLink& link,
               const std::vector<std::optional<uint32_t>>& ports) {
    const std::optional<uint32_t> from = place_[link.from];
    const std::optional<uint32_t> to = place_[link.to];
    if (!from || !to) return;
    PictureEdge edge{.from = *from, .to = *to};
    if (link.call) edge.port = ports[*link.call];
    if (edge.port) edge.call = picture_.nodes[*from].ports[*edge.port];
    edge.note = NoteOf(*link.link);
    edge.exact = IsExact(link.link->evidence);
    picture_.edges.push_back(std::move(edge));
  }

  std::string Title() const {
    std::string title = absl::StrFormat(
        "trace %s: %u spans, %u links", Printable(graph_.id, kMaxIdColumns),
        graph_.spans.size(), graph_.links.size());
    if (graph_.duration) title += ", " + InWords(*graph_.duration);
    if (left_out() == 0) return title;
    return title + absl::StrFormat(" (the first %u of %u nodes are drawn)",
                                   picture_.nodes.size(), nodes_);
  }

  const RunGraph& graph_;
  std::vector<std::optional<uint32_t>> place_;  // of spans, in the nodes
  absl::flat_hash_map<std::optional<uint32_t>, uint32_t> lanes_;  // by agent
  size_t nodes_ = 0;
  Picture picture_;
};

}  // namespace

std::string PictureEdge::label() const {
  return call + (call.empty() || note.empty() ? "" : ", ") + note;
}

std::vector<std::vector<uint32_t>> NodesByLane(const Picture& picture) {
  std::vector<std::vector<uint32_t>> lanes(picture.lanes.size());
  for (uint32_t i = 0; i < picture.nodes.size(); ++i) {
    lanes[picture.nodes[i].lane].push_back(i);
  }
  return lanes;
}

Pictures BuildPictures(std::span<const RunGraph> graphs, size_t max_nodes) {
  Pictures pictures;
  size_t room = max_nodes;
  for (const RunGraph& graph : graphs) {
    Painter painter(graph, room);
    pictures.left_out += painter.left_out();
    Picture picture = std::move(painter).Take();
    if (picture.nodes.empty()) continue;
    room -= picture.nodes.size();
    pictures.traces.push_back(std::move(picture));
  }
  return pictures;
}

}  // namespace spanlink

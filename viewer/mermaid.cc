#include "spanlink/viewer/mermaid.h"

#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "spanlink/viewer/subgraphs.h"

namespace spanlink {
namespace {

// Mermaid reads quotes, tags, Markdown, formulas and directives inside of a
// quoted text: what is neither a letter, a digit nor harmless is written as a
// number.
std::string Quoted(std::string_view text) {
  constexpr std::string_view kHarmless = " _-.,:/()+=?!";
  std::string quoted = "\"";
  for (const char c : text) {
    const bool letter = ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') ||
                        ('0' <= c && c <= '9') || static_cast<uint8_t>(c) > 127;
    if (letter || kHarmless.find(c) != std::string_view::npos) {
      quoted += c;
    } else {
      quoted += absl::StrFormat("#%u;", static_cast<unsigned>(c));
    }
  }
  return quoted + '"';
}

struct Shape {
  std::string_view open;
  std::string_view close;
};

Shape ShapeOf(SpanKind kind) {
  switch (kind) {
    case SpanKind::kLlm:
      return {"([", "])"};
    case SpanKind::kHandoff:
      return {"[/", "/]"};
    case SpanKind::kGuardrail:
      return {"{{", "}}"};
    default:
      return {"[", "]"};
  }
}

class Writer : public SubgraphWriter {
 public:
  using SubgraphWriter::SubgraphWriter;

 private:
  void Open(std::string_view label) override {
    Line(absl::StrFormat("subgraph g%u[%s]", groups_++, Quoted(label)));
    ++depth_;
  }

  void Close() override {
    --depth_;
    Line("end");
  }

  void WriteNode(const Picture& picture, size_t index) override {
    const PictureNode& node = picture.nodes[index];
    const Shape shape = ShapeOf(node.kind);
    std::string label = Quoted(node.label);
    if (!node.mark.empty()) {
      label.pop_back();
      label += "<br>" + Quoted(node.mark).substr(1);
    }
    Line(absl::StrFormat("n%u%s%s%s", first_ + index, shape.open, label,
                         shape.close));
  }

  void WriteEdge(const PictureEdge& edge) override {
    const std::string label = edge.label();
    std::string arrow = edge.exact ? "-->" : "-.->";
    if (!label.empty()) {
      arrow = absl::StrFormat("%s %s %s", edge.exact ? "--" : "-.",
                              Quoted(label), edge.exact ? "-->" : ".->");
    }
    Line(absl::StrFormat("n%u %s n%u", first_ + edge.from, arrow,
                         first_ + edge.to));
  }

  size_t groups_ = 0;
};

}  // namespace

std::string RenderMermaid(const Pictures& pictures) {
  Writer writer(pictures.traces.size() > 1);
  for (const Picture& picture : pictures.traces) writer.Write(picture);
  return "flowchart LR\n" + std::move(writer).Take();
}

}  // namespace spanlink

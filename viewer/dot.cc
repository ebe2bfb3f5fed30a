#include "spanlink/viewer/dot.h"

#include <cstddef>
#include <string_view>

#include "absl/strings/str_format.h"
#include "spanlink/viewer/subgraphs.h"

namespace spanlink {
namespace {

// As the inside of a label: also an entity of HTML would be read there.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
    if (c == '&') escaped += "amp;";
  }
  return escaped;
}

std::string_view ShapeOf(SpanKind kind) {
  switch (kind) {
    case SpanKind::kLlm:
      return "ellipse";
    case SpanKind::kHandoff:
      return "cds";
    case SpanKind::kGuardrail:
      return "hexagon";
    default:
      return "box";
  }
}

class Writer : public SubgraphWriter {
 public:
  using SubgraphWriter::SubgraphWriter;

 private:
  void Open(std::string_view label) override {
    Line(absl::StrFormat("subgraph cluster_%u {", clusters_++));
    ++depth_;
    Line(absl::StrFormat("label=\"%s\"", Escaped(label)));
  }

  void Close() override {
    --depth_;
    Line("}");
  }

  void WriteNode(const Picture& picture, size_t index) override {
    const PictureNode& node = picture.nodes[index];
    std::string label = Escaped(node.label);
    if (!node.mark.empty()) label += "\\n" + Escaped(node.mark);
    std::string line =
        absl::StrFormat("n%u [label=\"%s\" shape=%s", first_ + index, label,
                        ShapeOf(node.kind));
    if (!node.mark.empty()) line += " peripheries=2";
    if (node.critical) line += " penwidth=2";
    Line(line + "]");
  }

  void WriteEdge(const PictureEdge& edge) override {
    std::string line =
        absl::StrFormat("n%u -> n%u", first_ + edge.from, first_ + edge.to);
    std::string looks;
    const std::string label = edge.label();
    if (!label.empty()) {
      looks = absl::StrFormat("label=\"%s\"", Escaped(label));
    }
    if (!edge.exact) looks += looks.empty() ? "style=dashed" : " style=dashed";
    Line(looks.empty() ? line : line + " [" + looks + "]");
  }

  size_t clusters_ = 0;
};

}  // namespace

std::string RenderDot(const Pictures& pictures) {
  std::string text =
      "digraph spanlink {\n"
      "  rankdir=LR\n"
      "  graph [fontname=\"sans-serif\"]\n"
      "  node [fontname=\"sans-serif\" fontsize=11]\n"
      "  edge [fontname=\"sans-serif\" fontsize=9]\n";
  const bool several = pictures.traces.size() > 1;
  if (!several && !pictures.traces.empty()) {
    text +=
        absl::StrFormat("  label=\"%s\"\n", Escaped(pictures.traces[0].title));
  }
  Writer writer(several);
  for (const Picture& picture : pictures.traces) writer.Write(picture);
  return text + std::move(writer).Take() + "}\n";
}

}  // namespace spanlink

#include "spanlink/viewer/svg.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "spanlink/viewer/svg_layout.h"

namespace spanlink {
namespace {

constexpr int kMargin = 16;
constexpr int kHeading = 24;
constexpr int kTraceGap = 28;
constexpr int kBaseline = 12;   // of a text below the top of its line
constexpr int kSlant = 8;       // of the points of arrows and hexagons
constexpr int kRoundness = 14;  // of LLM spans
constexpr int kLegendHeight = 40;

constexpr std::string_view kStyle = R"(<style>
text { font: 12px system-ui, "Segoe UI", "Liberation Sans", sans-serif; }
.paper { fill: #ffffff; }
.lane { fill: #f2f4f7; stroke: #d0d5dc; }
.name { font-weight: bold; }
text, .dot, .tip { fill: #1f2328; }
.small { font-size: 11px; }
.llm { fill: #dcebff; }
.tool { fill: #ffffff; }
.handoff { fill: #fff3cd; }
.guardrail { fill: #e3f5e1; }
.node { stroke: #57606a; }
.critical { stroke-width: 3; }
.edge { fill: none; stroke: #57606a; stroke-width: 1.3; }
.inferred { stroke-dasharray: 5 4; }
@media (prefers-color-scheme: dark) {
.paper { fill: #0d1117; }
.lane { fill: #161b22; stroke: #30363d; }
text, .dot, .tip { fill: #e6edf3; }
.llm { fill: #12305c; }
.tool { fill: #21262d; }
.handoff { fill: #4b3a05; }
.guardrail { fill: #123d1c; }
.node, .edge { stroke: #9ea7b3; }
}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"
markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker>
</defs>
)";

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string_view NameOf(SpanKind kind) {
  switch (kind) {
    case SpanKind::kLlm:
      return "llm";
    case SpanKind::kHandoff:
      return "handoff";
    case SpanKind::kGuardrail:
      return "guardrail";
    default:
      return "tool";
  }
}

// Returns the outline of a node; `looks` are its classes.
std::string Outline(SpanKind kind, const Box& box, std::string_view looks) {
  const int right = box.x + box.width;
  const int bottom = box.y + box.height;
  const int middle = box.y + box.height / 2;
  if (kind == SpanKind::kHandoff) {
    return absl::StrFormat(
        "<path class=\"%s\" d=\"M%d %dH%dL%d %dL%d %dH%dz\"/>", looks, box.x,
        box.y, right - kSlant, right, middle, right - kSlant, bottom, box.x);
  }
  if (kind == SpanKind::kGuardrail) {
    return absl::StrFormat(
        "<path class=\"%s\" d=\"M%d %dH%dL%d %dL%d %dH%dL%d %dz\"/>", looks,
        box.x + kSlant, box.y, right - kSlant, right, middle, right - kSlant,
        bottom, box.x + kSlant, box.x, middle);
  }
  return absl::StrFormat(
      "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
      "rx=\"%d\"/>",
      looks, box.x, box.y, box.width, box.height,
      kind == SpanKind::kLlm ? kRoundness : 0);
}

std::string Text(int x, int y, std::string_view looks, std::string_view text) {
  return absl::StrFormat("<text x=\"%d\" y=\"%d\"%s>%s</text>", x, y, looks,
                         Escaped(text));
}

class Drawing {
 public:
  // Draws the picture with its upper left corner at the origin.
  void Draw(const Picture& picture, const Layout& layout) {
    for (size_t i = 0; i < layout.lanes.size(); ++i) {
      DrawLane(picture.lanes[i], layout.lanes[i]);
    }
    for (const PictureEdge& edge : picture.edges) {
      DrawEdge(edge, picture, layout);
    }
    for (size_t i = 0; i < picture.nodes.size(); ++i) {
      DrawNode(picture.nodes[i], layout.nodes[i]);
    }
  }

  void Line(std::string_view line) { svg_.append(line) += '\n'; }
  std::string Take() && { return std::move(svg_); }

 private:
  void DrawLane(const std::string& name, const Box& box) {
    Line(Outline(SpanKind::kTool, box, "lane"));
    if (name.empty()) return;
    Line(Text(box.x + kNodePadding, box.y + kLinePixels, " class=\"name\"",
              name));
  }

  static int PortLine(const PictureNode& node, const Box& box, size_t port) {
    const int lines = HeadLines(node) + static_cast<int>(port);
    const int used = static_cast<int>(node.ports.size()) + HeadLines(node);
    const int top = box.y + (box.height - used * kLinePixels) / 2;
    return top + lines * kLinePixels;
  }

  void DrawEdge(const PictureEdge& edge, const Picture& picture,
                const Layout& layout) {
    const Box& from = layout.nodes[edge.from];
    const Box& to = layout.nodes[edge.to];
    const int x1 = from.x + from.width;
    int y1 = from.y + from.height / 2;
    if (edge.port) {
      y1 = PortLine(picture.nodes[edge.from], from, *edge.port) +
           kLinePixels / 2;
    }
    const int x2 = to.x;
    const int y2 = to.y + to.height / 2;
    const int bend = std::max(24, (x2 - x1) / 2);
    Line(absl::StrFormat(
        "<path class=\"edge%s\" marker-end=\"url(#tip)\" d=\"M%d %dC%d %d %d "
        "%d %d %d\"/>",
        edge.exact ? "" : " inferred", x1, y1, x1 + bend, y1, x2 - bend, y2, x2,
        y2));
    if (edge.note.empty()) return;
    Line(Text(x2 - kSlant, y2 - 4, " class=\"small\" text-anchor=\"end\"",
              edge.note));
  }

  void DrawNode(const PictureNode& node, const Box& box) {
    const std::string_view kind = NameOf(node.kind);
    Line(absl::StrFormat(
        "<g><title>%s</title>",
        Escaped(absl::StrFormat("%s %s %s", kind, node.label, node.id))));
    Line(Outline(
        node.kind, box,
        absl::StrFormat("node %s%s", kind, node.critical ? " critical" : "")));
    const int middle = box.x + box.width / 2;
    int top = PortLine(node, box, 0) - HeadLines(node) * kLinePixels;
    Line(Text(middle, top + kBaseline, " text-anchor=\"middle\"", node.label));
    if (!node.mark.empty()) {
      top += kLinePixels;
      Line(Text(middle, top + kBaseline,
                " class=\"name small\" text-anchor=\"middle\"", node.mark));
    }
    for (size_t i = 0; i < node.ports.size(); ++i) DrawPort(node, box, i);
    Line("</g>");
  }

  void DrawPort(const PictureNode& node, const Box& box, size_t port) {
    const int right = box.x + box.width;
    const int top = PortLine(node, box, port);
    Line(absl::StrFormat("<circle class=\"dot\" cx=\"%d\" cy=\"%d\" r=\"3\"/>",
                         right, top + kLinePixels / 2));
    if (node.ports[port].empty()) return;
    Line(Text(right - kSlant, top + kBaseline,
              " class=\"small\" text-anchor=\"end\"", node.ports[port]));
  }

  std::string svg_;
};

// Says what shapes and lines mean; returns the width.
int DrawLegend(Drawing* drawing) {
  constexpr int kShape = 84;
  int x = 0;
  const auto shape = [&](SpanKind kind, std::string_view looks,
                         std::string_view text) {
    drawing->Line(Outline(kind, {x, 0, kShape, 24}, looks));
    drawing->Line(Text(x + kShape / 2, 16, " text-anchor=\"middle\"", text));
    x += kShape + 12;
  };
  shape(SpanKind::kLlm, "node llm", "LLM");
  shape(SpanKind::kTool, "node tool", "tool");
  shape(SpanKind::kHandoff, "node handoff", "handoff");
  shape(SpanKind::kGuardrail, "node guardrail", "guardrail");
  shape(SpanKind::kTool, "node tool critical", "critical path");
  const auto line = [&](std::string_view looks, std::string_view text) {
    drawing->Line(absl::StrFormat(
        "<path class=\"%s\" marker-end=\"url(#tip)\" d=\"M%d 12H%d\"/>", looks,
        x, x + 36));
    drawing->Line(Text(x + 42, 16, "", text));
    x += 54 + static_cast<int>(text.size()) * kColumnPixels;
  };
  line("edge", "exact: id, arguments, place");
  line("edge inferred", "inferred");
  return x;
}

}  // namespace

std::string RenderSvg(const Pictures& pictures) {
  Drawing drawing;
  int y = kMargin;
  int width = 0;
  for (const Picture& picture : pictures.traces) {
    const Layout layout = LayOut(picture);
    drawing.Line(
        Text(kMargin, y + kBaseline, " class=\"name\"", picture.title));
    drawing.Line(absl::StrFormat("<g transform=\"translate(%d %d)\">", kMargin,
                                 y + kHeading));
    drawing.Draw(picture, layout);
    drawing.Line("</g>");
    y += kHeading + layout.height + kTraceGap;
    const auto title = static_cast<int>(picture.title.size()) * kColumnPixels;
    width = std::max({width, layout.width, title});
  }
  drawing.Line(
      absl::StrFormat("<g transform=\"translate(%d %d)\">", kMargin, y));
  width = std::max(width, DrawLegend(&drawing)) + 2 * kMargin;
  drawing.Line("</g>\n</svg>");
  const int height = y + kLegendHeight;
  return absl::StrFormat(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
             "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n"
             "<title>Which answer chose which tool, and who read its result"
             "</title>\n%s<rect class=\"paper\" width=\"100%%\" "
             "height=\"100%%\"/>\n",
             width, height, width, height, kStyle) +
         std::move(drawing).Take();
}

}  // namespace spanlink

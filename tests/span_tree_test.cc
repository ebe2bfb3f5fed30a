#include "spanlink/linker/span_tree.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "spanlink/model/diagnostics.h"
#include "spanlink/model/signals.h"

namespace spanlink {
namespace {

SpanId MakeId(uint8_t number) {
  SpanId id;
  id.bytes[7] = number;
  return id;
}

class SpanTreeTest : public testing::Test {
 protected:
  // `parent` 0: a root.
  SpanTree::Node Add(SpanTree& tree, uint8_t id, uint8_t parent,
                     SpanKind kind = SpanKind::kOther) {
    SpanRef ref;
    ref.context.span_id = MakeId(id);
    ref.parent = MakeId(parent);
    SpanTree::Span& span = tree.Touch(ref, ++arrivals_, diagnostics_);
    tree.SetKind(span, kind);
    return span.node;
  }

  Diagnostics diagnostics_;
  SpanTree::Spare spare_;
  uint64_t arrivals_ = 0;
};

TEST_F(SpanTreeTest, ParentsMayComeAfterTheirChildren) {
  SpanTree tree(100, &spare_);
  const SpanTree::Node first = Add(tree, 1, 9);
  const SpanTree::Node second = Add(tree, 2, 9);
  EXPECT_EQ(tree.Parent(first), SpanTree::kNone);
  EXPECT_EQ(tree.Parent(second), SpanTree::kNone);
  const SpanTree::Node parent = Add(tree, 9, 0);
  EXPECT_EQ(tree.Parent(first), parent);
  EXPECT_EQ(tree.Parent(second), parent);
  EXPECT_EQ(tree.Parent(Add(tree, 3, 9)), parent);
  EXPECT_EQ(tree.Distance(first, second), 1);
  EXPECT_TRUE(tree.Encloses(parent, first));
  EXPECT_FALSE(tree.Encloses(first, parent));
}

TEST_F(SpanTreeTest, EvictedParentsAreGone) {
  SpanTree tree(3, &spare_);
  const SpanTree::Node parent = Add(tree, 9, 0);
  const SpanTree::Node child = Add(tree, 1, 9);
  EXPECT_EQ(tree.Parent(child), parent);
  Add(tree, 2, 0);
  Add(tree, 3, 0);  // one too many: the parent goes
  EXPECT_EQ(tree.Get(parent), nullptr);
  EXPECT_EQ(tree.Parent(child), SpanTree::kNone);
  EXPECT_EQ(tree.Parent(Add(tree, 4, 9)), SpanTree::kNone);
}

TEST_F(SpanTreeTest, SiblingsShareAParentAndAreNoAgents) {
  SpanTree tree(100, &spare_);
  const SpanTree::Node agent = Add(tree, 9, 0, SpanKind::kAgent);
  const SpanTree::Node llm = Add(tree, 1, 9, SpanKind::kLlm);
  const SpanTree::Node tool = Add(tree, 2, 9, SpanKind::kTool);
  const SpanTree::Node inner = Add(tree, 3, 9, SpanKind::kAgent);
  const SpanTree::Node below = Add(tree, 4, 3, SpanKind::kTool);
  EXPECT_TRUE(tree.AreSiblings(llm, tool));
  EXPECT_FALSE(tree.AreSiblings(llm, inner));
  EXPECT_FALSE(tree.AreSiblings(inner, llm));
  EXPECT_FALSE(tree.AreSiblings(llm, below));
  EXPECT_FALSE(tree.AreSiblings(llm, agent));
  EXPECT_FALSE(tree.AreSiblings(llm, SpanTree::kNone));
  EXPECT_EQ(tree.NearestAgent(llm), agent);
  EXPECT_EQ(tree.NearestAgent(inner), inner);
  EXPECT_EQ(tree.NearestAgent(below), inner);
}

}  // namespace
}  // namespace spanlink

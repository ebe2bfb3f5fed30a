#include "spanlink/dialects/attributes.h"

#include <algorithm>
#include <iterator>

namespace spanlink {
namespace {

bool KeyBefore(const Attribute& attribute, std::string_view key) {
  return attribute.key < key;
}

}  // namespace

void AttributeList::Clear() {
  attributes_.clear();
  first_letters_ = 0;
}

void AttributeList::Seal() {
  std::stable_sort(
      attributes_.begin(), attributes_.end(),
      [](const Attribute& a, const Attribute& b) { return a.key < b.key; });
  // Of equal keys the last one stays: the first one of the reversed list.
  const auto kept = std::unique(
      attributes_.rbegin(), attributes_.rend(),
      [](const Attribute& a, const Attribute& b) { return a.key == b.key; });
  attributes_.erase(attributes_.begin(), kept.base());
}

const Attribute* AttributeList::Find(std::string_view key) const {
  if ((first_letters_ & BitOf(key)) == 0) return nullptr;
  const auto it =
      std::lower_bound(attributes_.begin(), attributes_.end(), key, KeyBefore);
  if (it == attributes_.end() || it->key != key ||
      it->type == AttributeType::kNull) {
    return nullptr;
  }
  return &*it;
}

std::string_view AttributeList::Text(std::string_view key) const {
  const Attribute* attribute = Find(key);
  return attribute == nullptr ? std::string_view() : attribute->text;
}

std::span<const Attribute> AttributeList::WithPrefix(
    std::string_view prefix) const {
  if ((first_letters_ & BitOf(prefix)) == 0) return {};
  const auto begin = std::lower_bound(attributes_.begin(), attributes_.end(),
                                      prefix, KeyBefore);
  const auto end = std::partition_point(
      begin, attributes_.end(), [prefix](const Attribute& attribute) {
        return attribute.key.substr(0, prefix.size()) <= prefix;
      });
  return {begin, end};
}

}  // namespace spanlink

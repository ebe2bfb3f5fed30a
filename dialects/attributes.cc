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
  beginnings_ = 0;
  keys_ = 0;
}

// A few are sorted quicker one by one than by an algorithm for many.
void AttributeList::Seal() {
  const auto before = [](const Attribute& a, const Attribute& b) {
    return a.key < b.key;
  };
  if (attributes_.size() <= kFew) {
    for (auto it = attributes_.begin(); it != attributes_.end(); ++it) {
      const auto place = std::upper_bound(attributes_.begin(), it, *it, before);
      std::rotate(place, it, it + 1);
    }
  } else {
    std::stable_sort(attributes_.begin(), attributes_.end(), before);
  }
  // Of equal keys the last one stays: the first one of the reversed list.
  const auto kept = std::unique(
      attributes_.rbegin(), attributes_.rend(),
      [](const Attribute& a, const Attribute& b) { return a.key == b.key; });
  attributes_.erase(attributes_.begin(), kept.base());
}

const Attribute* AttributeList::Search(std::string_view key) const {
  const auto end = attributes_.end();
  const auto it =
      attributes_.size() <= kFew
          ? std::find_if(attributes_.begin(), end,
                         [key](const Attribute& a) { return a.key == key; })
          : std::lower_bound(attributes_.begin(), end, key, KeyBefore);
  const bool found =
      it != end && it->key == key && it->type != AttributeType::kNull;
  return found ? &*it : nullptr;
}

std::string_view AttributeList::Text(std::string_view key) const {
  const Attribute* attribute = Find(key);
  return attribute == nullptr ? std::string_view() : attribute->text;
}

std::span<const Attribute> AttributeList::SearchPrefix(
    std::string_view prefix) const {
  const auto begin = std::lower_bound(attributes_.begin(), attributes_.end(),
                                      prefix, KeyBefore);
  const auto end = std::partition_point(
      begin, attributes_.end(), [prefix](const Attribute& attribute) {
        return attribute.key.substr(0, prefix.size()) <= prefix;
      });
  return {begin, end};
}

}  // namespace spanlink

// The two indices of a `CallBook`, beside obvious models of them: keys of one
// record and keys of many, of which records come and go.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include "spanlink/linker/call_records.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/moment.h"
#include "spanlink/linker/numbered.h"
#include "spanlink/linker/numbers_by_id.h"
#include "spanlink/linker/open_calls.h"

namespace spanlink {
namespace {

// Some share their lower half, by which they are hashed.
Fingerprint MakeKey(uint64_t number) {
  return {number, (number / 2) * 0x9e3779b97f4a7c15};
}

SpanId MakeSpan(uint64_t number) {
  SpanId id;
  id.bytes[7] = static_cast<uint8_t>(number);
  return id;
}

// Of 40 keys, the higher the rarer: most have none or one, some a hundred.
uint64_t DrawKey(std::mt19937_64& random) {
  return random() % (1 + random() % (1 + random() % 40));
}

TEST(NumbersByIdTest, DoesWhatListsDo) {
  struct Record {
    uint64_t number;
    Fingerprint id;
  };
  NumbersById<Record>::Spare spare;
  Numbered<Record> records;
  NumbersById<Record> by_id(&records, &spare);
  std::vector<std::vector<uint64_t>> model(40);
  std::mt19937_64 random(11);
  for (int step = 0; step < 20'000; ++step) {
    const uint64_t key = DrawKey(random);
    std::vector<uint64_t>& numbers = model[key];
    if (random() % 1000 < (step / 4000 % 2 == 0 ? 700 : 300)) {
      const uint64_t number = records.last();
      const Record& record = records.Emplace(Record{number, MakeKey(key)});
      EXPECT_EQ(by_id.Add(record), numbers.empty());
      numbers.push_back(number);
    } else if (!numbers.empty()) {
      const auto gone =
          numbers.begin() + static_cast<ptrdiff_t>(random() % numbers.size());
      by_id.Erase(*records.Get(*gone));
      by_id.Erase(*records.Get(*gone));  // once is enough
      numbers.erase(gone);
    }
    const auto found = by_id.Find(MakeKey(key));
    ASSERT_TRUE(std::ranges::equal(found, numbers));
    EXPECT_EQ(by_id.contains(MakeKey(key)), !numbers.empty());
    const bool is_empty = std::ranges::all_of(
        model, [](const auto& list) { return list.empty(); });
    EXPECT_EQ(by_id.empty(), is_empty);
  }
}

class OpenCallsTest : public testing::Test {
 protected:
  // Earlier answers first, calls of one answer from the last to the first.
  using Place = std::tuple<int64_t, SpanId, uint32_t, CallNumber>;

  static Place PlaceOf(const BookedCall& call) {
    return {call.start.ns, call.llm, ~call.index, call.number};
  }

  BookedCall& MakeCall(uint64_t key, int64_t ns, uint64_t span,
                       uint32_t index) {
    BookedCall& call = calls_.Emplace();
    call.number = calls_.last() - 1;
    call.arguments = MakeKey(key);
    call.start = Moment{ns, 0, true};
    call.llm = MakeSpan(span);
    call.index = index;
    return call;
  }

  std::vector<CallNumber> Visited(uint64_t key, int64_t last_ns,
                                  size_t at_most = ~size_t{0}) const {
    std::vector<CallNumber> visited;
    open_.VisitBackwards(MakeKey(key), SortKey::Last(last_ns),
                         [&](CallNumber call) {
                           visited.push_back(call);
                           return visited.size() < at_most;
                         });
    return visited;
  }

  Numbered<BookedCall> calls_;
  OpenCalls::Spare spare_;
  OpenCalls open_{
      &calls_, [](const BookedCall& call) { return *call.arguments; }, &spare_};
};

TEST_F(OpenCallsTest, DoesWhatSetsDo) {
  std::vector<std::set<Place>> model(40);
  std::mt19937_64 random(5);
  for (int step = 0; step < 20'000; ++step) {
    const uint64_t key = DrawKey(random);
    std::set<Place>& places = model[key];
    if (random() % 1000 < (step / 4000 % 2 == 0 ? 700 : 300)) {
      const BookedCall& call =
          MakeCall(key, static_cast<int64_t>(random() % 50), random() % 4,
                   static_cast<uint32_t>(random() % 4));
      open_.Insert(call);
      if (step % 3 == 0) open_.Insert(call);  // changes nothing
      places.insert(PlaceOf(call));
    } else if (!places.empty()) {
      const auto gone = std::next(
          places.begin(), static_cast<ptrdiff_t>(random() % places.size()));
      open_.Erase(*calls_.Get(std::get<CallNumber>(*gone)));
      open_.Erase(*calls_.Get(std::get<CallNumber>(*gone)));
      places.erase(gone);
    }
    const auto last_ns = static_cast<int64_t>(random() % 60);
    std::vector<CallNumber> expected;
    for (auto it = places.rbegin(); it != places.rend(); ++it) {
      if (std::get<0>(*it) <= last_ns) {
        expected.push_back(std::get<CallNumber>(*it));
      }
    }
    ASSERT_EQ(Visited(key, last_ns), expected);
    expected.resize(std::min<size_t>(expected.size(), 2));
    ASSERT_EQ(Visited(key, last_ns, 2), expected);
  }
}

// A call that was alone may leave, and come back, when others share its key.
TEST_F(OpenCallsTest, AloneAndSharedInTurns) {
  const BookedCall& first = MakeCall(1, 10, 1, 0);
  const BookedCall& second = MakeCall(1, 20, 2, 0);
  open_.Insert(first);
  EXPECT_EQ(Visited(1, 30), std::vector<CallNumber>{0});
  EXPECT_EQ(Visited(1, 9), std::vector<CallNumber>{});
  open_.Insert(second);
  EXPECT_EQ(Visited(1, 30), (std::vector<CallNumber>{1, 0}));
  open_.Erase(first);
  EXPECT_EQ(Visited(1, 30), std::vector<CallNumber>{1});
  open_.Erase(second);
  EXPECT_EQ(Visited(1, 30), std::vector<CallNumber>{});
  open_.Insert(first);
  EXPECT_EQ(Visited(1, 30), std::vector<CallNumber>{0});
}

}  // namespace
}  // namespace spanlink

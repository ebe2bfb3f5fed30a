// Moment: when something happened, by the producer's clock where it gave a time
// and by order of arrival where it did not.
//
// Thread safety: plain values.
#ifndef SPANLINK_LINKER_MOMENT_H_
#define SPANLINK_LINKER_MOMENT_H_

#include <compare>
#include <cstdint>
#include <limits>

#include "spanlink/model/span_context.h"

namespace spanlink {

struct Moment {
  // Nanoseconds since the epoch. Where no time was given: the latest time that
  // was known at arrival, so that sorting works on a mixture.
  int64_t ns = 0;
  uint64_t arrival : 63 = 0;
  bool timed : 1 = false;  // beside it: every record holds some

  // By time if both have one, else by arrival. Not transitive on a mixture: for
  // asking about two moments, not for sorting.
  bool IsAfter(const Moment& other) const {
    if (timed && other.timed) return ns > other.ns;
    return arrival > other.arrival;
  }

  // Whether both have a time, and this one is later than clocks that differ by
  // `skew` explain.
  bool IsAfterDespite(Duration skew, const Moment& other) const {
    // As unsigned numbers: times may be further apart than a signed one holds.
    const uint64_t later =
        static_cast<uint64_t>(ns) - static_cast<uint64_t>(other.ns);
    return timed && other.timed && ns > other.ns &&
           later > static_cast<uint64_t>(skew.count());
  }
};

// A total order of spans by moment. Arrival plays no part where times are
// given, so that the order of signals cannot be seen in it.
struct SortKey {
  int64_t ns = 0;
  uint64_t arrival = 0;
  SpanId id;

  SortKey() = default;
  SortKey(const Moment& moment, SpanId span)
      : ns(moment.ns), arrival(moment.timed ? 0 : moment.arrival), id(span) {}

  // The latest of all spans that do not start after `ns`.
  static SortKey Last(int64_t ns = std::numeric_limits<int64_t>::max()) {
    SortKey key;
    key.ns = ns;
    key.arrival = std::numeric_limits<uint64_t>::max();
    key.id.bytes.fill(0xff);
    return key;
  }

  friend auto operator<=>(const SortKey&, const SortKey&) = default;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_MOMENT_H_

// What each node of a graph waited for, and the critical path, as run_graph.h
// defines them.
//
// Thread safety: stateless; thread-safe.
// Complexity: O(n log n) for n spans and links.
#ifndef SPANLINK_VIEWER_CRITICAL_PATH_H_
#define SPANLINK_VIEWER_CRITICAL_PATH_H_

#include "spanlink/viewer/run_graph.h"

namespace spanlink {

// Sets `before` and `critical` on the spans of `graph`, whose spans and links
// are complete.
void FindCriticalPath(RunGraph* graph);

}  // namespace spanlink

#endif  // SPANLINK_VIEWER_CRITICAL_PATH_H_

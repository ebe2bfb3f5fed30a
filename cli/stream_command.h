// `spanlink link --stream`: the same trace with links, record by record.
//
// Memory is that of the spans that are open, whatever the length of the stream.
// Records go out in the order in which they came. The linger goes by the time
// of the data; an input that falls silent for as long by the clock on the wall
// is settled as well, and what is written goes out before every wait. An
// interrupt (SIGINT, SIGTERM) is the end of the stream: nothing held is lost.
#ifndef SPANLINK_CLI_STREAM_COMMAND_H_
#define SPANLINK_CLI_STREAM_COMMAND_H_

#include "spanlink/cli/arguments.h"

namespace spanlink::cli {

// Returns the exit status. REQUIRES: `arguments.stream`.
int RunStream(const Arguments& arguments);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_STREAM_COMMAND_H_

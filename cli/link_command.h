// `spanlink link`: reads traces, links them, and writes or shows the links.
//
// All files are linked together. A file that cannot be read is reported and the
// others go on, but `-o` is then not written.
#ifndef SPANLINK_CLI_LINK_COMMAND_H_
#define SPANLINK_CLI_LINK_COMMAND_H_

#include "spanlink/cli/arguments.h"

namespace spanlink::cli {

// Returns the exit status.
int RunLink(const Arguments& arguments);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_LINK_COMMAND_H_

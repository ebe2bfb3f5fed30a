// `spanlink view`: draws the graph of a run, or writes a page that does.
#ifndef SPANLINK_CLI_VIEW_COMMAND_H_
#define SPANLINK_CLI_VIEW_COMMAND_H_

#include "spanlink/cli/arguments.h"

namespace spanlink::cli {

// Returns the exit status.
int RunView(const Arguments& arguments);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_VIEW_COMMAND_H_

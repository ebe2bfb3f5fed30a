// `spanlink why`: shows the chain of causes behind a span.
#ifndef SPANLINK_CLI_WHY_COMMAND_H_
#define SPANLINK_CLI_WHY_COMMAND_H_

#include "spanlink/cli/arguments.h"

namespace spanlink::cli {

// Returns the exit status.
int RunWhy(const Arguments& arguments);

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_WHY_COMMAND_H_

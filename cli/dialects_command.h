// `spanlink dialects`: what is understood.
#ifndef SPANLINK_CLI_DIALECTS_COMMAND_H_
#define SPANLINK_CLI_DIALECTS_COMMAND_H_

#include <string>

namespace spanlink::cli {

// Returns the text: dialects with their keys, and formats of files.
std::string DescribeDialects();

}  // namespace spanlink::cli

#endif  // SPANLINK_CLI_DIALECTS_COMMAND_H_

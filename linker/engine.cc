#include "spanlink/linker/engine.h"

#include <utility>

namespace spanlink {

Engine::Engine(Options options) : tracker_(std::move(options), &diagnostics_) {}

Subscription Engine::ListenTo(Dispatcher& dispatcher, std::string_view name) {
  return dispatcher.SubscribeAll(name, *this);
}

}  // namespace spanlink

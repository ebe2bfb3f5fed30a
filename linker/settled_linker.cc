#include "spanlink/linker/settled_linker.h"

#include <cassert>
#include <utility>

namespace spanlink {
namespace {

Options Settled(Options options) {
  options.mode = Mode::kSettled;
  if (!options.clock) options.clock = [] { return Time{}; };
  return options;
}

}  // namespace

SettledLinker::SettledLinker(Options options, Diagnostics* diagnostics)
    : options_(Settled(std::move(options))),
      fingerprinter_(options_.seed),
      diagnostics_(diagnostics),
      parking_(options_.limits.parked_calls, options_.limits.parked_age) {}

void SettledLinker::Begin(const TraceId& trace) {
  assert(!scope_);
  scope_.emplace(
      trace,
      CallBook::Context{&options_, &fingerprinter_, diagnostics_, &parking_},
      &spare_, batch_);
}

void SettledLinker::OnSignal(const Signal& signal) {
  assert(scope_);
  scope_->OnSignal(signal, batch_);
  HandOut();
}

void SettledLinker::Finish() {
  assert(scope_);
  scope_->Settle(batch_);
  scope_.reset();
  HandOut();
}

void SettledLinker::HandOut() {
  if (!batch_.links.empty() && options_.on_links) {
    options_.on_links(batch_.links);
  }
  if (!batch_.events.empty()) options_.on_diagnostics(batch_.events);
  batch_.links.clear();
  batch_.events.clear();
  batch_.annotations.clear();  // files have none
}

}  // namespace spanlink

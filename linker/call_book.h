// CallBook: the calls of one trace, what executed them and who used the
// results.
//
// Takes the facts of one scope and decides which execution ran which call and
// which LLM span read which result. The rules are those of docs/design.md
// section 5; each is kept in one function here:
//
//   intake      Insert…, Index…     call_book.cc             facts, bounds
//   duplicates  Merge…, File…       call_book_duplicates.cc  call = call
//   claims      Claim…, Reserve…    call_book_claims.cc      call - execution
//   uses        Resolve…, Consume…  call_book_uses.cc        result - LLM span
//
// Live mode decides on arrival what nothing can change any more and the rest in
// `Settle`; settled mode files everything and decides in `Settle` alone. Both
// run the same claims: only the moment differs.
//
// Lifetime: `context` and what it points to must outlive the book.
// Thread safety: Confined to one thread at a time; the tracker's lock sees to
// it. Complexity: O(log n + kMaxCandidates · depth) a signal for n open calls
// of one tool; memory is bounded by `Limits`, the oldest goes first.
#ifndef SPANLINK_LINKER_CALL_BOOK_H_
#define SPANLINK_LINKER_CALL_BOOK_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/inlined_vector.h"
#include "absl/functional/function_ref.h"
#include "spanlink/linker/batch.h"
#include "spanlink/linker/call_records.h"
#include "spanlink/linker/fingerprint.h"
#include "spanlink/linker/handoff_names.h"
#include "spanlink/linker/key_memo.h"
#include "spanlink/linker/moment.h"
#include "spanlink/linker/numbered.h"
#include "spanlink/linker/numbers_by_id.h"
#include "spanlink/linker/open_calls.h"
#include "spanlink/linker/parking_lot.h"
#include "spanlink/linker/reused.h"
#include "spanlink/linker/span_tree.h"
#include "spanlink/model/signals.h"
#include "spanlink/model/span_link.h"

namespace spanlink {

class CallBook {
 public:
  // What all books of an engine share.
  struct Context {
    const Options* options;
    const Fingerprinter* fingerprinter;
    Diagnostics* diagnostics;
    ParkingLot* parking;
  };

  // What a book leaves behind for the next one.
  struct Spare;

  // `tree` and `spare` must outlive the book.
  CallBook(TraceId trace, const Context& context, SpanTree* tree, Spare* spare);
  CallBook(const CallBook&) = delete;
  CallBook& operator=(const CallBook&) = delete;
  ~CallBook();

  // Takes over what an earlier scope of this trace or conversation left behind.
  void TakeBack(std::vector<ParkedCall> calls, Batch& batch);

  // The facts. `span` is the signal's span in the tree, `arrival` the number of
  // the signal in its scope; what is decided goes to `batch`.
  void OnToolStart(SpanTree::Span& span, const SpanStart& start, Batch& batch);
  void OnChoice(SpanTree::Span& span, const LlmToolChoice& choice,
                uint64_t arrival, Batch& batch);
  void OnToolCall(SpanTree::Span& span, const ToolCall& tool, Batch& batch);
  void OnHandoff(SpanTree::Span& span, const Handoff& handoff, Batch& batch);
  void OnUse(const SpanTree::Span& span, const ToolCallOutputUsed& use,
             Batch& batch);
  void OnFinish(const SpanFinish& finish, Batch& batch);

  // Decides all that is left, reports what found no partner, and parks the
  // calls that a later trace may execute or use. The book is not used
  // afterwards.
  void Settle(Batch& batch);

  size_t calls() const { return calls_.size() + filed_calls_.size(); }
  size_t executions() const { return executions_.size(); }
  size_t uses() const { return waiting_uses_ + filed_uses_.size(); }

 private:
  using Node = SpanTree::Node;
  using Span = SpanTree::Span;
  // How many of the latest open calls are looked at for one execution.
  static constexpr int kMaxCandidates = 256;
  // How many undecided executions are looked at again after a change.
  static constexpr size_t kMaxRetries = 256;
  // Handoffs share one key in their index: there are few, and each is asked
  // about its target.
  static constexpr Fingerprint kHandoffs{1, 1};

  using State = CallState;
  using Call = BookedCall;
  using Execution = BookedExecution;
  using Use = BookedUse;

  // Where a call stands among the candidates for an execution: smaller is
  // better.
  struct Rank {
    bool started_later = false;  // within the clock skew
    int distance = 0;
    bool other_agent = false;
    bool answered_later = false;  // the answer ended after the tool started
    bool done = false;            // executed, or presumed to be
    int later_answers = 0;        // that are candidates, too
    uint8_t progress = 0;         // unexecuted, pending, failed, …

    friend auto operator<=>(const Rank&, const Rank&) = default;
    std::pair<bool, int> nearness() const { return {started_later, distance}; }
  };

  struct Choice {
    Call* call = nullptr;
    int candidates = 0;  // that are as near as `call`
  };

  enum class By : uint8_t { kId, kValue };

  // Lists of them are short, mostly.
  using CallNumbers = absl::InlinedVector<CallNumber, 2>;
  using ExecutionNumbers = absl::InlinedVector<ExecutionNumber, 2>;

  // The calls of one LLM span, and the first span above it that is none.
  struct Answer {
    SpanId under;
    CallNumbers calls;
  };

  // Duplicates (call_book_duplicates.cc).
  bool IsRepeated(const Call& call, Span* llm);
  uint64_t IdentityOf(const Call& call, Span* llm);
  uint32_t CountOccurrence(const Call& call, uint64_t content, Span* llm);
  bool FileFirstIdentity(const Fingerprint& id);
  void FileIdentity(Call& call);
  bool MergeDuplicate(const Call& call, Batch& batch);
  bool MayEncloseUnseen(const Call& a, const Call& b) const;
  static bool IsDuring(const Call& inner, const Call& outer);
  void MoveToInner(Call& outer, const Call& inner);

  // Intake (call_book.cc). `llm`: the span of the call, nullptr if it is gone.
  void Fill(Call& call, const Span& llm, const LlmToolChoice& choice,
            uint64_t arrival);
  void InsertCall(Call& call, Span* llm, Batch& batch);
  bool IsNew(Call& call, Span* llm, Batch& batch);
  template <typename... Args>
  Call& AddCall(Args&&... args) {
    Call& call = calls_.Emplace(std::forward<Args>(args)...);
    call.number = calls_.last() - 1;
    return call;
  }
  void Index(Call& call, Span* llm, Batch& batch);
  void FileIdless(const Call& call);
  void FileAnswer(Call& call, Span* llm);
  AnswerNumber AddAnswer(const Span* llm);
  void LeaveAnswer(const Call& call);
  void IndexOpen(const Call& call);
  void UnindexOpen(const Call& call);
  const OpenCalls& OpenByName();
  void EvictOldestCall(Batch& batch);
  void EvictOldestExecution(Batch& batch);
  Execution* FindOrAddExecution(Span& span, Batch& batch);
  void FinishExecution(Execution& execution, Batch& batch);
  void RefreshTimes(Execution& execution) const;
  void List(Execution& execution);
  std::vector<Execution*> LatestUndecided(Fingerprint name);
  void Unlist(Execution& execution);
  void Wait(const Execution& execution);
  static bool IsWrapper(const Span* span);
  bool is_live() const { return context_.options->mode == Mode::kLive; }
  Fingerprint KeyOf(std::string_view text) const {
    return context_.fingerprinter->OfText(text);
  }

  // Candidates (call_book_candidates.cc).
  bool MayRun(const Call& call, const Execution& execution, By by) const;
  Rank RankOf(const Call& call, const Execution& execution, By by) const;
  bool IsBarred(const Call& call, const Execution& execution) const;
  bool WasReadBefore(const Call& call, const Execution& execution) const;
  bool AreOfOtherAgents(Node a, Node b) const;
  std::span<const CallNumber> LatestWithId(const Fingerprint& id,
                                           const Moment& until) const;
  void ScanOpen(const OpenCalls& calls, Fingerprint key,
                const Execution& execution,
                absl::FunctionRef<bool(Call&)> visit);
  Choice Best(const OpenCalls& calls, Fingerprint key,
              const Execution& execution,
              absl::FunctionRef<bool(const Call&)> accept);
  Choice BestFree(const OpenCalls& calls, Fingerprint key,
                  const Execution& execution);
  void Contest(const OpenCalls& calls, Fingerprint key,
               const Execution& execution);
  Call& KeepOrder(Call& best, const Execution& execution, Fingerprint reading);
  std::pair<int64_t, int64_t> RoomFor(const Execution& execution,
                                      std::span<const CallNumber> answer) const;
  bool Fits(const Call& call, const Execution& execution) const;
  void FindEnclosure(Execution& execution) const;
  const Answer* LastAnswer(const Execution& execution) const;
  Call* NextOf(const Answer& answer, const Execution& execution);
  void Reserve(Execution& execution);
  void Release(Execution& execution);
  void ReserveAgain(Fingerprint name);

  // Claims (call_book_claims.cc).
  void DecideNow(Execution& execution, Batch& batch);
  void DecideAll(const std::vector<ExecutionNumber>& numbers, Batch& batch);
  void RetryAfterChoice(const Call& call, Batch& batch);
  void RetryId(const Fingerprint& id, Batch& batch);
  void RetryTool(Fingerprint name, Batch& batch);
  Call* FindById(const Execution& execution);
  bool ClaimById(Execution& execution, Batch& batch);
  bool AwaitsNearerAnswer(const Execution& execution);
  bool ClaimReserved(Execution& execution, Batch& batch);
  bool ClaimOnlyFit(Execution& execution, Batch& batch);
  bool ClaimByArguments(Execution& execution, Batch& batch);
  bool ClaimHandoff(Execution& execution, Batch& batch);
  bool ClaimRemaining(Execution& execution, Batch& batch);
  bool ClaimByName(Execution& execution, Evidence grade, Batch& batch);
  void Attach(Execution& execution, Call& call, Evidence evidence,
              Batch& batch);
  void CloseSiblings(const Call& call, Batch& batch);

  // Uses (call_book_uses.cc).
  void MarkSuperseded(const Use& use);
  void ResolveUse(const Use& use, Batch& batch);
  Call* FindUsedCall(const Use& use);
  CallNumbers RankUsedCalls(std::span<const CallNumber> calls,
                            const Use& use) const;
  Call* FindUsedCallWithoutId(const Use& use);
  std::array<Node, 2> GroupsOf(Node node) const;
  std::optional<bool> EndedBefore(const Call& call, const Use& use) const;
  void NoteUse(Call& call, const Use& use) const;
  void UseCall(Call& call, const Use& use, Batch& batch);
  bool Consume(Call& call, const Use& use, Batch& batch);
  bool IsLinked(Execution& producer, Node llm, bool once);
  void RetryUses(Batch& batch);
  Execution* PickProducer(const Call& call, const Use& use);
  bool UseOrphan(const Use& use, Batch& batch);
  void FollowHandoffs(Batch& batch);
  Node FirstLlmAfter(const Execution& handoff,
                     const std::vector<std::pair<SortKey, Node>>& llms) const;
  void LinkFollowed(Execution& handoff, Node llm, Batch& batch);

  // The end (call_book_settle.cc).
  void SettleCalls(Batch& batch);
  std::vector<Use> TakeUses();
  void ReportLeftovers(Batch& batch);
  void ReportCall(const Call& call, Batch& batch);
  void Park();
  SpanContext LlmOf(const Call& call) const {
    return {call.rare().earlier_trace.value_or(trace_), call.llm};
  }
  Fingerprint ConversationOf(const Call& call) const;
  bool HasPendingCall() const;
  const Execution* LastThatRan(const Call& call) const;
  Call* Unpark(const Fingerprint& conversation, const Fingerprint& id,
               bool for_execution, Batch& batch);
  Call* Readmit(ParkedCall parked, Batch& batch);

  void Report(DiagnosticId id, SpanId span, Batch& batch);
  SpanLink* Emit(Evidence evidence, Node consumer, Batch& batch);

  const TraceId trace_;
  const Context context_;
  SpanTree* const tree_;
  Spare* const spare_;

  KeyMemo keys_;

  // Calls and executions, by number; indices may hold numbers of evicted ones.
  Numbered<Call> calls_;
  Numbered<Execution> executions_;
  NumbersById<Call> by_id_;
  // By tool and `GroupsOf`, in the order of the answers.
  absl::flat_hash_map<std::pair<Fingerprint, Node>, CallNumbers> idless_calls_;
  // Of ids that only one call has, that call is not in here.
  absl::flat_hash_map<uint64_t, CallNumbers> by_identity_;
  // Equal calls of one answer, but for those that are noted in the tree.
  absl::flat_hash_map<uint64_t, uint32_t> occurrences_;
  // Those without a call are used again.
  Reused<std::vector<Answer>> answers_;
  Reused<std::vector<AnswerNumber>> free_answers_;
  using AnswersUnder = absl::flat_hash_map<SpanId, std::vector<AnswerNumber>>;
  Reused<AnswersUnder> answers_under_;
  // Those that are not noted in the tree.
  absl::flat_hash_set<std::pair<Node, uint32_t>> seen_choices_;
  OpenCalls open_by_arguments_, open_by_name_, open_handoffs_;
  bool names_are_indexed_ = false;  // else `open_by_name_` is empty

  NumbersById<Execution> executions_by_id_;
  // Undecided: started or finished, no call yet.
  absl::flat_hash_map<Fingerprint, absl::btree_set<ExecutionNumber>> undecided_;
  absl::flat_hash_map<SpanId, std::vector<ExecutionNumber>> waiting_under_;
  std::vector<ExecutionNumber> handoffs_;  // whose target has no LLM span yet

  absl::flat_hash_map<Fingerprint, std::vector<Use>> uses_of_unknown_;
  absl::flat_hash_set<std::pair<Node, Fingerprint>> superseded_;
  // Policy `all`: results that are linked to an LLM span.
  absl::flat_hash_set<std::pair<uint64_t, Node>> linked_;
  // The calls that the results in the prompt of one LLM span may be of, by id.
  Node used_calls_of_ = SpanTree::kNone;
  absl::flat_hash_map<Fingerprint, CallNumbers> used_calls_;
  size_t waiting_uses_ = 0;
  std::vector<CallNumber> attached_;  // whose waiting uses may go on

  // Settled mode: facts on file until `Settle`.
  Numbered<Call> filed_calls_;
  Numbered<Use> filed_uses_;
};

struct CallBook::Spare {
  Numbered<Call>::Spare calls;
  Numbered<Execution>::Spare executions;
  NumbersById<Call>::Spare by_id;
  NumbersById<Execution>::Spare executions_by_id;
  std::vector<Answer> answers;
  std::vector<AnswerNumber> free_answers;
  AnswersUnder answers_under;
  SpareLists<AnswerNumber> answer_lists;
  OpenCalls::Spare open_by_arguments, open_by_name, open_handoffs;
};

}  // namespace spanlink

#endif  // SPANLINK_LINKER_CALL_BOOK_H_

#include "admin_worker/source/etcd/documents/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>
#include <unordered_map>

#include "lib/os/wipe_stack.h"

namespace aisix::admin::etcd {
namespace {

// A piece of work that is worth a thread's wake-up.
constexpr size_t kChunk = 64;

template <typename Function>
void ForEachIndex(size_t count, unsigned threads, const Function& function) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    while (true) {
      const size_t begin = next.fetch_add(kChunk);
      if (begin >= count) return os::WipeStack();
      for (size_t i = begin; i < std::min(count, begin + kChunk); ++i) function(i);
    }
  };
  std::vector<std::thread> helpers;
  for (unsigned i = 1; i < threads && i * kChunk < count; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
}

ObservedPtr FindIn(const ObservedTable::Editor& table, std::string_view key) {
  const ObservedPtr* found = table.Find(key);
  return found == nullptr ? nullptr : *found;
}

}  // namespace

// One load or one batch.
class Ledger::Step {
 public:
  Step(Ledger& ledger, int64_t now)
      : ledger_(ledger), now_(now), documents_(ledger.documents_), table_(ledger.table_) {}

  ObservedPtr Find(std::string_view key) const { return FindIn(table_, key); }

  // `next`: what the key holds now; null: nothing. A refused one takes over what serves.
  void Set(const std::string& key, ObservedPtr next) {
    const ObservedPtr before = FindIn(table_, key);
    if (next != nullptr && !next->accepted() && next->pin() == nullptr) next = WithPin(before, next);
    Count(before, -1);
    Count(next, +1);
    Serve(before, next);
    if (next == nullptr) {
      table_.Erase(key);
    } else {
      table_.Put(key, next);
    }
    Report(key, next);
    outcome_.touched.emplace_back(key, std::move(next));
  }

  // `news`: it is worth a line in the log.
  void Refuse(const std::string& key, const ObservedPtr& observed, bool news) {
    ledger_.rejections_.Add(key, observed, now_);
    const Refused& refusal = observed->refusal();
    outcome_.refused_kinds.insert(refusal.error_kind);
    outcome_.last_refused = refusal;
    ++outcome_.refused_count;
    if (news && outcome_.refused.size() < kMaxLogged) outcome_.refused.emplace_back(key, refusal);
  }

  Outcome& outcome() { return outcome_; }

  Outcome Finish() {
    ledger_.documents_ = documents_.Finish();
    ledger_.table_ = table_.Finish();
    return std::move(outcome_);
  }

 private:
  // The pin of a refused one: an existing pin and its time are kept.
  ObservedPtr WithPin(const ObservedPtr& before, const ObservedPtr& next) const {
    if (before == nullptr) return next;
    if (!before->accepted()) return before->pin() == nullptr ? next : next->WithPin(before->shared_pin());
    return next->WithPin(std::make_shared<const Observed::Pin>(Observed::Pin{before, now_}));
  }

  void Count(const ObservedPtr& observed, int change) {
    if (observed == nullptr || observed->accepted()) return;
    const std::string& collection = observed->refusal().collection;
    ledger_.rejected_counts_[collection] += static_cast<uint64_t>(static_cast<int64_t>(change));
    if (observed->pin() != nullptr)
      ledger_.pinned_counts_[collection] += static_cast<uint64_t>(static_cast<int64_t>(change));
  }

  void Serve(const ObservedPtr& before, const ObservedPtr& next) {
    const Observed* old_value = before == nullptr ? nullptr : before->serving();
    const Observed* new_value = next == nullptr ? nullptr : next->serving();
    if (old_value == new_value) return;
    if (new_value == nullptr) {
      documents_.Erase(old_value->key());
    } else if (old_value == nullptr || old_value->document() != new_value->document()) {
      documents_.Put(new_value->key(), new_value->document());
    }
    if (old_value == nullptr || new_value == nullptr || old_value->canonical() != new_value->canonical())
      outcome_.content_changed = true;
  }

  void Report(const std::string& key, const ObservedPtr& next) {
    if (next == nullptr || !next->accepted()) return ledger_.reports_.Remove(key);
    if (!ledger_.reports_.Set(key, next)) outcome_.reports_overflowed = true;
    if (next->ignored().empty()) return;
    std::string text =
        fmt::format("{}: {}", model::CollectionName(next->key().kind), fmt::join(next->ignored(), ", "));
    if (ledger_.told_ignored_.insert(text).second) outcome_.newly_ignored.push_back(std::move(text));
  }

  Ledger& ledger_;
  const int64_t now_;
  DocumentSet::Editor documents_;
  ObservedTable::Editor table_;
  Outcome outcome_;
};

Ledger::Ledger(const KeySpace& keys, const SchemaCatalog& schemas, unsigned threads)
    : keys_(keys), schemas_(schemas), threads_(std::max(1U, threads)) {}

ObservedPtr Ledger::Check(std::string_view key, std::string value, int64_t revision) const {
  auto outcome = Accept(keys_, schemas_, key, value);
  return Observed::Make(revision, std::move(value), std::move(outcome));
}

void Ledger::BeginLoad() {
  loading_.clear();
}

void Ledger::AddPage(std::vector<KeyValue> page) {
  const size_t first = loading_.size();
  loading_.resize(first + page.size());
  ForEachIndex(page.size(), threads_, [&](size_t i) {
    KeyValue& row = page[i];
    ObservedPtr observed;
    // What is known already need not be looked at again.
    if (const ObservedPtr* known = table_.Find(row.key); known != nullptr && (*known)->bytes() == row.value)
      observed = (*known)->revision() == row.mod_revision ? *known : (*known)->WithRevision(row.mod_revision);
    if (observed == nullptr) observed = Check(row.key, std::move(row.value), row.mod_revision);
    loading_[first + i] = {std::move(row.key), std::move(observed)};
  });
}

Outcome Ledger::FinishLoad(const std::vector<SavedPin>& pins, int64_t now) {
  std::unordered_map<std::string_view, const SavedPin*> saved;
  for (const SavedPin& pin : pins) saved.emplace(pin.key, &pin);
  std::vector<std::string> gone;
  {
    auto row = loading_.begin();
    table_.ForEach([&](const std::string& key, const ObservedPtr&) {
      while (row != loading_.end() && row->first < key) ++row;
      if (row == loading_.end() || row->first != key) gone.push_back(key);
    });
  }
  const Rejections earlier = std::exchange(rejections_, Rejections());
  Step step(*this, now);
  for (const std::string& key : gone) step.Set(key, nullptr);
  for (auto& [key, observed] : loading_) {
    if (const auto pin = saved.find(key); pin != saved.end() && !observed->accepted()) {
      ObservedPtr good = Check(key, pin->second->value, pin->second->revision);
      if (good->accepted()) {
        observed = observed->WithPin(
            std::make_shared<const Observed::Pin>(Observed::Pin{std::move(good), pin->second->since}));
      } else {
        step.outcome().lost_pins.push_back(key);
      }
    }
    const bool news = observed != step.Find(key);
    if (news) step.Set(key, observed);
    if (!observed->accepted()) step.Refuse(key, step.Find(key), news);
  }
  loading_.clear();
  loading_.shrink_to_fit();
  rejections_.TakeTimes(earlier);
  Outcome outcome = step.Finish();
  outcome.fresh = true;
  outcome.last_accepted = outcome.refused_count == 0;
  return outcome;
}

Outcome Ledger::Apply(std::vector<Change> changes, int64_t now) {
  Step step(*this, now);
  for (Change& change : changes) {
    Outcome& outcome = step.outcome();
    if (!change.value) {
      if (std::holds_alternative<std::string>(keys_.Parse(change.key))) {
        outcome.unreadable_deletions.push_back(std::move(change.key));
        continue;
      }
      rejections_.Remove(change.key);
      if (step.Find(change.key) != nullptr) step.Set(change.key, nullptr);
      outcome.fresh = true;
      outcome.last_accepted = true;
      continue;
    }
    ObservedPtr observed = Check(change.key, *std::move(change.value), change.revision);
    const bool accepted = observed->accepted();
    step.Set(change.key, std::move(observed));
    outcome.last_accepted = accepted;
    if (accepted) {
      rejections_.Remove(change.key);
      outcome.fresh = true;
    } else {
      step.Refuse(change.key, step.Find(change.key), true);
    }
  }
  return step.Finish();
}

}  // namespace aisix::admin::etcd

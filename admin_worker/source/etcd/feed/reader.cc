#include "admin_worker/source/etcd/feed/reader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "admin_worker/source/etcd/client/error_text.h"
#include "admin_worker/source/etcd/client/watch.h"
#include "lib/os/wipe_stack.h"

namespace aisix::admin::etcd {
namespace {

constexpr std::string_view kTarget = "aisix_admin::etcd";
constexpr absl::Duration kEndedPause = absl::Milliseconds(100);  // after an orderly end (spec 02 §3.2)
constexpr absl::Duration kWatchSlice = absl::Seconds(30);

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// Refused for good: asking again may help only when somebody changes users in etcd.
bool IsRefusedLogin(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsPermissionDenied(status) ||
         absl::IsFailedPrecondition(status);
}

}  // namespace

Reader::Reader(Options options, Client& client, Feed& feed, log::Logger& logger)
    : options_(std::move(options)),
      client_(client),
      feed_(feed),
      logger_(logger),
      backoff_(std::random_device{}()) {}

Reader::~Reader() {
  Stop();
}

void Reader::Start(OnStarted on_started, bool check_login) {
  thread_ =
      std::thread([this, check_login, on_started = std::move(on_started)] { Run(on_started, check_login); });
}

void Reader::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  client_.Close();
  feed_.Close();
  if (thread_.joinable()) thread_.join();
}

bool Reader::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool Reader::Pause(absl::Duration duration) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, absl::ToChronoMilliseconds(duration), [this] { return stopping_; });
  return !stopping_;
}

absl::Status Reader::Login() {
  absl::Status status;
  for (int attempt = 1; attempt <= options_.login_attempts; ++attempt) {
    status = client_.Check();
    // An etcd that cannot be reached is waited for.
    if (!IsRefusedLogin(status)) return absl::OkStatus();
    logger_.Write(log::Level::kWarn, kTarget, "etcd refuses the credentials",
                  {{"attempt", static_cast<int64_t>(attempt)}, {"error", Text(status)}});
    if (attempt < options_.login_attempts && !Pause(options_.login_pause)) return absl::OkStatus();
  }
  return status;
}

void Reader::Run(const OnStarted& on_started, bool check_login) {
  const absl::Status started = check_login ? Login() : absl::OkStatus();
  on_started(started);
  if (!started.ok()) return;
  while (!stopping()) {
    const absl::StatusOr<int64_t> revision = Load();
    if (!revision.ok()) {
      if (IsCompacted(revision.status())) continue;  // the history moved on while the pages were read
      Report(revision.status());
      if (!Pause(backoff_.Next())) return;
      continue;
    }
    backoff_.Reset();
    switch (Follow(*revision)) {
      case Ended::kLoadAgain:
        if (!Pause(kEndedPause)) return;
        break;
      case Ended::kFailed:
        if (!Pause(backoff_.Next())) return;
        break;
      case Ended::kStopped:
        return;
    }
  }
}

void Reader::Report(const absl::Status& status) {
  if (stopping()) return;
  if (failing_since_ == absl::InfinitePast()) failing_since_ = absl::Now();
  // What is new is said; the rest is for those who look closely.
  const bool news = last_failure_ != Text(status);
  last_failure_ = Text(status);
  logger_.Write(news ? log::Level::kWarn : log::Level::kDebug, kTarget,
                "etcd cannot be read, the configuration in effect stays", {{"error", Text(status)}});
  feed_.Put(FetchFailure{status});
}

absl::StatusOr<int64_t> Reader::Load() {
  PageRequest request;
  request.range = PrefixRange(options_.prefix);
  request.limit = options_.page_limit;
  int64_t revision = 0;
  uint64_t keys = 0;
  const absl::Time begin = absl::Now();
  bool begun = false;
  while (true) {
    absl::StatusOr<Page> page = client_.Range(request);
    if (!page.ok()) {
      // A page of large documents may be larger than a message.
      if (!absl::IsResourceExhausted(page.status()) || request.limit <= 1) return page.status();
      request.limit = std::max<int64_t>(1, request.limit / 8);
      continue;
    }
    if (!begun && !feed_.Put(LoadBegin{})) return absl::CancelledError("stopping");
    begun = true;
    revision = page->revision;
    request.revision = revision;
    keys += page->entries.size();
    const bool more = page->more && !page->entries.empty();
    if (more) {
      request.range.begin = page->entries.back().key;
      request.range.begin.push_back('\0');
    }
    if (!page->entries.empty() && !feed_.Put(LoadPage{std::move(page->entries)}))
      return absl::CancelledError("stopping");
    os::WipeStack();
    if (!more) break;
  }
  if (!feed_.Put(LoadEnd{revision})) return absl::CancelledError("stopping");
  const std::string endpoint = client_.endpoint_name();
  logger_.Write(log::Level::kInfo, kTarget,
                failing_since_ == absl::InfinitePast() ? "read from etcd" : "etcd is back",
                {{"endpoint", std::string_view(endpoint)},
                 {"revision", revision},
                 {"keys", keys},
                 {"took_ms", absl::ToInt64Milliseconds(absl::Now() - begin)}});
  failing_since_ = absl::InfinitePast();
  last_failure_.clear();
  return revision;
}

Reader::Ended Reader::Follow(int64_t revision) {
  absl::StatusOr<std::unique_ptr<Watch>> watch =
      client_.StartWatch(PrefixRange(options_.prefix), revision + 1);
  if (!watch.ok()) {
    Report(watch.status());
    return stopping() ? Ended::kStopped : Ended::kFailed;
  }
  while (true) {
    absl::StatusOr<std::optional<ChangeBatch>> batch = (*watch)->Next(absl::Now() + kWatchSlice);
    if (stopping()) return Ended::kStopped;
    if (!batch.ok()) {
      const absl::Status& status = batch.status();
      if (absl::IsOutOfRange(status) || absl::IsAborted(status)) {
        logger_.Write(log::Level::kInfo, kTarget, "the watch ended, everything is read again",
                      {{"reason", Text(status)}});
        return Ended::kLoadAgain;
      }
      Report(status);
      return Ended::kFailed;
    }
    os::WipeStack();
    if (!*batch || (*batch)->changes.empty()) continue;
    if (feed_.PutChanges(std::move((*batch)->changes))) continue;
    logger_.Write(log::Level::kWarn, kTarget,
                  "changes come faster than they can be applied, everything is read again");
    return Ended::kLoadAgain;
  }
}

}  // namespace aisix::admin::etcd

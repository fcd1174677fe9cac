#include "admin_worker/source/etcd/etcd_source.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "lib/crypto/secret.h"
#include "lib/model/kind.h"
#include "lib/os/wipe_stack.h"

namespace aisix::admin::etcd {
namespace {

constexpr std::string_view kTarget = "aisix_admin::etcd";
// Changes that wait to be applied.
constexpr size_t kMaxBacklog = size_t{64} << 20;
constexpr int kLoginAttempts = 5;  // spec 02 §3.1
constexpr unsigned kMaxThreads = 4;

std::string_view Text(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

bool HasUser(const EtcdSettings& settings) {
  return !settings.etcd.user.empty() && !settings.etcd.password_env.empty();
}

ClientOptions OptionsOf(const EtcdSettings& settings, std::vector<Endpoint> endpoints, const KeySpace& keys) {
  ClientOptions options;
  options.endpoints = std::move(endpoints);
  options.prefix = keys.raw_prefix();
  if (HasUser(settings)) {
    options.user = settings.etcd.user;
    options.password = settings.password;
    options.password_source = settings.etcd.password_env;
  }
  options.dial_timeout_ms = settings.etcd.dial_timeout_ms;
  options.request_timeout_ms = settings.etcd.request_timeout_ms;
  return options;
}

Reader::Options ReaderOptions(const EtcdSettings& settings, const KeySpace& keys) {
  Reader::Options options;
  options.prefix = keys.raw_prefix();
  options.login_attempts = HasUser(settings) ? kLoginAttempts : 0;
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<EtcdSource>> EtcdSource::Make(EtcdSettings settings, Connector& connector,
                                                             const SchemaCatalog& schemas, os::UniqueFd state,
                                                             std::optional<CacheFile> cache,
                                                             log::Logger& logger) {
  absl::StatusOr<std::vector<Endpoint>> endpoints =
      ParseEndpoints(settings.etcd.endpoints, settings.etcd.tls);
  if (!endpoints.ok()) return endpoints.status();
  std::unique_ptr<EtcdSource> source(new EtcdSource(std::move(settings), *std::move(endpoints), connector,
                                                    schemas, std::move(state), std::move(cache), logger));
  if (!source->settings_.etcd.tls) return source;
  absl::StatusOr<TlsFiles> files = source->ReadTlsFiles();
  if (!files.ok()) return files.status();
  if (absl::Status used = source->UseTlsFiles(*std::move(files)); !used.ok()) return used;
  return source;
}

EtcdSource::EtcdSource(EtcdSettings settings, std::vector<Endpoint> endpoints, Connector& connector,
                       const SchemaCatalog& schemas, os::UniqueFd state, std::optional<CacheFile> cache,
                       log::Logger& logger)
    : settings_(std::move(settings)),
      connector_(connector),
      logger_(logger),
      keys_(settings_.etcd.prefix, settings_.etcd.env_id),
      cache_(std::move(cache)),
      client_(OptionsOf(settings_, std::move(endpoints), keys_), connector),
      feed_(kMaxBacklog),
      reader_(ReaderOptions(settings_, keys_), client_, feed_, logger),
      log_(std::move(state)),
      keeper_(
          log_, cache_ ? &*cache_ : nullptr, status_, [this] { client_.ForgetReceived(); }, logger),
      ledger_(keys_, schemas, std::clamp(std::thread::hardware_concurrency(), 1U, kMaxThreads)) {}

EtcdSource::~EtcdSource() {
  Stop();
}

absl::StatusOr<TlsFiles> EtcdSource::ReadTlsFiles() const {
  TlsFiles files;
  const std::pair<const char*, std::string*> wanted[] = {{"etcd.tls.ca_cert_file", &files.ca_cert},
                                                         {"etcd.tls.client_cert_file", &files.client_cert},
                                                         {"etcd.tls.client_key_file", &files.client_key}};
  for (const auto& [name, text] : wanted) {
    absl::StatusOr<std::string> content = settings_.read_file(name);
    if (!content.ok()) return absl::InvalidArgumentError(fmt::format("{}: {}", name, Text(content.status())));
    *text = *std::move(content);
  }
  return files;
}

absl::Status EtcdSource::UseTlsFiles(TlsFiles files) {
  auto tls = MakeTlsSettings(files, settings_.etcd.tls_domain_name);
  if (!tls.ok()) return tls.status();
  connector_.SetTls(*std::move(tls));
  tls_files_ = std::move(files);
  return absl::OkStatus();
}

std::string EtcdSource::Reload(bool) {
  if (settings_.resolver_changed) settings_.resolver_changed();
  if (!settings_.etcd.tls) return {};
  absl::StatusOr<TlsFiles> files = ReadTlsFiles();
  if (files.ok() && *files == tls_files_) return {};
  const absl::Status used = files.ok() ? UseTlsFiles(*std::move(files)) : files.status();
  if (!used.ok()) {
    logger_.Write(log::Level::kWarn, kTarget, "etcd certificates refused, the previous ones stay in use",
                  {{"error", Text(used)}});
    return std::string(Text(used));
  }
  logger_.Write(log::Level::kInfo, kTarget, "etcd certificates read again, for new connections");
  return {};
}

void EtcdSource::Start(Publish publish, OnStarted on_started) {
  publish_ = std::move(publish);
  const bool restored = RestoreState() || RestoreCache();
  os::WipeStack();
  if (!restored) {
    auto nothing = std::make_shared<Version>();
    nothing->loaded = false;
    newest_ = std::move(nothing);
    publish_(newest_);
  }
  keeper_.Start();
  connector_.Start();
  thread_ = std::thread([this] { Run(); });
  // Credentials that are refused end a start that has nothing to serve.
  if (restored) {
    on_started(absl::OkStatus());
    reader_.Start([](const absl::Status&) {}, /*check_login=*/false);
  } else {
    const auto explain = [on_started = std::move(on_started)](const absl::Status& status) {
      on_started(status.ok()
                     ? status
                     : absl::Status(status.code(), fmt::format("{}{}", kConnectFailed, Text(status))));
    };
    reader_.Start(explain, /*check_login=*/true);
  }
}

void EtcdSource::Stop() {
  reader_.Stop();
  if (thread_.joinable()) thread_.join();
  keeper_.Stop();
}

ConfigurationPtr EtcdSource::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

bool EtcdSource::RestoreState() {
  std::optional<SavedSnapshot> saved = log_.Read();
  if (!saved) return false;
  const std::optional<EtcdStatus::Restored> earlier = EtcdStatus::Parse(saved->status);
  if (!earlier) return false;
  ledger_.BeginLoad();
  ledger_.AddPage(std::move(saved->entries));
  const absl::Time now = absl::Now();
  const Outcome outcome = ledger_.FinishLoad(saved->pins, absl::ToUnixSeconds(now));
  ledger_.RestoreTimes(earlier->first_seen);
  auto version = std::make_shared<Version>();
  version->number = 1;
  version->generation = saved->revision;
  version->documents = ledger_.documents();
  version->table = ledger_.table();
  version->sequence = earlier->sequence;
  version->fresh_revision = earlier->fresh_revision;
  version->fresh_at = earlier->fresh_at;
  newest_ = version;
  status_.Restore(saved->status, newest_, ledger_);
  Tell(outcome);
  keeper_.Note(newest_);
  const absl::Status kept = log_.Rewrite([this] {
    return StateLog::Image{newest_->generation, newest_->table, status_.Save()};
  });
  if (!kept.ok())
    logger_.Write(log::Level::kError, kTarget, "cannot keep the state for the next admin worker",
                  {{"error", Text(kept)}});
  logger_.Write(
      log::Level::kInfo, kTarget, "configuration restored from the previous admin worker",
      {{"revision", newest_->generation}, {"resources", static_cast<uint64_t>(newest_->documents.size())}});
  {
    const std::lock_guard lock(mutex_);
    current_ = newest_;
  }
  publish_(newest_);
  return true;
}

bool EtcdSource::RestoreCache() {
  if (!cache_) return false;
  absl::StatusOr<SavedSnapshot> saved = cache_->Read();
  if (absl::IsNotFound(saved.status())) return false;
  if (!saved.ok()) {
    logger_.Write(log::Level::kWarn, kTarget, "the snapshot cache is unusable and ignored",
                  {{"path", std::string_view(cache_->path())}, {"error", Text(saved.status())}});
    return false;
  }
  ledger_.BeginLoad();
  ledger_.AddPage(std::move(saved->entries));
  const Outcome outcome = ledger_.FinishLoad(saved->pins, absl::ToUnixSeconds(absl::Now()));
  Commit(outcome, saved->revision, Step::kLoad);
  logger_.Write(log::Level::kWarn, kTarget,
                "configuration restored from the snapshot cache: it serves until etcd was read",
                {{"path", std::string_view(cache_->path())},
                 {"revision", saved->revision},
                 {"resources", static_cast<uint64_t>(newest_->documents.size())}});
  return true;
}

void EtcdSource::Run() {
  while (true) {
    std::vector<FeedItem> items = feed_.TakeAll();
    if (items.empty()) return;
    std::vector<Change> changes;
    for (FeedItem& item : items) {
      // All changes that waited are one step.
      if (auto* batch = std::get_if<Changes>(&item)) {
        std::move(batch->changes.begin(), batch->changes.end(), std::back_inserter(changes));
        continue;
      }
      ApplyChanges(std::exchange(changes, {}));
      TakeOne(item);
    }
    ApplyChanges(std::move(changes));
    os::WipeStack();
  }
}

void EtcdSource::TakeOne(FeedItem& item) {
  if (std::holds_alternative<LoadBegin>(item)) {
    ledger_.BeginLoad();
  } else if (auto* page = std::get_if<LoadPage>(&item)) {
    ledger_.AddPage(std::move(page->entries));
  } else if (const auto* end = std::get_if<LoadEnd>(&item)) {
    const Outcome outcome = ledger_.FinishLoad({}, absl::ToUnixSeconds(absl::Now()));
    Commit(outcome, end->revision, Step::kLoad);
    ::malloc_trim(0);  // the pages, and what they were decoded to, were as large as what stays
  } else {
    status_.OnFetchFailure(absl::Now());
    std::string batch;
    AppendStatus(batch, status_.Save());
    if (current() != nullptr) Keep(batch);
  }
}

void EtcdSource::ApplyChanges(std::vector<Change> changes) {
  if (changes.empty()) return;
  int64_t revision = 0;
  for (const Change& change : changes) revision = std::max(revision, change.revision);
  const Outcome outcome = ledger_.Apply(std::move(changes), absl::ToUnixSeconds(absl::Now()));
  Commit(outcome, revision, Step::kChanges);
}

VersionPtr EtcdSource::NewVersion(const Outcome& outcome, int64_t revision, absl::Time now) {
  auto version = std::make_shared<Version>();
  const bool first = newest_ == nullptr || !newest_->loaded;
  version->number = newest_ == nullptr ? 1 : newest_->number + 1;
  version->generation = first ? revision : std::max(newest_->generation, revision);
  version->documents = ledger_.documents();
  version->table = ledger_.table();
  version->sequence = first ? 1 : newest_->sequence + (outcome.content_changed ? 1 : 0);
  const bool fresh = first || outcome.fresh;
  version->fresh_revision = fresh ? version->generation : newest_->fresh_revision;
  version->fresh_at = fresh ? absl::ToUnixSeconds(now) : newest_->fresh_at;
  return version;
}

void EtcdSource::Commit(const Outcome& outcome, int64_t revision, Step step) {
  const absl::Time now = absl::Now();
  const VersionPtr before = newest_;
  newest_ = NewVersion(outcome, revision, now);
  status_.OnObserved(newest_, ledger_, outcome, step == Step::kLoad, now);
  keeper_.Note(newest_);
  std::string batch;
  for (const auto& [key, observed] : outcome.touched) AppendRecord(batch, key, observed.get());
  AppendRevision(batch, newest_->generation);
  AppendStatus(batch, status_.Save());
  // Before anybody acts on it: the next admin worker must not know less than the zones do.
  Keep(batch);
  crypto::Wipe(batch);
  if (before != nullptr && ReplacesCredentials(outcome, before->table)) keeper_.Forget();
  {
    const std::lock_guard lock(mutex_);
    current_ = newest_;
  }
  publish_(newest_);
  Tell(outcome);
}

// Those of callers are hashes; whatever else stood under a key that has changed may have been one.
bool EtcdSource::ReplacesCredentials(const Outcome& outcome, const ObservedTable& before) const {
  return std::any_of(outcome.touched.begin(), outcome.touched.end(), [&](const auto& touched) {
    if (before.Find(touched.first) == nullptr) return false;
    const auto parts = keys_.Parse(touched.first);
    const auto* const known = std::get_if<KeySpace::Parts>(&parts);
    return known == nullptr || (known->collection != model::CollectionName(model::Kind::kApiKey) &&
                                known->collection != model::CollectionName(model::Kind::kModel));
  });
}

void EtcdSource::Keep(const std::string& batch) {
  if (const absl::Status status = log_.Append(batch); !status.ok())
    logger_.Write(log::Level::kError, kTarget, "cannot keep the state for the next admin worker",
                  {{"error", Text(status)}});
}

void EtcdSource::OnApplied(const ConfigurationPtr& configuration, const std::vector<PushRefusal>& refusals) {
  if (!configuration->loaded) return;
  // Every configuration that was published here is a version.
  status_.OnApplied(std::static_pointer_cast<const Version>(configuration), refusals, absl::Now());
  std::string batch;
  AppendStatus(batch, status_.Save());
  Keep(batch);
}

void EtcdSource::AppendMetrics(std::vector<metrics::Family>& families) const {
  using metrics::FamilyType;
  const absl::Time now = absl::Now();
  status_.AppendMetrics(families, now);
  const Feed::Backlog backlog = feed_.backlog(now);
  families.push_back(metrics::Single("aisix_config_watch_pending_changes", FamilyType::kGauge, {},
                                     static_cast<double>(backlog.changes)));
  families.push_back(metrics::Single("aisix_config_watch_lag_seconds", FamilyType::kGauge, {},
                                     absl::ToDoubleSeconds(backlog.age)));
  families.push_back(metrics::Single("aisix_config_watch_overflows_total", FamilyType::kCounter, {},
                                     static_cast<double>(backlog.overflows)));
}

void EtcdSource::Tell(const Outcome& outcome) {
  for (const auto& [key, refused] : outcome.refused)
    logger_.Write(log::Level::kWarn, kTarget, "document refused",
                  {{"key", std::string_view(key)},
                   {"kind", std::string_view(refused.error_kind)},
                   {"error", std::string_view(refused.error)}});
  if (outcome.refused.size() == Ledger::kMaxLogged)
    logger_.Write(log::Level::kWarn, kTarget, "further documents refused, see /status/config",
                  {{"refused", outcome.refused_count}});
  for (const std::string& fields : outcome.newly_ignored)
    logger_.Write(log::Level::kWarn, kTarget, "members without effect in an accepted document",
                  {{"fields", std::string_view(fields)}});
  for (const std::string& key : outcome.lost_pins)
    logger_.Write(log::Level::kError, kTarget,
                  "the last good value of a refused document cannot be decoded any more and is dropped",
                  {{"key", std::string_view(key)}});
  for (const std::string& key : outcome.unreadable_deletions)
    logger_.Write(log::Level::kWarn, kTarget, "deletion of a key outside of the key space ignored",
                  {{"key", std::string_view(key)}});
  if (outcome.reports_overflowed)
    logger_.Write(log::Level::kWarn, kTarget,
                  "too many documents hold members without effect: not all of them are reported",
                  {{"reported", static_cast<uint64_t>(Reports::kMaxRows)}});
}

}  // namespace aisix::admin::etcd

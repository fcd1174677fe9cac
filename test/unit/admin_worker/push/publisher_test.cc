// The publisher against zones behind real links.
#include "admin_worker/push/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>

#include "lib/ipc/config_service.h"
#include "lib/ipc/rpc_server.h"
#include "lib/os/socket_pair.h"

namespace aisix::admin {
namespace {

using model::Kind;
using ::testing::ElementsAre;

// What happened, in the order in which it happened in any zone: "egress full +a:1", "proxy delta -models/m".
class Journal {
 public:
  void Add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    changed_.notify_all();
  }
  // The next line, waiting for it (a test that hangs is killed by its limit).
  std::string Next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !lines_.empty(); });
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }
  std::vector<std::string> Next(int count) {
    std::vector<std::string> lines;
    for (int i = 0; i < count; ++i) lines.push_back(Next());
    return lines;
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return lines_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> lines_;
};

// One zone: writes down what it is told.
class Zone : public ipc::ConfigReceiver {
 public:
  Zone(std::string name, Journal& journal) : name_(std::move(name)), journal_(journal), service_(*this) {
    server_ = std::make_unique<ipc::RpcServer>(std::vector<grpc::Service*>{service_.service()});
  }
  ~Zone() override { Open(); }

  std::vector<ipc::ConfigRefusal> Apply(ipc::ConfigBatch batch) override {
    std::string line = name_ + (batch.full ? " full" : " delta") + " " + std::to_string(batch.revision);
    if (batch.no_configuration) line += " nothing";
    for (const ipc::ConfigDocument& document : batch.upserts)
      line += " +" + document.kind + "/" + document.id;
    for (const ipc::ConfigRemoval& removal : batch.removals) line += " -" + removal.kind + "/" + removal.id;
    journal_.Add(line);
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
    std::vector<ipc::ConfigRefusal> refusals;
    for (const ipc::ConfigDocument& document : batch.upserts) {
      if (refused_.contains(document.json)) refusals.push_back({document.kind, document.id, "no"});
    }
    return refusals;
  }

  // Documents with this text are refused from now on.
  void Refuse(const std::string& json) {
    const std::lock_guard lock(mutex_);
    refused_.insert(json);
  }

  // Until Open, nothing is acknowledged.
  void Close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

  // A fresh link; the client's end.
  os::UniqueFd Link() {
    auto pair = os::CreateStreamPair();
    server_->Attach(std::move(pair->first));
    return std::move(pair->second);
  }

 private:
  std::string name_;
  Journal& journal_;
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = true;
  std::set<std::string> refused_;
  ipc::ConfigService service_;
  std::unique_ptr<ipc::RpcServer> server_;
};

// A configuration with one provider key per base host and one model.
ConfigurationPtr Make(int64_t generation, const std::vector<std::string>& hosts,
                      const std::vector<std::string>& models = {}) {
  auto configuration = std::make_shared<Configuration>();
  configuration->generation = generation;
  DocumentSet::Editor documents;
  for (const std::string& host : hosts) {
    const std::string text =
        R"({"display_name":"k","api_key":"s","adapter":"openai","provider":"x","api_base":"http://)" + host +
        R"("})";
    documents.Put(Kind::kProviderKey, host, MakeDocument(generation, text));
  }
  for (const std::string& model : models)
    documents.Put(Kind::kModel, model, MakeDocument(generation, R"({"display_name":"m"})"));
  configuration->documents = documents.Finish();
  return configuration;
}

class PublisherTest : public ::testing::Test {
 protected:
  void Start(
      PushLimits limits = {}, Publisher::OnPorts on_ports = [](const control::PortSet&) {}) {
    proxy_ = std::make_unique<Zone>("proxy", journal_);
    egress_ = std::make_unique<Zone>("egress", journal_);
    proxy_channel_.Replace(proxy_->Link());
    egress_channel_.Replace(egress_->Link());
    publisher_ = std::make_unique<Publisher>(
        proxy_channel_, egress_channel_, std::vector<std::string>{"fixed:1"},
        [this](const ConfigurationPtr& configuration, const std::vector<PushRefusal>& refusals) {
          std::string line = "applied " + std::to_string(configuration->generation);
          for (const PushRefusal& refusal : refusals)
            line += " !" + refusal.zone + ":" + refusal.id + "=" + std::to_string(refusal.revision) + ":" +
                    refusal.reason + (refusal.previous_serves ? "" : ":absent");
          journal_.Add(line);
        },
        logger_, limits, std::move(on_ports));
  }

  Journal journal_;
  log::Logger logger_{"test", log::Filter()};
  ipc::RpcChannel proxy_channel_{"config.proxy"};
  ipc::RpcChannel egress_channel_{"config.egress"};
  std::unique_ptr<Zone> proxy_, egress_;
  std::unique_ptr<Publisher> publisher_;
};

TEST_F(PublisherTest, EgressLearnsOfADestinationFirstAndForgetsItLast) {
  Start();
  publisher_->Publish(Make(1, {"a:80"}, {"m"}));
  EXPECT_THAT(journal_.Next(3), ElementsAre("egress full 1 +destinations/a:80 +destinations/fixed:1",
                                            "proxy full 1 +provider_keys/a:80 +models/m", "applied 1"));
  publisher_->Publish(Make(2, {"b:80"}, {"m"}));
  EXPECT_THAT(journal_.Next(4), ElementsAre("egress delta 2 +destinations/b:80",
                                            "proxy delta 2 +provider_keys/b:80 -provider_keys/a:80",
                                            "applied 2", "egress delta 2 -destinations/a:80"));
}

TEST_F(PublisherTest, PortsAreToldBeforeEgressLearnsOfThem) {
  Start({}, [this](const control::PortSet& ports) { journal_.Add("ports " + ports.Encode()); });
  publisher_->Publish(Make(1, {"a:80"}));
  EXPECT_THAT(journal_.Next(4),
              ElementsAre("ports 1,80", "egress full 1 +destinations/a:80 +destinations/fixed:1",
                          "proxy full 1 +provider_keys/a:80", "applied 1"));
  publisher_->Publish(Make(2, {"b:80"}));
  EXPECT_EQ(journal_.Next(), "egress delta 2 +destinations/b:80");
  journal_.Next(3);
  // The old one is in use until the proxy is without it.
  publisher_->Publish(Make(3, {"b:90"}));
  EXPECT_THAT(journal_.Next(6), ElementsAre("ports 1,80,90", "egress delta 3 +destinations/b:90",
                                            "proxy delta 3 +provider_keys/b:90 -provider_keys/b:80",
                                            "ports 1,90", "applied 3", "egress delta 3 -destinations/b:80"));
}

TEST_F(PublisherTest, TheProxyWaitsForEgress) {
  Start();
  egress_->Close();
  publisher_->Publish(Make(1, {"a:80"}));
  EXPECT_EQ(journal_.Next(), "egress full 1 +destinations/a:80 +destinations/fixed:1");
  EXPECT_TRUE(journal_.empty());
  egress_->Open();
  EXPECT_THAT(journal_.Next(2), ElementsAre("proxy full 1 +provider_keys/a:80", "applied 1"));
}

TEST_F(PublisherTest, AReplacedZoneGetsEverythingAgain) {
  Start();
  publisher_->Publish(Make(1, {"a:80"}, {"m"}));
  journal_.Next(3);
  proxy_channel_.Replace(proxy_->Link());
  publisher_->OnLinkReplaced();
  EXPECT_EQ(journal_.Next(), "proxy full 1 +provider_keys/a:80 +models/m");
  egress_channel_.Replace(egress_->Link());
  publisher_->OnLinkReplaced();
  EXPECT_EQ(journal_.Next(), "egress full 1 +destinations/a:80 +destinations/fixed:1");
  publisher_->Publish(Make(2, {"a:80"}, {"m", "n"}));
  // Egress is not bothered: nothing leads to another place.
  EXPECT_THAT(journal_.Next(2), ElementsAre("proxy delta 2 +models/n", "applied 2"));
}

TEST_F(PublisherTest, AZoneThatDoesNotAnswerIsGivenUp) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const os::UniqueFd reader(pipe_ends[0]);
  const os::UniqueFd writer(pipe_ends[1]);
  log::Logger logger("test", *log::Filter::Parse("warn"), writer.get());
  auto silent = os::CreateStreamPair();  // nobody reads at its other end
  egress_ = std::make_unique<Zone>("egress", journal_);
  proxy_ = std::make_unique<Zone>("proxy", journal_);
  proxy_channel_.Replace(std::move(silent->second));
  egress_channel_.Replace(egress_->Link());
  PushLimits limits;
  limits.acknowledgement = absl::Milliseconds(200);
  Publisher publisher(
      proxy_channel_, egress_channel_, {},
      [this](const ConfigurationPtr&, const std::vector<PushRefusal>&) { journal_.Add("applied"); }, logger,
      limits);
  publisher.Publish(Make(1, {"a:80"}, {"m"}));
  std::string logged;
  char buffer[1024];
  while (logged.find("no acknowledgement in time") == std::string::npos) {
    const ssize_t count = ::read(reader.get(), buffer, sizeof(buffer));
    ASSERT_GT(count, 0);
    logged.append(buffer, static_cast<size_t>(count));
  }
  // The other zone was served meanwhile, and a new link is used at once.
  EXPECT_EQ(journal_.Next(), "egress full 1 +destinations/a:80");
  proxy_channel_.Replace(proxy_->Link());
  publisher.OnLinkReplaced();
  EXPECT_THAT(journal_.Next(2), ElementsAre("proxy full 1 +provider_keys/a:80 +models/m", "applied"));
}

TEST_F(PublisherTest, ALinkWhosePeerIsNotThereYetIsNoObstacle) {
  auto pair = os::CreateStreamPair();
  proxy_ = std::make_unique<Zone>("proxy", journal_);
  egress_ = std::make_unique<Zone>("egress", journal_);
  proxy_channel_.Replace(std::move(pair->second));
  egress_channel_.Replace(egress_->Link());
  publisher_ = std::make_unique<Publisher>(
      proxy_channel_, egress_channel_, std::vector<std::string>{},
      [this](const ConfigurationPtr&, const std::vector<PushRefusal>&) { journal_.Add("applied"); }, logger_);
  publisher_->Publish(Make(1, {}, {"m"}));
  EXPECT_EQ(journal_.Next(), "egress full 1");
  ipc::ConfigService service(*proxy_);
  ipc::RpcServer late({service.service()});
  late.Attach(std::move(pair->first));
  EXPECT_THAT(journal_.Next(2), ElementsAre("proxy full 1 +models/m", "applied"));
  publisher_->Stop();
}

TEST_F(PublisherTest, NothingYetIsSaid) {
  Start();
  auto nothing = std::make_shared<Configuration>();
  nothing->loaded = false;
  publisher_->Publish(nothing);
  EXPECT_THAT(journal_.Next(3),
              ElementsAre("egress full 0 +destinations/fixed:1", "proxy full 0 nothing", "applied 0"));
}

TEST_F(PublisherTest, LargeConfigurationsComeInPieces) {
  PushLimits limits;
  limits.chunk_bytes = 100;
  Start(limits);
  std::vector<std::string> models;
  std::string expected = "proxy full 1";
  for (int i = 100; i < 150; ++i) {
    models.push_back(std::to_string(i));
    expected += " +models/" + models.back();
  }
  publisher_->Publish(Make(1, {}, models));
  EXPECT_THAT(journal_.Next(3), ElementsAre("egress full 1 +destinations/fixed:1", expected, "applied 1"));
}

TEST_F(PublisherTest, StopsWhileAZoneHangs) {
  Start();
  egress_->Close();
  publisher_->Publish(Make(1, {"a:80"}));
  journal_.Next();
  publisher_->Stop();
  EXPECT_TRUE(journal_.empty());
}

TEST_F(PublisherTest, WhatIsPublishedWhileAPushIsOnItsWayFollowsAsOne) {
  Start();
  publisher_->Publish(Make(1, {}, {"a"}));
  journal_.Next(3);
  proxy_->Close();
  publisher_->Publish(Make(2, {}, {"a", "b"}));
  EXPECT_EQ(journal_.Next(), "proxy delta 2 +models/b");
  for (int i = 3; i < 20; ++i) publisher_->Publish(Make(i, {}, {"a", "b", "c" + std::to_string(i)}));
  proxy_->Open();
  EXPECT_THAT(journal_.Next(2), ElementsAre("proxy delta 19 +models/c19", "applied 19"));
}

// One model whose document has `text` in it.
ConfigurationPtr WithModel(int64_t generation, const std::string& text, const std::string& host = "a:80") {
  auto configuration = std::make_shared<Configuration>(*Make(generation, {host}));
  DocumentSet::Editor editor(configuration->documents);
  editor.Put(Kind::kModel, "m", MakeDocument(generation, text));
  configuration->documents = editor.Finish();
  return configuration;
}

TEST_F(PublisherTest, WhatAZoneRefusesIsTakenBackUntilItChanges) {
  Start();
  publisher_->Publish(WithModel(1, "good"));
  journal_.Next(3);
  proxy_->Refuse("bad");
  publisher_->Publish(WithModel(2, "bad"));
  EXPECT_THAT(journal_.Next(3),
              ElementsAre("proxy delta 2 +models/m", "proxy delta 2 +models/m", "applied 2 !proxy:m=2:no"));
  // Not tried again while its text is the same, also not on a fresh zone.
  publisher_->Publish(WithModel(3, "bad"));
  EXPECT_THAT(journal_.Next(2), ElementsAre("proxy delta 3", "applied 3 !proxy:m=2:no"));
  proxy_channel_.Replace(proxy_->Link());
  publisher_->OnLinkReplaced();
  EXPECT_EQ(journal_.Next(), "proxy full 3 +provider_keys/a:80 +models/m");
  publisher_->Publish(WithModel(4, "better"));
  EXPECT_THAT(journal_.Next(2), ElementsAre("proxy delta 4 +models/m", "applied 4"));
}

TEST_F(PublisherTest, ARefusedDocumentWithoutAPredecessorIsAbsent) {
  Start();
  proxy_->Refuse("bad");
  publisher_->Publish(WithModel(1, "bad"));
  EXPECT_THAT(journal_.Next(4), ElementsAre("egress full 1 +destinations/a:80 +destinations/fixed:1",
                                            "proxy full 1 +provider_keys/a:80 +models/m",
                                            "proxy delta 1 -models/m", "applied 1 !proxy:m=1:no:absent"));
  // A predecessor that is refused now is no way out either.
  publisher_->Publish(WithModel(2, "good"));
  EXPECT_THAT(journal_.Next(2), ElementsAre("proxy delta 2 +models/m", "applied 2"));
  proxy_->Refuse("good");
  publisher_->Publish(WithModel(3, "bad"));
  EXPECT_THAT(journal_.Next(4), ElementsAre("proxy delta 3 +models/m", "proxy delta 3 +models/m",
                                            "proxy delta 3 -models/m", "applied 3 !proxy:m=3:no:absent"));
}

TEST_F(PublisherTest, EgressKeepsTheDestinationsOfTheValueThatServes) {
  Start();
  publisher_->Publish(Make(1, {"a:80"}));
  journal_.Next(3);
  const auto moved = [](int64_t generation) {
    auto configuration = std::make_shared<Configuration>();
    configuration->generation = generation;
    constexpr char kMoved[] =
        R"({"display_name":"k","api_key":"s","adapter":"openai","provider":"x","api_base":"http://b:80"})";
    configuration->documents = {{{Kind::kProviderKey, "a:80"}, MakeDocument(generation, kMoved)}};
    return configuration;
  };
  proxy_->Refuse(moved(2)->documents.Find(Kind::kProviderKey, "a:80")->json());
  publisher_->Publish(moved(2));
  EXPECT_THAT(journal_.Next(2),
              ElementsAre("egress delta 2 +destinations/b:80", "proxy delta 2 +provider_keys/a:80"));
  std::vector<std::string> rest = journal_.Next(3);  // both zones at once, so in either order
  std::sort(rest.begin(), rest.end());
  EXPECT_THAT(rest, ElementsAre("applied 2 !proxy:a:80=2:no", "egress delta 2 -destinations/b:80",
                                "proxy delta 2 +provider_keys/a:80"));
}

TEST_F(PublisherTest, PushesAreCounted) {
  Start();
  publisher_->Publish(Make(1, {"a:80"}, {"m"}));
  journal_.Next(3);
  publisher_->Publish(Make(2, {"a:80"}, {"m", "n"}));
  journal_.Next(2);
  publisher_->Stop();
  std::vector<metrics::Family> families;
  publisher_->AppendMetrics(families);
  std::map<std::string, double> values;
  for (const metrics::Family& family : families) {
    for (const metrics::Sample& sample : family.samples) {
      std::string name = family.name;
      for (const std::string& label : sample.label_values) name += " " + label;
      values[name] =
          family.type == metrics::FamilyType::kSummary ? static_cast<double>(sample.count) : sample.value;
    }
  }
  EXPECT_EQ(values.at("aisix_config_pushes_total proxy full"), 1);
  EXPECT_EQ(values.at("aisix_config_pushes_total proxy delta"), 1);
  EXPECT_EQ(values.at("aisix_config_pushes_total egress full"), 1);
  EXPECT_EQ(values.at("aisix_config_push_documents_total proxy"), 3);
  EXPECT_EQ(values.at("aisix_config_push_seconds proxy"), 2);
  EXPECT_EQ(values.at("aisix_config_propagation_seconds"), 2);
  EXPECT_EQ(values.at("aisix_config_push_refused_documents"), 0);
}

}  // namespace
}  // namespace aisix::admin

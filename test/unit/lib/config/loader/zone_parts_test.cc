#include "lib/config/loader/zone_parts.h"

#include <map>
#include <random>

#include "gmock/gmock.h"
#include "test/unit/lib/config/loader/load_text.h"

namespace aisix::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

HostFacts Host() {
  HostFacts host;
  host.version = "1.2.3";
  host.cpus = 6;
  host.ca_bundles = {};
  return host;
}

ZoneParts Cut(const std::string& yaml, const Environment& environment = {}) {
  return CutIntoParts(LoadSettings(yaml, environment), environment, Host());
}

std::map<std::string, std::string> PathsOf(const ZoneParts& parts, std::string_view zone) {
  std::map<std::string, std::string> paths;
  for (const FileGrant& grant : parts.supervisor.files) {
    if (grant.zone == zone) paths[grant.name] = grant.path;
  }
  return paths;
}

TEST(ZonePartsTest, ListenersOfEachZoneAndOfTheSupervisor) {
  ZoneParts parts =
      Cut("resources_file: /r\nproxy: {addr: '0.0.0.0:3000', listeners: [{addr: '[::1]:3001'}, {addr: "
          "'127.0.0.1:3002'}]}\nadmin: {addr: '127.0.0.1:4', admin_keys: [k]}\nobservability: {service_name: "
          "edge, "
          "log_level: debug, metrics: {prometheus: {addr: '127.0.0.1:5', path: ' m '}}}\nshutdown: "
          "{min_drain_secs: 1}\n");
  std::vector<std::string> names;
  for (const ListenerSpec& listener : parts.supervisor.listeners) {
    names.push_back(listener.name + "=" + listener.address);
  }
  EXPECT_THAT(names, ElementsAre("proxy=0.0.0.0:3000", "proxy.1=[::1]:3001", "proxy.2=127.0.0.1:3002",
                                 "admin=127.0.0.1:4", "metrics=127.0.0.1:5"));
  EXPECT_EQ(parts.proxy.listeners.size(), 3u);
  EXPECT_EQ(parts.admin.listener->address, "127.0.0.1:4");
  EXPECT_EQ(parts.metrics.listener->address, "127.0.0.1:5");
  EXPECT_EQ(parts.metrics.path, "/m");
  EXPECT_THAT(parts.egress.own_endpoints,
              ElementsAre("0.0.0.0:3000", "[::1]:3001", "127.0.0.1:3002", "127.0.0.1:4", "127.0.0.1:5"));
  EXPECT_EQ(parts.supervisor.min_drain_secs, 1u);
  EXPECT_EQ(parts.supervisor.service_name, "edge");
  EXPECT_TRUE(parts.supervisor.reload_on_sighup);
  for (const CommonPart& common : {parts.supervisor.common, parts.proxy.common, parts.admin.common,
                                   parts.metrics.common, parts.egress.common}) {
    EXPECT_EQ(common.version, "1.2.3");
    EXPECT_EQ(common.log_level, "debug");
    EXPECT_TRUE(common.isolation_enforce);
  }
}

TEST(ZonePartsTest, ListenersThatAreSwitchedOff) {
  ZoneParts parts = Cut(std::string(kMinimal) +
                        "observability: {metrics: {prometheus: {enabled: false}}}\nisolation: best_effort\n");
  EXPECT_FALSE(parts.admin.listener.has_value());
  EXPECT_FALSE(parts.metrics.listener.has_value());
  EXPECT_EQ(parts.supervisor.listeners.size(), 1u);
  EXPECT_FALSE(parts.proxy.common.isolation_enforce);
}

TEST(ZonePartsTest, MetricsPath) {
  for (auto [given, path] : {std::pair{"/x/y", "/x/y"}, std::pair{"' '", "/metrics"},
                             std::pair{"''", "/metrics"}, std::pair{"p", "/p"}}) {
    EXPECT_EQ(Cut(std::string(kMinimal) + "observability: {metrics: {prometheus: {path: " + given + "}}}")
                  .metrics.path,
              path);
  }
}

TEST(ZonePartsTest, WorkersDefaultToTheCpus) {
  EXPECT_EQ(Cut(kMinimal).proxy.workers, 6u);
  EXPECT_EQ(Cut(kMinimal).supervisor.proxy_workers, 6u);
  ZoneParts parts = Cut(kMinimal, {{"AISIX_PROXY__WORKERS", "3"}, {"AISIX_PROXY__THREAD_PER_CORE", "false"}});
  EXPECT_EQ(parts.proxy.workers, 3u);
  EXPECT_EQ(parts.supervisor.proxy_workers, 3u);
  EXPECT_FALSE(parts.proxy.thread_per_core);
  EXPECT_FALSE(parts.supervisor.thread_per_core);
}

constexpr char kPem[] =
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE "
    "KEY-----\nAAAA\n-----END "
    "PRIVATE KEY-----\n";

TEST(ZonePartsTest, FilesAreGrantedByNameAndKnownToTheSupervisorOnly) {
  ScratchDirectory directory;
  std::string pem = directory.Write("pem", kPem);
  std::string tls = "{cert_file: '" + pem + "', key_file: '" + pem + "'}";
  std::string client =
      "{ca_file: '" + pem + "', client_cert_file: '" + pem + "', client_key_file: '" + pem + "'}";
  ZoneParts parts =
      Cut("resources_file: /r/x.yaml\nproxy: {addr: '127.0.0.1:1', tls: " + tls +
          ", listeners: [{addr: '127.0.0.1:2', tls: " + tls + "}]}\nadmin: {admin_keys: [k], tls: " + tls +
          "}\nupstream: {tls: " + client + "}\ncache: {redis: {url: u, tls: " + client + "}}\n");
  std::vector<std::string> proxy;
  for (const auto& [name, path] : PathsOf(parts, "proxy")) {
    EXPECT_EQ(path, pem);
    proxy.push_back(name);
  }
  EXPECT_THAT(proxy,
              ElementsAre("cache.redis.tls.ca_file", "cache.redis.tls.client_cert_file",
                          "cache.redis.tls.client_key_file", "proxy.1.tls.cert_file", "proxy.1.tls.key_file",
                          "proxy.tls.cert_file", "proxy.tls.key_file", "upstream.tls.ca_file",
                          "upstream.tls.client_cert_file", "upstream.tls.client_key_file"));
  std::map<std::string, std::string> admin = PathsOf(parts, "admin");
  EXPECT_THAT(admin,
              ElementsAre(testing::Pair("admin.tls.cert_file", pem), testing::Pair("admin.tls.key_file", pem),
                          testing::Pair("resources_file", "/r/x.yaml")));
  for (const FileGrant& grant : parts.supervisor.files) {
    const bool optional = grant.name == "resources_file" || grant.zone == "egress";
    EXPECT_EQ(grant.required, !optional) << grant.name;
  }
  EXPECT_TRUE(parts.proxy.listeners[0].tls);
  EXPECT_TRUE(parts.admin.listener->tls);
  EXPECT_EQ(parts.proxy.upstream.tls.ca_file, "upstream.tls.ca_file");
  EXPECT_EQ(parts.proxy.cache_redis->tls.client_key_file, "cache.redis.tls.client_key_file");
  EXPECT_EQ(parts.admin.upstream.tls.ca_file, "");
  EXPECT_EQ(Encode(parts.proxy).find(pem), std::string::npos) << "a zone knows names, not paths";
}

TEST(ZonePartsTest, ResolverFilesGoToThoseWhoDial) {
  HostFacts host = Host();
  host.resolv_conf = "/x/resolv.conf";
  host.hosts = "/x/hosts";
  ZoneParts parts = CutIntoParts(LoadSettings(kMinimal, {}), {}, host);
  EXPECT_THAT(PathsOf(parts, "egress"), ElementsAre(testing::Pair("hosts", "/x/hosts"),
                                                    testing::Pair("resolv_conf", "/x/resolv.conf")));
  EXPECT_EQ(PathsOf(parts, "admin").count("hosts"), 0u) << "it dials nobody in file mode";
  EXPECT_EQ(PathsOf(parts, "proxy").count("resolv_conf"), 0u);
  parts = CutIntoParts(
      LoadSettings(
          "proxy: {addr: '127.0.0.1:1'}\nadmin: {enabled: false}\netcd: {endpoints: ['http://e:2379']}\n",
          {}),
      {}, host);
  EXPECT_EQ(PathsOf(parts, "admin")["resolv_conf"], "/x/resolv.conf");
  EXPECT_EQ(PathsOf(parts, "admin")["hosts"], "/x/hosts");
}

TEST(ZonePartsTest, RelativePathsMeanTheDirectoryOfTheStart) {
  ZoneParts parts = Cut(kMinimal);
  EXPECT_EQ(PathsOf(parts, "admin")["resources_file"], std::filesystem::current_path().string() + "/r.yaml");
  EXPECT_EQ(parts.admin.resources_file, "r.yaml") << "messages show it as it was written";
}

TEST(ZonePartsTest, EtcdMode) {
  ScratchDirectory directory;
  std::string pem = directory.Write("pem", kPem);
  std::string base = "proxy: {addr: '127.0.0.1:1'}\nadmin: {enabled: false}\n";
  std::string tls =
      "tls: {ca_cert_file: '" + pem + "', client_cert_file: '" + pem + "', client_key_file: '" + pem + "'";
  ZoneParts parts = Cut(base + "etcd: {endpoints: ['https://[::1]:2379', 'b:1'], env_id: e, " + tls + "}}");
  EXPECT_TRUE(parts.admin.etcd.tls);
  EXPECT_EQ(parts.admin.etcd.tls_domain_name, "::1");
  EXPECT_EQ(parts.proxy.env_id, "e");
  EXPECT_EQ(PathsOf(parts, "admin").size(), 5u) << "with those of the resolver";
  EXPECT_EQ(PathsOf(parts, "admin")["etcd.tls.ca_cert_file"], pem);
  EXPECT_FALSE(parts.supervisor.reload_on_sighup);
  EXPECT_EQ(parts.admin.snapshot_cache_path, "");
  EXPECT_EQ(Cut(base + "etcd: {endpoints: ['etcd.example:1'], " + tls + "}}").admin.etcd.tls_domain_name,
            "etcd.example");
  EXPECT_EQ(Cut(base + "etcd: {endpoints: ['a:1'], " + tls + ", domain_name: d}}").admin.etcd.tls_domain_name,
            "d");
  EXPECT_EQ(
      Cut(base + "etcd: {endpoints: ['a:1']}\nmanaged: {snapshot_cache_path: /c}").admin.snapshot_cache_path,
      "/c");
}

TEST(ZonePartsTest, ManagedMode) {
  std::string base =
      "etcd: {endpoints: ['https://placeholder:1']}\nproxy: {addr: '127.0.0.1:1'}\nadmin: "
      "{admin_keys: [dummy]}\n";
  ZoneParts parts =
      Cut(base +
              "managed: {enabled: true, cp_base_url: 'https://cp', cp_cert_file: /c, cp_key_file: "
              "/k, cp_ca_file: /a, heartbeat_interval_secs: 1}",
          {{"AISIX_DP_BUDGET_STALE_MAX_SECONDS", "7"}});
  EXPECT_FALSE(parts.admin.listener.has_value());
  EXPECT_THAT(parts.admin.admin_keys, IsEmpty()) << "no listener, no keys";
  EXPECT_TRUE(parts.admin.managed.enabled);
  EXPECT_TRUE(parts.proxy.managed);
  EXPECT_EQ(parts.admin.managed.heartbeat_interval_secs, 5u);
  EXPECT_EQ(parts.admin.managed.budget_stale_max_seconds, 7u);
  EXPECT_EQ(parts.admin.snapshot_cache_path, "/var/lib/aisix/config_cache.json");
  EXPECT_EQ(PathsOf(parts, "admin")["managed.cp_key_file"], "/k");
  EXPECT_EQ(Cut(base + "managed: {enabled: true, snapshot_cache_path: ''}").admin.snapshot_cache_path, "");
  EXPECT_EQ(Cut(base + "managed: {enabled: true, heartbeat_interval_secs: 999}")
                .admin.managed.heartbeat_interval_secs,
            300u);
}

TEST(ZonePartsTest, EgressDeniesMetadataByDefault) {
  ZoneParts parts = Cut(kMinimal);
  for (const char* network :
       {"169.254.0.0/16", "fd00:ec2::254/128", "100.100.100.200/32", "168.63.129.16/32", "224.0.0.0/4",
        "ff00::/8", "0.0.0.0/32", "::/128", "::ffff:169.254.0.0/112", "::ffff:168.63.129.16/128"}) {
    EXPECT_THAT(parts.egress.deny_cidrs, testing::Contains(network));
  }
  EXPECT_THAT(Cut(std::string(kMinimal) + "egress: {deny_cidrs: []}").egress.deny_cidrs, IsEmpty());
  EXPECT_THAT(Cut(std::string(kMinimal) + "egress: {deny_cidrs: [10.0.0.0/8], redis_networks: [10.1.0.0/16]}")
                  .egress.deny_cidrs,
              ElementsAre("10.0.0.0/8", "::ffff:10.0.0.0/104"));
}

TEST(ZonePartsTest, AListenerOnAnyPortIsNoEndpointYet) {
  ZoneParts parts =
      Cut("resources_file: /r\nproxy: {addr: '127.0.0.1:80'}\nadmin: {admin_keys: [k], addr: '127.0.0.1:0'}\n"
          "observability: {metrics: {prometheus: {addr: '127.0.0.1:0'}}}\n");
  EXPECT_THAT(parts.egress.own_endpoints, ElementsAre("127.0.0.1:80"));
}

TEST(ZonePartsTest, EgressDialsWithTheUpstreamsSettings) {
  EgressPart egress =
      Cut(std::string(kMinimal) +
          "upstream: {connect_timeout_ms: 1, tcp_keepalive_secs: 2, tcp_keepalive_interval_secs: 3, "
          "tcp_keepalive_retries: 4}")
          .egress;
  EXPECT_EQ(egress.connect_timeout_ms, 1u);
  EXPECT_EQ(egress.tcp_keepalive_secs, 2u);
  EXPECT_EQ(egress.tcp_keepalive_interval_secs, 3u);
  EXPECT_EQ(egress.tcp_keepalive_retries, 4u);
}

TEST(ZonePartsTest, AdminSocket) {
  ScratchDirectory directory;
  HostFacts host = Host();
  host.admin_socket = directory.Write("file", "no directory") + "/aisix/admin.sock";
  EXPECT_EQ(CutIntoParts(LoadSettings(kMinimal), {}, host).admin.socket, "");
  host.admin_socket = directory.path() + "/aisix/admin.sock";
  EXPECT_EQ(CutIntoParts(LoadSettings(kMinimal), {}, host).admin.socket, host.admin_socket);
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/aisix")) << "looking creates nothing";
  std::string base = "resources_file: r\nproxy: {addr: '127.0.0.1:1'}\n";
  ZoneParts given = CutIntoParts(LoadSettings(base + "admin: {enabled: false, socket: /x/s}"), {}, host);
  EXPECT_EQ(given.admin.socket, "/x/s");
  EXPECT_EQ(given.supervisor.admin_socket, "/x/s");
  EXPECT_EQ(CutIntoParts(LoadSettings(base + "admin: {enabled: false, socket: ''}"), {}, host).admin.socket,
            "");
}

TEST(ZonePartsTest, CaBundle) {
  ScratchDirectory directory;
  std::string bundle = directory.Write("bundle.crt", "one\ntwo\n");
  auto paths = [&](const Environment& environment, const std::vector<std::string>& candidates) {
    std::vector<std::string> found;
    for (const FileGrant& grant : CaBundleGrants("proxy", environment, candidates)) {
      EXPECT_FALSE(grant.required);
      found.push_back(grant.name + "=" + grant.path);
    }
    return found;
  };
  EXPECT_THAT(paths({}, {directory.path() + "/absent", bundle, "/etc/passwd"}),
              ElementsAre("ca_bundle=" + bundle));
  EXPECT_THAT(paths({}, {directory.path() + "/absent"}), IsEmpty());
  EXPECT_THAT(paths({{"SSL_CERT_FILE", "/own"}}, {bundle}), ElementsAre("ca_bundle=/own"));
  EXPECT_THAT(paths({{"SSL_CERT_FILE", ""}}, {bundle}), ElementsAre("ca_bundle=" + bundle));

  // A hashed directory: links to one file count once, other names do not count, nor do certificates that the
  // bundle holds already.
  std::string three = directory.Write("store/three.pem", "three\n");
  directory.Write("store/two.pem", "two\n");
  directory.Write("store/readme.txt", "x");
  std::filesystem::create_symlink("three.pem", directory.path() + "/store/0123abcd.0");
  std::filesystem::create_symlink("three.pem", directory.path() + "/store/fedcba98.1");
  std::filesystem::create_symlink("two.pem", directory.path() + "/store/11111111.0");
  std::string store = directory.path() + "/store";
  EXPECT_THAT(paths({{"SSL_CERT_DIR", store}, {"SSL_CERT_FILE", bundle}}, {}),
              ElementsAre("ca_bundle=" + bundle, "ca_bundle.1=" + three));
  EXPECT_THAT(paths({{"SSL_CERT_DIR", store}}, {bundle}),
              ElementsAre("ca_bundle=" + three, "ca_bundle.1=" + store + "/two.pem"));
}

// Every secret of the configuration is in the parts that may hold it and nowhere else.
TEST(ZonePartsTest, SecretsAreSeparated) {
  std::mt19937_64 random(std::random_device{}());
  auto secret = [&] { return "s" + std::to_string(random()) + "x" + std::to_string(random()); };
  struct Planted {
    std::string key;
    std::vector<std::string> zones;  // that may know it
    std::string value;
  };
  std::vector<Planted> planted = {
      {"admin.admin_keys", {"admin"}, ""},
      {"managed.cp_cert_pem", {}, ""},  // ignored unless managed
      {"managed.cp_key_pem", {}, ""},
      {"managed.cp_ca_pem", {}, ""},
      {"cache.redis.url", {"proxy"}, ""},
      {"cache.redis.password", {"proxy"}, ""},
      {"cache.redis.username", {"proxy"}, ""},
      {"cache.redis.nodes", {"proxy"}, ""},
      {"ratelimit.redis.url", {"proxy"}, ""},
      {"ratelimit.redis.password", {"proxy"}, ""},
      {"etcd.user", {"admin"}, ""},
      {"HTTPS_PROXY", {"proxy"}, ""},
  };
  for (bool managed : {false, true}) {
    Environment environment = {{"ETCD_PASSWORD", secret()}, {"OPENAI_API_KEY", secret()}};
    for (Planted& plant : planted) {
      plant.value = secret();
      if (plant.key == "HTTPS_PROXY") {
        environment[plant.key] = "http://user:" + plant.value + "@proxy.test:3128";
        continue;
      }
      std::string name = "AISIX_";
      for (char c : plant.key) name += c == '.' ? std::string("__") : std::string(1, c);
      // Where a server is may be known to more zones than its credentials.
      environment[name] =
          plant.key.ends_with(".url") ? "redis://user:" + plant.value + "@redis.test" : plant.value;
      bool of_control_plane = plant.key.starts_with("managed.");
      if (of_control_plane)
        plant.zones = managed ? std::vector<std::string>{"admin"} : std::vector<std::string>{};
      if (plant.key == "admin.admin_keys" && managed) plant.zones = {};
    }
    environment["AISIX_RATELIMIT__BACKEND"] = "redis";
    std::string yaml =
        "etcd: {endpoints: ['http://127.0.0.1:1'], password_env: ETCD_PASSWORD}\nproxy: {addr: "
        "'127.0.0.1:1'}\n";
    if (managed) yaml += "managed: {enabled: true, cp_base_url: 'https://cp'}\n";
    ZoneParts parts = CutIntoParts(LoadSettings(yaml, environment), environment, Host());
    const std::map<std::string, std::string> texts = {
        {"supervisor", Encode(parts.supervisor)}, {"proxy", Encode(parts.proxy)},
        {"admin", Encode(parts.admin)},           {"metrics", Encode(parts.metrics)},
        {"egress", Encode(parts.egress)},
    };
    for (const auto& [zone, text] : texts) {
      for (const Planted& plant : planted) {
        bool may = std::find(plant.zones.begin(), plant.zones.end(), zone) != plant.zones.end();
        EXPECT_EQ(text.find(plant.value) != std::string::npos, may) << plant.key << " in " << zone;
      }
      // Values of variables are in no part at all.
      EXPECT_EQ(text.find(environment["ETCD_PASSWORD"]), std::string::npos) << zone;
      EXPECT_EQ(text.find(environment["OPENAI_API_KEY"]), std::string::npos) << zone;
    }
  }
}

TEST(ZonePartsTest, PlacesOfTheStartUpConfigurationAreDestinations) {
  ZoneParts parts = Cut(kMinimal, {{"HTTPS_PROXY", "http://user:hunter2@proxy.corp:3128"}});
  EXPECT_THAT(parts.admin.static_destinations, ElementsAre("proxy.corp:3128"));
  EXPECT_EQ(parts.proxy.outbound_proxies.https->password, "hunter2");
  absl::StatusOr<ProxyPart> decoded = DecodeProxyPart(Encode(parts.proxy));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->outbound_proxies.https->host, "proxy.corp");
  EXPECT_FALSE(decoded->outbound_proxies.http.has_value());
}

TEST(ZonePartsTest, PartsOfAFileWithoutEtcdCarryNoEtcdSettings) {
  ZoneParts parts = Cut(std::string(kMinimal) + "etcd: {endpoints: [], user: sesame, password_env: P}");
  EXPECT_EQ(Encode(parts.admin).find("sesame"), std::string::npos);
}

}  // namespace
}  // namespace aisix::config

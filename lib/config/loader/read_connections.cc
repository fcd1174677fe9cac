// The blocks that say where to connect, and with which credentials.
#include "lib/config/loader/reader.h"
#include "lib/config/loader/settings.h"

namespace aisix::config {
namespace {

absl::Status ReadEtcdTls(const Value& value, std::string_view path, EtcdTlsFiles& tls) {
  BlockReader block(value, path, "EtcdTlsConfig",
                    {"ca_cert_file", "client_cert_file", "client_key_file", "domain_name"});
  block.ReadRequired("ca_cert_file", tls.ca_cert_file);
  block.ReadRequired("client_cert_file", tls.client_cert_file);
  block.ReadRequired("client_key_file", tls.client_key_file);
  block.Read("domain_name", tls.domain_name);
  return block.status();
}

}  // namespace

absl::Status ReadEtcd(const Value& value, std::string_view path, EtcdSettings& etcd) {
  BlockReader block(value, path, "EtcdConfig",
                    {"endpoints", "prefix", "env_id", "user", "password_env", "dial_timeout_ms",
                     "request_timeout_ms", "tls"});
  block.ReadRequired("endpoints", etcd.endpoints);
  block.Read("prefix", etcd.prefix);
  block.Read("env_id", etcd.env_id);
  block.Read("user", etcd.user);
  block.Read("password_env", etcd.password_env);
  block.Read("dial_timeout_ms", etcd.dial_timeout_ms);
  block.Read("request_timeout_ms", etcd.request_timeout_ms);
  block.ReadBlock(
      "tls", [&](const Value& tls, std::string_view at) { return ReadEtcdTls(tls, at, etcd.tls.emplace()); },
      /*nullable=*/true);
  return block.status();
}

absl::Status ReadManaged(const Value& value, std::string_view path, ManagedSettings& managed) {
  BlockReader block(value, path, "ManagedConfig",
                    {"enabled", "cp_base_url", "cp_etcd_endpoint", "cp_ca_cert_file", "cp_cert_pem",
                     "cp_key_pem", "cp_ca_pem", "cp_cert_file", "cp_key_file", "cp_ca_file", "mtls_dir",
                     "dp_id_file", "snapshot_cache_path", "heartbeat_interval_secs"});
  block.Read("enabled", managed.enabled);
  block.Read("cp_base_url", managed.cp_base_url);
  block.Read("cp_etcd_endpoint", managed.cp_etcd_endpoint);
  block.Read("cp_ca_cert_file", managed.cp_ca_cert_file);
  block.Read("cp_cert_pem", managed.cp_cert_pem);
  block.Read("cp_key_pem", managed.cp_key_pem);
  block.Read("cp_ca_pem", managed.cp_ca_pem);
  block.Read("cp_cert_file", managed.cp_cert_file);
  block.Read("cp_key_file", managed.cp_key_file);
  block.Read("cp_ca_file", managed.cp_ca_file);
  block.Read("mtls_dir", managed.mtls_dir);
  block.Read("dp_id_file", managed.dp_id_file);
  block.Read("snapshot_cache_path", managed.snapshot_cache_path);
  block.Read("heartbeat_interval_secs", managed.heartbeat_interval_secs);
  return block.status();
}

absl::Status ReadListenerTls(const Value& value, std::string_view path, ListenerTlsFiles& tls) {
  BlockReader block(value, path, "TlsConfig", {"cert_file", "key_file"});
  block.ReadRequired("cert_file", tls.cert_file);
  block.ReadRequired("key_file", tls.key_file);
  return block.status();
}

absl::Status ReadClientTls(const Value& value, std::string_view path, TlsMaterial& tls) {
  BlockReader block(value, path, "UpstreamTlsConfig",
                    {"ca_file", "client_cert_file", "client_key_file", "verify"});
  // null is absent; so is an empty path, which could name no file.
  auto read = [&](std::string_view key, std::string& target) {
    std::optional<std::string> given;
    block.Read(key, given);
    target = std::move(given).value_or("");
  };
  read("ca_file", tls.ca_file);
  read("client_cert_file", tls.client_cert_file);
  read("client_key_file", tls.client_key_file);
  block.Read("verify", tls.verify);
  return block.status();
}

absl::Status ReadRedis(const Value& value, std::string_view path, RedisPart& redis) {
  BlockReader block(
      value, path, "RedisConfig",
      {"mode", "url", "nodes", "sentinels", "master_name", "username", "password", "database", "tls"});
  auto read = [&](std::string_view key, std::string& target) {
    std::optional<std::string> given;
    block.Read(key, given);
    target = std::move(given).value_or("");
  };
  block.ReadEnum("mode", "RedisMode", {"single", "cluster", "sentinel"}, redis.mode);
  read("url", redis.url);
  block.Read("nodes", redis.nodes);
  block.Read("sentinels", redis.sentinels);
  read("master_name", redis.master_name);
  read("username", redis.username);
  read("password", redis.password);
  block.Read("database", redis.database);
  block.ReadBlock("tls",
                  [&](const Value& tls, std::string_view at) { return ReadClientTls(tls, at, redis.tls); });
  return block.status();
}

}  // namespace aisix::config

#include "lib/config/loader/reader.h"
#include "lib/config/loader/settings.h"

namespace aisix::config {
namespace {

absl::Status ReadRealIp(const Value& value, std::string_view path, ProxySettings& proxy) {
  BlockReader block(value, path, "RealIpConfig", {"trusted_proxies", "recursive", "header"});
  block.Read("trusted_proxies", proxy.trusted_proxies);
  block.Read("recursive", proxy.real_ip_recursive);
  block.Read("header", proxy.real_ip_header);
  return block.status();
}

absl::Status ReadRequestId(const Value& value, std::string_view path, ProxySettings& proxy) {
  BlockReader block(value, path, "RequestIdConfig", {"accept_headers"});
  block.Read("accept_headers", proxy.accept_headers);
  return block.status();
}

absl::Status ReadUrlRewrite(const Value& value, std::string_view path, UrlRewrite& rule) {
  BlockReader block(value, path, "UrlRewriteRule", {"name", "match", "rewrite"});
  std::optional<std::string> name;
  block.Read("name", name);
  rule.name = std::move(name).value_or("");
  block.ReadRequired("match", rule.match);
  block.ReadRequired("rewrite", rule.rewrite);
  return block.status();
}

absl::Status ReadListener(const Value& value, std::string_view path, ProxyListenerSettings& listener) {
  BlockReader block(value, path, "ProxyListener", {"addr", "tls"});
  block.ReadRequired("addr", listener.addr);
  block.ReadBlock(
      "tls",
      [&](const Value& tls, std::string_view at) { return ReadListenerTls(tls, at, listener.tls.emplace()); },
      /*nullable=*/true);
  return block.status();
}

}  // namespace

absl::Status ReadProxy(const Value& value, std::string_view path, ProxySettings& proxy) {
  BlockReader block(value, path, "ProxyConfig",
                    {"addr", "request_body_limit_bytes", "tls", "real_ip", "request_id", "thread_per_core",
                     "workers", "url_rewrites", "listeners"});
  block.ReadRequired("addr", proxy.addr);
  block.Read("request_body_limit_bytes", proxy.request_body_limit_bytes);
  block.ReadBlock(
      "tls",
      [&](const Value& tls, std::string_view at) { return ReadListenerTls(tls, at, proxy.tls.emplace()); },
      /*nullable=*/true);
  block.ReadBlock("real_ip",
                  [&](const Value& real_ip, std::string_view at) { return ReadRealIp(real_ip, at, proxy); });
  block.ReadBlock("request_id", [&](const Value& request_id, std::string_view at) {
    return ReadRequestId(request_id, at, proxy);
  });
  block.Read("thread_per_core", proxy.thread_per_core);
  block.Read("workers", proxy.workers);
  block.ReadBlockList("url_rewrites", [&](const Value& rule, std::string_view at) {
    return ReadUrlRewrite(rule, at, proxy.url_rewrites.emplace_back());
  });
  block.ReadBlockList("listeners", [&](const Value& listener, std::string_view at) {
    return ReadListener(listener, at, proxy.listeners.emplace_back());
  });
  return block.status();
}

}  // namespace aisix::config

#include "lib/dns/local.h"

namespace aisix::dns {

std::optional<Answer> AnswerLocally(const Settings& settings, const std::string& host) {
  if (net::Address literal = net::ParseAddress(host, 0); literal.family != net::Address::Family::kNone) {
    return Answer{{literal}, Source::kAddress};
  }
  if (host == "localhost" || host.ends_with(".localhost")) {
    return Answer{{net::ParseAddress("::1", 0), net::ParseAddress("127.0.0.1", 0)}, Source::kFile};
  }
  if (const std::vector<net::Address>* addresses = settings.hosts.Find(host)) {
    return Answer{*addresses, Source::kFile};
  }
  return std::nullopt;
}

}  // namespace aisix::dns

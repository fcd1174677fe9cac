#include "admin_worker/source/etcd/documents/key_space.h"

#include <fmt/format.h>

#include "lib/json/text.h"

namespace aisix::admin::etcd {
namespace {

std::string_view WithoutTrailingSlashes(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

}  // namespace

KeySpace::KeySpace(std::string_view prefix, std::string_view env_id) : raw_prefix_(prefix) {
  if (!env_id.empty()) raw_prefix_ = fmt::format("{}/{}/", WithoutTrailingSlashes(prefix), env_id);
  stem_ = WithoutTrailingSlashes(raw_prefix_);
}

std::variant<KeySpace::Parts, std::string> KeySpace::Parse(std::string_view bytes) const {
  const std::string key = json::ReplaceInvalidUtf8(bytes);
  std::string_view rest = key;
  if (!rest.starts_with(stem_) || !rest.substr(stem_.size()).starts_with('/'))
    return fmt::format("etcd key \"{}\" does not start with configured prefix \"{}\"", key, raw_prefix_);
  rest.remove_prefix(stem_.size() + 1);
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos)
    return fmt::format("etcd key \"{}\" is missing the `{{kind}}/{{id}}` suffix", key);
  Parts parts{std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1))};
  if (parts.collection.empty() || parts.id.empty())
    return fmt::format("etcd key \"{}\" has an empty kind or id segment", key);
  return parts;
}

std::string KeySpace::KeyOf(std::string_view collection, std::string_view id) const {
  return fmt::format("{}/{}/{}", stem_, collection, id);
}

}  // namespace aisix::admin::etcd

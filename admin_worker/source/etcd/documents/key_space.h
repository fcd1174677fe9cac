// Where resources lie in etcd (spec 02 §2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace aisix::admin::etcd {

class KeySpace {
 public:
  // `prefix` and `env_id`: of the start-up configuration.
  KeySpace(std::string_view prefix, std::string_view env_id);

  // The bytes with which every key begins that is read. Neighbours ("/aisix-extra") begin with them too.
  const std::string& raw_prefix() const { return raw_prefix_; }

  struct Parts {
    std::string collection, id;
  };
  // The parts of a key, or what is wrong with it.
  std::variant<Parts, std::string> Parse(std::string_view key) const;
  // The key of a resource.
  std::string KeyOf(std::string_view collection, std::string_view id) const;

 private:
  std::string raw_prefix_;
  std::string stem_;  // without trailing slashes
};

}  // namespace aisix::admin::etcd

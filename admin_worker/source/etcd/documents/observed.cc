#include "admin_worker/source/etcd/documents/observed.h"

#include <utility>

#include "lib/crypto/secret.h"

namespace aisix::admin::etcd {

ObservedPtr Observed::Make(int64_t revision, std::string bytes, std::variant<Accepted, Refused> outcome) {
  std::shared_ptr<Observed> made(new Observed);
  made->revision_ = revision;
  if (auto* refused = std::get_if<Refused>(&outcome)) {
    made->refusal_ = std::make_shared<const Refused>(std::move(*refused));
    made->bytes_ = std::move(bytes);
    return made;
  }
  auto& accepted = std::get<Accepted>(outcome);
  made->key_ = std::move(accepted.key);
  made->bytes_are_canonical_ = bytes == accepted.canonical;
  if (made->bytes_are_canonical_) {
    crypto::Wipe(bytes);
  } else {
    made->bytes_ = std::move(bytes);
  }
  if (accepted.served.empty()) {
    made->document_ = MakeDocument(revision, std::move(accepted.canonical));
  } else {
    made->document_ = MakeDocument(revision, std::move(accepted.served));
    made->canonical_ = std::move(accepted.canonical);
  }
  if (!accepted.ignored.empty())
    made->ignored_ = std::make_shared<const std::vector<std::string>>(std::move(accepted.ignored));
  return made;
}

ObservedPtr Observed::WithPin(std::shared_ptr<const Pin> pin) const {
  std::shared_ptr<Observed> made(new Observed(*this));
  made->pin_ = std::move(pin);
  return made;
}

ObservedPtr Observed::WithRevision(int64_t revision) const {
  std::shared_ptr<Observed> made(new Observed(*this));
  made->revision_ = revision;
  if (document_ != nullptr) made->document_ = MakeDocument(revision, document_->json());
  return made;
}

Observed::~Observed() {
  crypto::Wipe(canonical_);
  crypto::Wipe(bytes_);
}

const std::vector<std::string>& Observed::ignored() const {
  static const std::vector<std::string> kNone;
  return ignored_ == nullptr ? kNone : *ignored_;
}

}  // namespace aisix::admin::etcd

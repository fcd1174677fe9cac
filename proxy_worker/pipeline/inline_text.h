// A text that keeps short values inside itself, so that a request needs no heap for its names.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace aisix::proxy {

// Owns a copy of a text; up to N bytes without the heap. Not thread-safe.
template <size_t N>
class InlineText {
 public:
  InlineText() = default;
  InlineText(const InlineText&) = delete;
  InlineText& operator=(const InlineText&) = delete;

  // `text` must not be a part of this one.
  InlineText& operator=(std::string_view text) {
    Clear();
    Append(text);
    return *this;
  }
  void Append(std::string_view text) {
    if (text.size() > N - size_ || long_ != nullptr) {
      AppendLong(text);
    } else if (!text.empty()) {
      std::memcpy(short_ + size_, text.data(), text.size());
      size_ += text.size();
    }
  }
  void Clear() {
    size_ = 0;
    long_.reset();
  }
  bool empty() const { return view().empty(); }
  size_t size() const { return view().size(); }
  std::string_view view() const {
    return long_ == nullptr ? std::string_view(short_, size_) : std::string_view(*long_);
  }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)

 private:
  [[gnu::noinline]] void AppendLong(std::string_view text) {
    if (long_ == nullptr) long_ = std::make_unique<std::string>(short_, size_);
    long_->append(text);
  }

  size_t size_ = 0;                    // of short_
  std::unique_ptr<std::string> long_;  // null: short_ has it
  char short_[N];
};

}  // namespace aisix::proxy

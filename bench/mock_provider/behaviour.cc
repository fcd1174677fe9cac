#include "bench/mock_provider/behaviour.h"

#include <charconv>
#include <variant>

#include "bench/mock_provider/text.h"

namespace aisix::mock {
namespace {

using Number = int64_t Behaviour::*;
using Text = std::string Behaviour::*;

struct Member {
  std::string_view name;
  std::variant<Number, Text> target;
};

constexpr Member kMembers[] = {
    {"head_delay_ms", &Behaviour::head_delay_ms},
    {"ttft_ms", &Behaviour::ttft_ms},
    {"gap_ms", &Behaviour::gap_ms},
    {"chunks", &Behaviour::chunks},
    {"reply_bytes", &Behaviour::reply_bytes},
    {"content", &Behaviour::content},
    {"usage", &Behaviour::usage},
    {"tool_arguments", &Behaviour::tool_arguments},
    {"service_extras", &Behaviour::service_extras},
    {"status", &Behaviour::status},
    {"retry_after", &Behaviour::retry_after},
    {"error_body", &Behaviour::error_body},
    {"header", &Behaviour::header},
    {"body", &Behaviour::body},
    {"content_type", &Behaviour::content_type},
    {"fail_times", &Behaviour::fail_times},
    {"key", &Behaviour::key},
    {"malformed", &Behaviour::malformed},
    {"malformed_after", &Behaviour::malformed_after},
    {"truncate_after", &Behaviour::truncate_after},
    {"hang", &Behaviour::hang},
    {"hang_after", &Behaviour::hang_after},
    {"drop_connection", &Behaviour::drop_connection},
    {"die_after", &Behaviour::die_after},
    {"reset_after", &Behaviour::reset_after},
    {"error_after", &Behaviour::error_after},
    {"error_event", &Behaviour::error_event},
    {"no_done", &Behaviour::no_done},
    {"after_done", &Behaviour::after_done},
    {"crlf", &Behaviour::crlf},
    {"comments", &Behaviour::comments},
    {"write_bytes", &Behaviour::write_bytes},
    {"close", &Behaviour::close},
    {"until_close", &Behaviour::until_close},
    {"chunked", &Behaviour::chunked},
    {"echo", &Behaviour::echo},
    {"ignore_stream", &Behaviour::ignore_stream},
};

bool SameName(std::string_view name, std::string_view given) {
  if (name.size() != given.size()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    char c = given[i] == '-' ? '_' : given[i];
    if (c != name[i]) return false;
  }
  return true;
}

bool ParseNumber(std::string_view text, int64_t& number) {
  if (text == "true") {
    number = 1;
    return true;
  }
  if (text == "false") {
    number = 0;
    return true;
  }
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool SetMember(Behaviour& behaviour, std::string_view name, std::string_view value) {
  for (const Member& member : kMembers) {
    if (!SameName(member.name, name)) continue;
    if (const Number* number = std::get_if<Number>(&member.target)) {
      return ParseNumber(value, behaviour.*(*number));
    }
    behaviour.*(std::get<Text>(member.target)) = std::string(value);
    return true;
  }
  return false;
}

void ApplyQuery(Behaviour& behaviour, std::string_view query) {
  while (!query.empty()) {
    size_t end = query.find('&');
    std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      SetMember(behaviour, pair, "1");
    } else {
      SetMember(behaviour, pair.substr(0, equals), PercentDecode(pair.substr(equals + 1)));
    }
  }
}

void ApplyObject(Behaviour& behaviour, simdjson::dom::object object) {
  for (auto [name, value] : object) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
      SetMember(behaviour, name, text);
    } else {
      SetMember(behaviour, name, simdjson::minify(value));
    }
  }
}

std::string MemberList() {
  std::string list;
  for (const Member& member : kMembers) {
    list += "  ";
    list += member.name;
    list += std::holds_alternative<Number>(member.target) ? " (number)\n" : " (text)\n";
  }
  return list;
}

}  // namespace aisix::mock

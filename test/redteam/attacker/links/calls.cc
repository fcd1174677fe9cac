// gRPC calls that the zone should not make, or not so.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdlib>
#include <deque>

#include "proto/config.grpc.pb.h"
#include "proto/zone.grpc.pb.h"
#include "test/redteam/attacker/links/abuse.h"

namespace aisix::redteam {
namespace {

constexpr std::chrono::seconds kPatience(20);
constexpr size_t kMiB = size_t{1} << 20;

const char* CodeName(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return "OK";
    case grpc::StatusCode::CANCELLED:
      return "CANCELLED";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "DEADLINE_EXCEEDED";
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return "RESOURCE_EXHAUSTED";
    case grpc::StatusCode::FAILED_PRECONDITION:
      return "FAILED_PRECONDITION";
    case grpc::StatusCode::INVALID_ARGUMENT:
      return "INVALID_ARGUMENT";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "PERMISSION_DENIED";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "UNIMPLEMENTED";
    case grpc::StatusCode::UNAVAILABLE:
      return "UNAVAILABLE";
    default:
      return "another error";
  }
}

void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
}

std::string AskStatus(const std::shared_ptr<grpc::Channel>& channel, const std::string& subject) {
  grpc::ClientContext context;
  SetDeadline(context);
  zone::StatusRequest request;
  request.set_subject(subject);
  zone::StatusReply reply;
  const grpc::Status status = zone::Zone::NewStub(channel)->Status(&context, request, &reply);
  if (!status.ok()) return CodeName(status.error_code());
  return reply.found() ? "OK: " + reply.json() : "OK: not found";
}

std::string Collect(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  SetDeadline(context);
  const auto reader = zone::Zone::NewStub(channel)->Collect(&context, {});
  zone::CollectPart part;
  while (reader->Read(&part)) {
  }
  return CodeName(reader->Finish().error_code());
}

std::string Push(const std::shared_ptr<grpc::Channel>& channel, const std::string& kind,
                 const std::string& id) {
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = config::Config::NewStub(channel)->Push(&context);
  config::Chunk chunk;
  chunk.set_epoch(1'000'000);
  chunk.set_revision(1'000'000);
  chunk.set_begin(true);
  chunk.set_end(true);
  config::Document& document = *chunk.add_upserts();
  document.set_kind(kind);
  document.set_id(id);
  document.set_json("{}");
  stream->Write(chunk);
  config::Applied applied;
  if (stream->Read(&applied)) {
    stream->WritesDone();
    return "applied";
  }
  return CodeName(stream->Finish().error_code());
}

std::string EndlessPush(const std::shared_ptr<grpc::Channel>& channel, size_t mebibytes) {
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = config::Config::NewStub(channel)->Push(&context);
  for (size_t i = 0; i < mebibytes; ++i) {
    config::Chunk chunk;
    chunk.set_epoch(1'000'000);
    chunk.set_begin(i == 0);
    config::Document& document = *chunk.add_upserts();
    document.set_kind("models");
    document.set_id(std::to_string(i));
    document.set_json(std::string(kMiB, 'x'));
    if (!stream->Write(chunk)) return CodeName(stream->Finish().error_code());
  }
  stream->WritesDone();
  config::Applied applied;
  if (stream->Read(&applied)) return "applied";
  return std::string("taken, then ") + CodeName(stream->Finish().error_code());
}

// All are sent before the first answer is looked at.
std::string ManyCalls(const std::shared_ptr<grpc::Channel>& channel, size_t count) {
  struct Pending {
    grpc::ClientContext context;
    zone::StatusReply reply;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<zone::StatusReply>> reader;
  };
  grpc::CompletionQueue queue;
  const auto stub = zone::Zone::NewStub(channel);
  std::deque<Pending> pending;
  zone::StatusRequest request;
  request.set_subject("zone");
  for (size_t i = 0; i < count; ++i) {
    Pending& one = pending.emplace_back();
    SetDeadline(one.context);
    one.reader = stub->AsyncStatus(&one.context, request, &queue);
    one.reader->Finish(&one.reply, &one.status, &one);
  }
  std::map<std::string, size_t> codes;
  void* tag = nullptr;
  bool ok = false;
  for (size_t i = 0; i < count && queue.Next(&tag, &ok); ++i) {
    ++codes[CodeName(static_cast<Pending*>(tag)->status.error_code())];
  }
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  std::string text;
  for (const auto& [code, number] : codes)
    text += (text.empty() ? "" : ", ") + code + " " + std::to_string(number);
  return text;
}

}  // namespace

std::string RunCalls(const std::shared_ptr<grpc::Channel>& channel, const std::vector<std::string>& words) {
  const std::string& what = words[0];
  if (what == "status") return AskStatus(channel, words.at(2));
  if (what == "collect") return Collect(channel);
  if (what == "push") return Push(channel, words.at(2), words.at(3));
  const auto number = [&] { return std::strtoull(words.at(2).c_str(), nullptr, 10); };
  if (what == "endless-push") return EndlessPush(channel, number());
  if (what == "oversized") return AskStatus(channel, std::string(number() * kMiB, 'x'));
  if (what == "many-calls") return ManyCalls(channel, number());
  return "unknown word";
}

}  // namespace aisix::redteam

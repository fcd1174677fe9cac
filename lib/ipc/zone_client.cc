#include "lib/ipc/zone_client.h"

#include <grpcpp/grpcpp.h>

#include "lib/ipc/family_codec.h"
#include "proto/zone.grpc.pb.h"

namespace aisix::ipc {
namespace {

absl::Status FromGrpc(const grpc::Status& status) {
  // Both use the numbers of google.rpc.Code.
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

}  // namespace

absl::StatusOr<std::vector<metrics::Family>> CollectZone(const RpcChannel& channel,
                                                         std::chrono::milliseconds limit) {
  std::shared_ptr<grpc::Channel> connection = channel.Get();
  if (connection == nullptr) return absl::UnavailableError("no link");
  std::unique_ptr<zone::Zone::Stub> stub = zone::Zone::NewStub(connection);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + limit);
  std::unique_ptr<grpc::ClientReader<zone::CollectPart>> reader =
      stub->Collect(&context, zone::CollectRequest());
  std::vector<metrics::Family> families;
  zone::CollectPart part;
  while (reader->Read(&part)) {
    std::vector<metrics::Family> received;
    received.reserve(part.families_size());
    for (const zone::Family& family : part.families()) received.push_back(FromProto(family));
    metrics::Merge(families, std::move(received));
  }
  grpc::Status status = reader->Finish();
  if (!status.ok()) return FromGrpc(status);
  return families;
}

absl::StatusOr<std::optional<std::string>> QueryStatus(const RpcChannel& channel, const std::string& subject,
                                                       std::chrono::milliseconds limit) {
  std::shared_ptr<grpc::Channel> connection = channel.Get();
  if (connection == nullptr) return absl::UnavailableError("no link");
  std::unique_ptr<zone::Zone::Stub> stub = zone::Zone::NewStub(connection);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + limit);
  zone::StatusRequest request;
  request.set_subject(subject);
  zone::StatusReply reply;
  grpc::Status status = stub->Status(&context, request, &reply);
  if (!status.ok()) return FromGrpc(status);
  if (!reply.found()) return std::optional<std::string>();
  return std::optional<std::string>(std::move(*reply.mutable_json()));
}

}  // namespace aisix::ipc

#include "admin_worker/resources/document_set.h"

namespace aisix::admin {
namespace {

// An array of editors, each begun with its own map: they can be neither copied nor moved.
template <typename Editors, typename Maps, size_t... Index>
Editors BeginAll(Maps& maps, std::index_sequence<Index...>) {
  return Editors{typename Editors::value_type(std::move(maps[Index]))...};
}

}  // namespace

DocumentSet::DocumentSet(std::initializer_list<std::pair<DocumentKey, DocumentPtr>> documents) {
  Editor editor;
  for (const auto& [key, value] : documents) editor.Put(key, value);
  *this = editor.Finish();
}

size_t DocumentSet::size() const {
  size_t total = 0;
  for (const Documents& documents : documents_) total += documents.size();
  return total;
}

DocumentSet::Editor::Editor(DocumentSet base)
    : editors_(
          BeginAll<decltype(editors_)>(base.documents_, std::make_index_sequence<model::kKinds.size()>())) {}

DocumentSet DocumentSet::Editor::Finish() {
  DocumentSet result;
  for (size_t i = 0; i < editors_.size(); ++i) result.documents_[i] = editors_[i].Finish();
  return result;
}

}  // namespace aisix::admin

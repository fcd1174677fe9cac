#include "admin_worker/source/etcd/documents/key_space.h"

#include <gtest/gtest.h>

namespace aisix::admin::etcd {
namespace {

struct Case {
  const char* prefix;
  const char* env_id;
  std::string key;
  const char* collection;  // null: refused
  const char* id_or_error;
};

TEST(KeySpace, Parse) {
  const Case cases[] = {
      {"/aisix", "", "/aisix/models/m-1", "models", "m-1"},
      {"/aisix/", "", "/aisix/models/m-1", "models", "m-1"},
      {"/aisix", "", "/aisix/models/a/b/", "models", "a/b/"},
      {"/aisix", "e-1", "/aisix/e-1/models/m", "models", "m"},
      {"/aisix//", "e-1", "/aisix/e-1/models/m", "models", "m"},
      {"", "", "/models/m", "models", "m"},
      {"/aisix", "", "/aisix/models/\xff", "models", "\xef\xbf\xbd"},
      {"/aisix", "", "/aisixmodels/x", nullptr,
       "etcd key \"/aisixmodels/x\" does not start with configured prefix \"/aisix\""},
      {"/aisix", "", "/aisix-extra/models/x", nullptr,
       "etcd key \"/aisix-extra/models/x\" does not start with configured prefix \"/aisix\""},
      {"/aisix", "e-1", "/aisix/e-2/models/x", nullptr,
       "etcd key \"/aisix/e-2/models/x\" does not start with configured prefix \"/aisix/e-1/\""},
      {"/aisix", "", "/aisix/models", nullptr,
       "etcd key \"/aisix/models\" is missing the `{kind}/{id}` suffix"},
      {"/aisix", "", "/aisix/models/", nullptr,
       "etcd key \"/aisix/models/\" has an empty kind or id segment"},
      {"/aisix", "", "/aisix//x", nullptr, "etcd key \"/aisix//x\" has an empty kind or id segment"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.key);
    const auto parsed = KeySpace(one.prefix, one.env_id).Parse(one.key);
    if (one.collection == nullptr) {
      ASSERT_TRUE(std::holds_alternative<std::string>(parsed));
      EXPECT_EQ(std::get<std::string>(parsed), one.id_or_error);
    } else {
      ASSERT_TRUE(std::holds_alternative<KeySpace::Parts>(parsed)) << std::get<std::string>(parsed);
      EXPECT_EQ(std::get<KeySpace::Parts>(parsed).collection, one.collection);
      EXPECT_EQ(std::get<KeySpace::Parts>(parsed).id, one.id_or_error);
    }
  }
}

TEST(KeySpace, RawPrefixIsWhatIsRead) {
  EXPECT_EQ(KeySpace("/aisix", "").raw_prefix(), "/aisix");
  EXPECT_EQ(KeySpace("/aisix/", "").raw_prefix(), "/aisix/");
  EXPECT_EQ(KeySpace("/aisix/", "e").raw_prefix(), "/aisix/e/");
  EXPECT_EQ(KeySpace("/aisix/", "e").KeyOf("models", "m"), "/aisix/e/models/m");
}

}  // namespace
}  // namespace aisix::admin::etcd

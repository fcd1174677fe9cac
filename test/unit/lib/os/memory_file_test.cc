#include "lib/os/memory_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vector>

namespace aisix::os {
namespace {

TEST(SealedFile, NobodyCanChangeIt) {
  absl::StatusOr<UniqueFd> file = CreateSealedFile("test", "secret");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(IsSealed(file->get()));
  EXPECT_EQ(::pwrite(file->get(), "x", 1, 0), -1);
  EXPECT_EQ(::ftruncate(file->get(), 0), -1);
  EXPECT_EQ(::ftruncate(file->get(), 100), -1);
  EXPECT_EQ(::mmap(nullptr, 6, PROT_READ | PROT_WRITE, MAP_SHARED, file->get(), 0), MAP_FAILED);
  EXPECT_EQ(*ReadAll(file->get()), "secret");
}

TEST(SealedFile, IsCloseOnExec) {
  absl::StatusOr<UniqueFd> file = CreateSealedFile("test", "");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(::fcntl(file->get(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(SealedFile, JoinsPieces) {
  const std::vector<std::string_view> pieces{"one", std::string_view("\0", 1), "", "two"};
  absl::StatusOr<UniqueFd> file = CreateSealedFile("test", pieces);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*ReadAll(file->get()), std::string("one\0two", 7));
}

TEST(SealedFile, CopiesAnother) {
  const UniqueFd source = *CreateMemoryFile("source");
  const std::string content(100'000, 'x');
  ASSERT_TRUE(WriteAll(source.get(), content).ok());
  absl::StatusOr<UniqueFd> copy = CopyToSealedFile("copy", source.get(), content.size());
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_TRUE(IsSealed(copy->get()));
  ASSERT_TRUE(WriteAll(source.get(), "other").ok());
  EXPECT_EQ(*ReadAll(copy->get()), content);
  EXPECT_EQ(::pwrite(copy->get(), "x", 1, 0), -1);
  EXPECT_EQ(errno, EBADF);
  EXPECT_TRUE(absl::IsResourceExhausted(CopyToSealedFile("copy", source.get(), 4).status()));
  EXPECT_FALSE(CopyToSealedFile("copy", -1, 4).ok());
}

TEST(ReadAll, IgnoresTheSharedOffset) {
  absl::StatusOr<UniqueFd> file = CreateSealedFile("test", "0123456789");
  ASSERT_TRUE(file.ok());
  ASSERT_EQ(::lseek(file->get(), 7, SEEK_SET), 7);
  EXPECT_EQ(*ReadAll(file->get()), "0123456789");
  EXPECT_EQ(::lseek(file->get(), 0, SEEK_CUR), 7);
}

TEST(ReadAll, ReadsMoreThanOneBuffer) {
  const std::string content(200'001, 'x');
  absl::StatusOr<UniqueFd> file = CreateSealedFile("test", content);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(*ReadAll(file->get()), content);
}

TEST(ReadAll, KeepsItsLimit) {
  absl::StatusOr<UniqueFd> file = CreateSealedFile("test", "0123456789");
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(ReadAll(file->get(), 10).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ReadAll(file->get(), 9).status()));
}

TEST(ReadAll, ReadsFilesThatReportNoSize) {
  const UniqueFd file(::open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(file.valid());
  absl::StatusOr<std::string> text = ReadAll(file.get());
  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(text->starts_with(std::to_string(::getpid())));
}

TEST(ReadAll, SaysWhyItFailed) {
  const UniqueFd directory(::open("/proc", O_RDONLY | O_CLOEXEC));
  const absl::Status status = ReadAll(directory.get()).status();
  EXPECT_EQ(status.message(), "read: Is a directory (os error 21)");
}

TEST(MemoryFile, IsReplacedAsAWhole) {
  absl::StatusOr<UniqueFd> file = CreateMemoryFile("state");
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(IsSealed(file->get()));
  ASSERT_TRUE(WriteAll(file->get(), "a longer state").ok());
  ASSERT_TRUE(WriteAll(file->get(), "short").ok());
  EXPECT_EQ(*ReadAll(file->get()), "short");
}

TEST(MemoryFile, CannotBeSealedByAHolder) {
  absl::StatusOr<UniqueFd> file = CreateMemoryFile("state");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(::fcntl(file->get(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

}  // namespace
}  // namespace aisix::os
